package gathertest

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

// The tenants of a Database.
const (
	Tenant    = "north"
	Neighbour = "south"
)

// Database is the test's own, with two tenants in it, for the sources that read Postgres. The
// package's tests must run under postgrestest.Main.
type Database struct {
	// DB is what the source gets: the role that row-level security holds in.
	DB *postgres.DB
	// Admin may write for any tenant.
	Admin *pgxpool.Pool
}

// NewDatabase makes a Database that lasts as long as the test.
func NewDatabase(t testing.TB) *Database {
	t.Helper()
	d := postgrestest.New(t)
	db, err := postgres.Open(t.Context(), d.AppURL, postgres.Config{MaxConns: 2, ConnectTimeout: 10 * time.Second})
	if err != nil {
		t.Fatalf("open the database: %v", err)
	}
	t.Cleanup(db.Close)
	const insert = `
		INSERT INTO tenant_configs (tenant_id, name, servicedesk_url, servicedesk_profile, api_key_sealed, signing_secret_sealed)
		VALUES ($1, 'Example ' || $1, 'https://sdp.example.com', 'onprem', 'sealed', 'sealed')`
	for _, tenantID := range []string{Tenant, Neighbour} {
		if _, err := d.Admin.Exec(t.Context(), insert, tenantID); err != nil {
			t.Fatalf("insert tenant %s: %v", tenantID, err)
		}
	}
	return &Database{DB: db, Admin: d.Admin}
}

// Lock keeps every reader of table waiting until the test ends.
func (d *Database) Lock(t testing.TB, table string) {
	t.Helper()
	tx, err := d.Admin.Begin(t.Context())
	if err != nil {
		t.Fatalf("begin: %v", err)
	}
	// The test's context has ended by the time of its clean-up.
	ctx := context.WithoutCancel(t.Context())
	t.Cleanup(func() { _ = tx.Rollback(ctx) })
	if _, err := tx.Exec(t.Context(), "LOCK TABLE "+pgx.Identifier{table}.Sanitize()); err != nil {
		t.Fatalf("lock table %s: %v", table, err)
	}
}
