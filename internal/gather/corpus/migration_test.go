package corpus_test

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// before is the version of the schema without a search index of ours.
const before = 3

func TestMigrationKeepsTheRows(t *testing.T) {
	t.Parallel()
	d := postgrestest.Empty(t)
	m, err := postgres.OpenMigrator(d.AdminURL, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	up := func() {
		t.Helper()
		if err := m.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	down := func() {
		t.Helper()
		if err := m.DownTo(t.Context(), before); err != nil {
			t.Fatal(err)
		}
	}
	up()
	down()
	for _, statement := range []string{
		`INSERT INTO tenant_configs (tenant_id, name, servicedesk_url, servicedesk_profile, api_key_sealed, signing_secret_sealed)
		 SELECT t, 'Example', 'https://sdp.example.com', 'onprem', 'x', 'x' FROM unnest('{north,south}'::text[]) t`,
		`INSERT INTO ticket_history (tenant_id, ticket_id, subject, description, resolution, resolved_at, url)
		 SELECT t, '7', 'Scanner hangs', 'It hangs.', 'Restarted it.', '2025-03-01', 'https://sdp.example.com/7' FROM unnest('{north,south}'::text[]) t`,
		`INSERT INTO ticket_history (tenant_id, ticket_id, description) VALUES ('north', '8', 'Still open.')`,
		`INSERT INTO kb_articles (tenant_id, article_id, title, body, updated_at) VALUES ('north', '1', 'Scanner', 'Hangs? Restart it.', '2025-03-02')`,
	} {
		if _, err := d.Admin.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		up()
		checkIndex(t, d)
		down()
		var tickets, found, articles int
		err := d.Admin.QueryRow(t.Context(), `
			SELECT count(*), count(*) FILTER (WHERE search @@ to_tsquery('english', 'hanging') AND resolution = 'Restarted it.' AND url <> ''),
			       (SELECT count(*) FROM kb_articles WHERE search @@ to_tsquery('english', 'restarting') AND updated_at = '2025-03-02')
			FROM ticket_history`).Scan(&tickets, &found, &articles)
		if err != nil || tickets != 3 || found != 2 || articles != 1 {
			t.Fatalf("after down %d tickets, %d of them with their texts, and %d articles (%v); want 3, 2 and 1", tickets, found, articles, err)
		}
	}
}

// checkIndex indexes what is there and finds it.
func checkIndex(t *testing.T, d *postgrestest.Database) {
	t.Helper()
	db, err := postgres.Open(t.Context(), d.AppURL, postgres.Config{MaxConns: 2, ConnectTimeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tickets, err := history.NewStore(db).Reindex(t.Context(), "north")
	if err != nil || tickets != 1 {
		t.Fatalf("indexed %d tickets, %v; want the one that is resolved", tickets, err)
	}
	articles, err := knowledge.NewStore(db).Reindex(t.Context(), "north")
	if err != nil || articles != 1 {
		t.Fatalf("indexed %d articles, %v; want 1", articles, err)
	}
	ids, err := history.NewStore(db).IDs(t.Context(), "north", gather.OriginFile, "", 10)
	if err != nil || !slices.Equal(ids, []string{"7", "8"}) {
		t.Errorf("from a file are %q, %v; want all", ids, err)
	}
	asked := gather.Query{TenantID: "north", Ticket: ticket.Ticket{ID: "1", Subject: "Scanner hangs"}}
	for _, source := range []gather.Source{history.New(db, history.Options{}), knowledge.NewMirror(db, knowledge.MirrorOptions{})} {
		if found, err := source.Find(t.Context(), asked); err != nil || len(found.Items) != 1 {
			t.Errorf("%s: found %+v, %v; want one", source.Kind(), found, err)
		}
	}
}
