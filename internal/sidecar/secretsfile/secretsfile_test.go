package secretsfile_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/sidecar/secretsfile"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

const adminURL = "postgres://admin:example-admin@postgres:5432/ai_agents?sslmode=disable"

func config(t *testing.T) secretsfile.Config {
	t.Helper()
	keyset, err := tenant.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	return secretsfile.Config{AppPassword: "a/p p", ConsolePassword: "example-console", RedisPassword: "example-redis", TenantKeyset: keyset}
}

func TestAppsGetTheirOwnRolesAndNothingOfTheOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets.json")
	cfg := config(t)
	cfg.LLMKey = "example-llm"
	for range 2 { // it is written at every start
		if err := secretsfile.Write(path, adminURL, cfg); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.Unmarshal(content, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"database-url":         "postgres://app_user:a%2Fp%20p@postgres:5432/ai_agents?sslmode=disable",
		"console-database-url": "postgres://console_user:example-console@postgres:5432/ai_agents?sslmode=disable",
		"tenant-keyset":        cfg.TenantKeyset, "redis-password": "example-redis", "llm-api-key": "example-llm",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v: %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v: %v", entries, err)
	}
}

func TestWhatIsWrongIsSaidAtOnceAndNoSecretIsQuoted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets.json")
	err := secretsfile.Write(path, "host=postgres password=example-admin", secretsfile.Config{TenantKeyset: `{"example":"keyset"}`})
	if err == nil {
		t.Fatal("nothing is wrong")
	}
	for _, says := range []string{"APP_USER_PASSWORD", "CONSOLE_USER_PASSWORD", "REDIS_PASSWORD", "agentctl keyset new", "postgres://admin:PASSWORD@HOST/NAME"} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("does not say %q: %v", says, err)
		}
	}
	if strings.Contains(err.Error(), "example") {
		t.Errorf("quotes a secret: %v", err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("a file is there: %v", err)
	}
}

func TestAFolderThatIsMissingIsAnError(t *testing.T) {
	if err := secretsfile.Write(filepath.Join(t.TempDir(), "none", "secrets.json"), adminURL, config(t)); err == nil {
		t.Error("no error")
	}
}

func TestAFolderInThePlaceOfTheFileIsLeftAlone(t *testing.T) {
	path := t.TempDir()
	if err := secretsfile.Write(path, adminURL, config(t)); err == nil {
		t.Error("no error")
	}
}
