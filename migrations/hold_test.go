package migrations_test

import (
	"log/slog"
	"testing"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

const holdMigration = 17

// A job that was begun anew before jobs were held has no steps of an earlier run, and what that one wrote may still arrive.
func TestAJobThatWasBegunAnewBeforeIsKnownAsSuch(t *testing.T) {
	db := postgrestest.New(t)
	m, err := postgres.OpenMigrator(db.AdminURL, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	if err := m.DownTo(t.Context(), holdMigration-1); err != nil {
		t.Fatal(err)
	}
	seed := []string{
		`INSERT INTO tenant_configs (tenant_id, name, servicedesk_url, servicedesk_profile, api_key_sealed, signing_secret_sealed)
		 VALUES ('alpha', 'example', 'https://sdp.example.com/api/v3', 'onprem', 'x', 'x')`,
		`INSERT INTO enhancement_history (tenant_id, job_id, ticket_id, event, description, priority, correlation_id, run)
		 SELECT 'alpha', gen_random_uuid(), run::text, 'created', 'd', 'High', 'c', run FROM generate_series(1, 3) run`,
	}
	for _, statement := range seed {
		if _, err := db.Admin.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	var right int
	err = db.Admin.QueryRow(t.Context(), "SELECT count(*) FROM enhancement_history WHERE first_run = run AND held_for = '' AND held_since IS NULL").Scan(&right)
	if err != nil || right != 3 {
		t.Errorf("%d of 3 rows are as they should be, %v", right, err)
	}
}
