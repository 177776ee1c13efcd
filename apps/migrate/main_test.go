package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
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
	for _, args := range []string{"", "sideways", "up now", "down", "down x", "down -1", "version 3"} {
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
