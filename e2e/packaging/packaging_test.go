package packaging_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/ai-agents/ai-agents/e2e/packaging"
	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func root(t *testing.T) string {
	t.Helper()
	dir, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// settings are those of .env.example, with an example for each that has to be made.
func settings(t *testing.T) map[string]string {
	t.Helper()
	env, err := packaging.Env(strings.NewReader(read(t, ".env.example")))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range required(t) {
		if env[name] == "" {
			env[name] = "example-" + strings.ToLower(name)
		}
	}
	if env["TENANT_KEYSET"], err = tenant.GenerateKeyset(); err != nil {
		t.Fatal(err)
	}
	return env
}

// load reads the compose file, changed in one place: from, which has to be there, becomes to.
func load(t *testing.T, from, to string) *types.Project {
	t.Helper()
	project, err := packaging.Compose(t.Context(), root(t), change(t, packaging.ComposeFile, from, to), settings(t))
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func change(t *testing.T, name, from, to string) []byte {
	t.Helper()
	text := read(t, name)
	if from == "" {
		return []byte(text)
	}
	if !strings.Contains(text, from) {
		t.Fatalf("%s has no %q: the case tests nothing", name, from)
	}
	return []byte(strings.Replace(text, from, to, 1))
}

// clean fails with each problem.
func clean(t *testing.T, found []string) {
	t.Helper()
	for _, problem := range found {
		t.Error(problem)
	}
}

// says fails unless a problem has the words: the check can fail, and says what is wrong.
func says(t *testing.T, found []string, words string) {
	t.Helper()
	for _, problem := range found {
		if strings.Contains(problem, words) {
			return
		}
	}
	t.Errorf("nothing says %q: %q", words, found)
}
