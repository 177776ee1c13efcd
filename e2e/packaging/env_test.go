package packaging_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/packaging"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// TestTheEnvThatIsMadeIsEnough runs the script, and compose takes what it made.
func TestTheEnvThatIsMadeIsEnough(t *testing.T) {
	keyset, err := tenant.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), ".env")
	makeEnv := func() (string, error) {
		cmd := exec.CommandContext(t.Context(), filepath.Join(root(t), "tools/compose-env.sh"), path)
		cmd.Env = append(os.Environ(), "TENANT_KEYSET="+keyset)
		said, err := cmd.CombinedOutput()
		return string(said), err
	}
	if said, err := makeEnv(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	env, err := packaging.Env(strings.NewReader(string(content)))
	if err != nil {
		t.Fatal(err)
	}
	project, err := packaging.Compose(t.Context(), root(t), change(t, packaging.ComposeFile, "", ""), env)
	if err != nil {
		t.Fatal(err)
	}
	clean(t, packaging.CheckCompose(project))
	clean(t, packaging.Agree(local(t), project))
	if got := project.Services["secrets"].Environment["TENANT_KEYSET"]; got == nil || *got != keyset {
		t.Errorf("the keyset came out as %v", got)
	}
	seen := map[string]string{}
	for _, name := range required(t) {
		if other := seen[env[name]]; other != "" {
			t.Errorf("%s and %s are the same", name, other)
		}
		seen[env[name]] = name
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v: %v", info.Mode(), err)
	}
	// A second time it leaves all as it is.
	said, err := makeEnv()
	if after, readErr := os.ReadFile(path); err == nil || readErr != nil || string(after) != string(content) || !strings.Contains(said, "stays as it is") {
		t.Errorf("%v, %v: %s", err, readErr, said)
	}
}
