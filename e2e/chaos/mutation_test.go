package chaos_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/mutation"
)

// variable is the environment variable of the test build. Its name is in package mutation, but only there and in that build.
const variable = "MUTATION"

// buildMutants builds gateway and enhancer with the switches, and returns their folder.
func buildMutants(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-tags", "mutation", "-o", folder+string(filepath.Separator), "./apps/gateway", "./apps/enhancer")
	cmd.Dir = root(t)
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build with the switches: %v\n%s", err, output)
	}
	for _, name := range []string{"gateway", "enhancer"} {
		if !traces(t, filepath.Join(folder, name)) {
			t.Errorf("%s was built with the switches, and nothing of them is found: the search is of no use", name)
		}
	}
	return folder
}

// TestTheOrdinaryBuildHasNoSwitches: what is shipped cannot be told to do without its guards.
func TestTheOrdinaryBuildHasNoSwitches(t *testing.T) {
	for _, name := range []string{"agentctl", "console", "enhancer", "gateway", "migrate", "simulator"} {
		if traces(t, filepath.Join(ordinary(t), name)) {
			t.Errorf("%s knows of %s", name, variable)
		}
	}
	t.Setenv(variable, string(mutation.SweeperOff))
	if mutation.On(mutation.SweeperOff) {
		t.Error("a guard is off")
	}
}

// traces looks for the variable and for the switches in an executable.
func traces(t *testing.T, path string) bool {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (after `make build`)", err)
	}
	for _, word := range []string{variable, string(mutation.SweeperOff), string(mutation.NoteLookupOff), string(mutation.RandomJobID)} {
		if bytes.Contains(content, []byte(word)) {
			return true
		}
	}
	return false
}

// ordinary is the folder of the apps as they are shipped.
func ordinary(t *testing.T) string {
	t.Helper()
	if bin := (stack.Options{}).Covered().AppBin; bin != "" {
		return bin
	}
	return filepath.Join(root(t), "bin")
}

func root(t *testing.T) string {
	t.Helper()
	folder, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	return folder
}
