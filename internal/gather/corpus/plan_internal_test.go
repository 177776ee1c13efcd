package corpus

import (
	"testing"

	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/search"
	"github.com/ai-agents/ai-agents/internal/search/plantest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// The few rows that wait to be indexed are found among many that nobody searches.
func TestUnindexedIsFoundByIndex(t *testing.T) {
	t.Parallel()
	d := gathertest.NewDatabase(t)
	for _, statement := range []string{
		`INSERT INTO ticket_history (tenant_id, ticket_id, subject, description, resolution, resolved_at, document)
		 SELECT tenant_id, 'id' || n, 'subject', 'description', CASE WHEN n % 3 > 0 THEN 'x' ELSE '' END,
		        CASE WHEN n % 3 > 0 THEN now() END, CASE WHEN n % 3 > 0 THEN n END
		 FROM tenant_configs, generate_series(1, 10000) n`,
		`ANALYZE`,
		`UPDATE ticket_history SET document = NULL WHERE tenant_id = 'south' AND ticket_id = 'id9998'`,
	} {
		if _, err := d.Admin.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for tenantID, want := range map[string]bool{gathertest.Tenant: false, gathertest.Neighbour: true} {
		err := d.DB.InTenantSnapshot(t.Context(), tenantID, func(tx postgres.Tx) error {
			plans := plantest.Record(t, tx)
			got, err := tickets().hasUnindexed(t.Context(), plans)
			if got != want {
				t.Errorf("%s has rows to index: %t", tenantID, got)
			}
			plans.Check(t, plantest.Lookup{Table: "ticket_history", Index: "ticket_history_unindexed", Columns: []string{"tenant_id"}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func tickets() Table {
	return Table{
		Name: "ticket_history", Key: "ticket_id", Searchable: "resolved_at IS NOT NULL AND resolution <> ''",
		Title: "subject", Body: "description", Collection: search.Tickets,
	}
}

// What is stored is looked up by the primary key, whatever the statistics know of the tenant.
func TestStoredLooksUpByIndex(t *testing.T) {
	t.Parallel()
	articles := Table{Name: "kb_articles", Key: "article_id", Searchable: "true", Title: "title", Body: "body", Collection: search.Articles}
	for name, analyzeAfter := range map[string]string{
		"known tenant": gathertest.Neighbour, "tenant newer than statistics": gathertest.Tenant, "no statistics": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := gathertest.NewDatabase(t)
			exec := func(sql string, args ...any) {
				t.Helper()
				if _, err := d.Admin.Exec(t.Context(), sql, args...); err != nil {
					t.Fatal(err)
				}
			}
			for _, tenantID := range []string{gathertest.Tenant, gathertest.Neighbour} {
				exec(`INSERT INTO ticket_history (tenant_id, ticket_id, subject, description, resolution, resolved_at, document)
					SELECT $1, 'id' || n, 'subject', 'description', 'x', now(), n FROM generate_series(1, 4000) n`, tenantID)
				exec(`INSERT INTO kb_articles (tenant_id, article_id, title, body, document)
					SELECT $1, 'id' || n, 'title', 'body', n FROM generate_series(1, 4000) n`, tenantID)
				if tenantID == analyzeAfter {
					exec("ANALYZE")
				}
			}
			for _, table := range []Table{tickets(), articles} {
				err := d.DB.InTenantSnapshot(t.Context(), gathertest.Neighbour, func(tx postgres.Tx) error {
					plans := plantest.Record(t, tx)
					stored, err := table.stored(t.Context(), plans, []string{"id7", "id8", "id3999", "unknown"})
					if len(stored) != 3 {
						t.Errorf("%d rows are stored, want 3", len(stored))
					}
					plans.Check(t, plantest.Lookup{Table: table.Name, Index: table.Name + "_pkey", Columns: []string{"tenant_id", table.Key}})
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
