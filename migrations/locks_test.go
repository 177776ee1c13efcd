package migrations_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

// beforeOperators is the version before migrations 0028 and 0029, which alter the ledger.
const beforeOperators = 27

// Intake goes on while the ledger is altered: a migration that does not get its lock soon gives up, and can be done again; and what it
// has built in the end is valid.
func TestAlteringTheLedgerKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	db := postgrestest.Empty(t)
	m, err := postgres.OpenMigrator(db.AdminURL, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	if err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := m.DownTo(t.Context(), beforeOperators); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), db.AdminURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	long, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := long.Exec(t.Context(), "LOCK TABLE enhancement_history IN ROW EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := m.Up(t.Context()); err == nil || time.Since(began) > time.Minute {
		t.Errorf("after %s: %v, want that it gives up", time.Since(began), err)
	}
	if err := long.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := m.Up(t.Context()); err != nil {
		t.Fatalf("again: %v", err)
	}
	var invalid int
	if err := conn.QueryRow(t.Context(), `
		SELECT (SELECT count(*) FROM pg_index WHERE NOT indisvalid) + (SELECT count(*) FROM pg_constraint WHERE NOT convalidated)`).Scan(&invalid); err != nil || invalid != 0 {
		t.Errorf("%d indexes and constraints are not valid, %v", invalid, err)
	}
}
