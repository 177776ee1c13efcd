package postgres_test

import (
	"context"
	"log/slog"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

// The master of a managed server may create roles and databases, and is no superuser.
func TestTheMasterOfAManagedServerMakesRolesAndDatabase(t *testing.T) {
	cluster, err := postgrestest.StartCluster(t.Context(), postgrestest.ClusterOptions{Dir: filepath.Join(t.TempDir(), "data")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	super := connect(t, cluster.SuperURL("postgres"))
	if _, err := super.Exec(t.Context(), "CREATE ROLE master LOGIN CREATEDB CREATEROLE PASSWORD 'example-only'"); err != nil {
		t.Fatal(err)
	}
	master := as(t, cluster.SuperURL("postgres"), "master", "postgres")
	admin := as(t, cluster.SuperURL("postgres"), postgres.RoleAdmin, "ai_agents")
	roles := postgres.Roles{AdminPassword: "example-only", AppPassword: "example-only", ConsolePassword: "example-only"}
	for _, again := range []string{"first", "second"} {
		if err := postgres.EnsureRoles(t.Context(), master, roles); err != nil {
			t.Fatalf("%s time: roles: %v", again, err)
		}
		if err := postgres.EnsureDatabase(t.Context(), master, admin); err != nil {
			t.Fatalf("%s time: database: %v", again, err)
		}
	}
	if err := postgres.Migrate(t.Context(), admin, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatalf("migrate: %v", err)
	}
	var member bool
	if err := super.QueryRow(t.Context(), "SELECT pg_has_role('master', 'admin', 'USAGE')").Scan(&member); err != nil || member {
		t.Errorf("the master is still a member of admin, and with it reads all tenants' rows: %v", err)
	}
}

// as is the same server's URL for another role and database.
func as(t *testing.T, address, role, database string) string {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	parsed.User, parsed.Path = url.UserPassword(role, "example-only"), "/"+database
	return parsed.String()
}

func connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}
