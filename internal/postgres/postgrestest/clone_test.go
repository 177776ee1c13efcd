package postgrestest_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func TestClonesAreIsolated(t *testing.T) {
	t.Parallel()
	a, b := postgrestest.New(t), postgrestest.New(t)
	const insert = `INSERT INTO tenant_configs (tenant_id, name, servicedesk_url, servicedesk_profile,
		api_key_sealed, signing_secret_sealed) VALUES ('acme', 'Acme', 'https://sdp.example', 'onprem', '\x00', '\x00')`
	if _, err := a.Admin.Exec(t.Context(), insert); err != nil {
		t.Fatal(err)
	}
	for db, want := range map[*postgrestest.Database]int{a: 1, b: 0} {
		var got int
		if err := db.Admin.QueryRow(t.Context(), "SELECT count(*) FROM tenant_configs").Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("got %d rows, want %d", got, want)
		}
	}
}

func TestPoolIsTheApplicationsRole(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	const query = "SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
	for want, pool := range map[string]*pgxpool.Pool{"app_user": db.Pool, "admin": db.Admin} {
		var (
			role     string
			powerful bool
		)
		if err := pool.QueryRow(t.Context(), query).Scan(&role, &powerful); err != nil {
			t.Fatal(err)
		}
		if role != want || powerful {
			t.Errorf("connected as %s (powerful: %t), want %s without power over row security", role, powerful, want)
		}
	}
}

func TestEmptyHasNoTable(t *testing.T) {
	t.Parallel()
	db := postgrestest.Empty(t)
	var tables int
	err := db.Admin.QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&tables)
	if err != nil {
		t.Fatal(err)
	}
	if tables != 0 {
		t.Errorf("got %d tables, want none", tables)
	}
	if _, err := db.Admin.Exec(t.Context(), "CREATE TABLE mine (id int)"); err != nil {
		t.Errorf("admin must be able to create tables: %v", err)
	}
}

// BenchmarkNew shows what a database per test costs, dropping it included.
func BenchmarkNew(b *testing.B) {
	postgrestest.New(b) // starts the server
	for b.Loop() {
		b.Run("", func(b *testing.B) { postgrestest.New(b) })
	}
}
