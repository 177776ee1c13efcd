package docs_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/chaos"
)

func TestEveryFaultIsDocumented(t *testing.T) {
	page := section(t, read(t, filepath.Join(repository(t), "docs", "reliability.md")), "### The faults")
	for _, name := range chaos.Names() {
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("docs/reliability.md does not say what %q does", name)
		}
	}
}
