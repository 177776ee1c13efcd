package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/migrations"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func TestMigrate(t *testing.T) {
	db := postgrestest.Empty(t)
	t.Setenv("DATABASE_ADMIN_URL", db.AdminURL)
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	newest := fmt.Sprintf(`"version":%d`, len(files))
	for _, step := range []struct{ args, says string }{
		{"version", `"version":0`},
		{"up", newest},
		{"up", newest},
		{"version", newest},
		{"down 1", `"version":1`},
		{"down 0", `"version":0`},
		{"up", newest},
	} {
		var out bytes.Buffer
		if err := run(t.Context(), strings.Fields(step.args), &out); err != nil || !strings.Contains(out.String(), step.says) {
			t.Errorf("migrate %s: %v\n%s", step.args, err, out.String())
		}
	}
}

func TestMigrateSaysWhatIsWrong(t *testing.T) {
	for _, args := range []string{"", "sideways", "up now", "down", "down x", "down -1", "version 3", "secrets", "secrets a b"} {
		t.Setenv("DATABASE_ADMIN_URL", "postgres://admin@127.0.0.1:1/x")
		if err := run(t.Context(), strings.Fields(args), &bytes.Buffer{}); !errors.Is(err, errUsage) {
			t.Errorf("migrate %s: %v, want the usage", args, err)
		}
	}
	if err := run(t.Context(), []string{"up"}, &bytes.Buffer{}); err == nil {
		t.Error("no server, and no error")
	}
	t.Setenv("DATABASE_SUPER_URL", "postgres://postgres@127.0.0.1:1/x")
	if err := run(t.Context(), []string{"up"}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "roles") {
		t.Errorf("roles without a server: %v", err)
	}
}

// TestAnEmptyServerGetsAllItNeeds is the first start of an installation, and its second.
func TestAnEmptyServerGetsAllItNeeds(t *testing.T) {
	server, err := postgrestest.StartCluster(t.Context(), postgrestest.ClusterOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(server.Stop(context.WithoutCancel(t.Context())), os.RemoveAll(server.Home)); err != nil {
			t.Error(err)
		}
	})
	super := server.SuperURL("postgres")
	admin, err := url.Parse(super)
	if err != nil {
		t.Fatal(err)
	}
	admin.User, admin.Path = url.UserPassword("admin", "example-admin"), `/ai "agents"`
	t.Setenv("DATABASE_ADMIN_URL", admin.String())
	t.Setenv("DATABASE_SUPER_URL", super)
	t.Setenv("ADMIN_PASSWORD", "example-admin")
	t.Setenv("APP_USER_PASSWORD", "example-app")
	t.Setenv("CONSOLE_USER_PASSWORD", "example-console")
	for range 2 {
		if err := run(t.Context(), []string{"up"}, &bytes.Buffer{}); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := pgx.Connect(t.Context(), super)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	var owner string
	err = conn.QueryRow(t.Context(), "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = $1", `ai "agents"`).Scan(&owner)
	if err != nil || owner != "admin" {
		t.Errorf("the database is owned by %q: %v", owner, err)
	}
	t.Setenv("DATABASE_ADMIN_URL", "postgres://admin@127.0.0.1:1/")
	if err := run(t.Context(), []string{"up"}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "names none") {
		t.Errorf("without a database: %v", err)
	}
	t.Setenv("DATABASE_ADMIN_URL", "postgres://admin:example-admin@:x/y")
	if err := run(t.Context(), []string{"up"}, &bytes.Buffer{}); err == nil || strings.Contains(err.Error(), "example-admin") {
		t.Errorf("with a URL that cannot be read: %v", err)
	}
}

func TestMigrateWritesTheSecrets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets.json")
	t.Setenv("DATABASE_ADMIN_URL", "postgres://admin:example-admin@postgres/ai_agents")
	if err := run(t.Context(), []string{"secrets", path}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "TENANT_KEYSET") {
		t.Errorf("without any: %v", err)
	}
	keyset, err := tenant.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TENANT_KEYSET", keyset)
	for _, name := range []string{"APP_USER_PASSWORD", "CONSOLE_USER_PASSWORD", "REDIS_PASSWORD"} {
		t.Setenv(name, "example")
	}
	if err := run(t.Context(), []string{"secrets", path}, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(content), "postgres://app_user:example@postgres/ai_agents") || strings.Contains(string(content), "example-admin") {
		t.Errorf("%v: %s", err, content)
	}
}
