// Package runbooks_test runs the commands of docs/runbooks, of the pages for support, and of the sections of docs/operations.md that on-call types from:
// on a real stack, after making the trouble that a page is about. A command that does not do what its page says fails it.
package runbooks_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

// What stands behind the opening of a fence says what becomes of the block.
const (
	kindCalm    = "bash"         // is run on a stack where nothing is wrong
	kindDrill   = "bash drill"   // is run by the page's drill
	kindCluster = "bash cluster" // is run against a kubectl that only looks at what it is asked
	kindPromQL  = "promql"       // each line is an expression
	kindLogQL   = "logql"        // is only looked at: there is no parser of it here
	kindText    = "text"         // is a template for people
)

// block is a fenced block of a page.
type block struct {
	page string // the file's name without its ending
	line int    // of the opening fence
	kind string
	code string
}

func (b block) String() string { return fmt.Sprintf("%s.md:%d", b.page, b.line) }

// root is the repository.
func root(t *testing.T) string {
	t.Helper()
	dir, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pages are the texts of all runbooks by their names, README among them.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root(t), "docs", "runbooks", "*.md"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no runbooks were found: %v", err)
	}
	all := map[string]string{}
	for _, path := range found {
		all[strings.TrimSuffix(filepath.Base(path), ".md")] = read(t, path)
	}
	return all
}

// tested are the sections of docs/operations.md whose blocks are run as those of runbooks are.
var tested = []string{"### Useful PromQL", "## Silencing", "### Log queries"}

// beside are the pages of docs/ whose blocks are run as those of runbooks are.
var beside = []string{"client-support", "incidents", "support"}

// documents are the texts of all pages whose blocks are run.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := pages(t)
	texts["operations"] = operations(t)
	for _, name := range beside {
		texts[name] = read(t, filepath.Join(root(t), "docs", name+".md"))
	}
	return texts
}

// blocks gives the blocks of all pages, in the order of the pages' names and within each as they stand.
func blocks(t *testing.T) []block {
	t.Helper()
	texts := documents(t)
	var all []block
	for _, name := range sorted(texts) {
		found, err := fenced(name, texts[name])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	return all
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// operations is docs/operations.md with nothing but the tested sections, on the lines on which they stand.
func operations(t *testing.T) string {
	t.Helper()
	var kept []string
	missing := slices.Clone(tested)
	level, fence := 0, false
	for line := range strings.SplitSeq(read(t, filepath.Join(root(t), "docs", "operations.md")), "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fence = !fence
		}
		if depth := len(line) - len(strings.TrimLeft(line, "#")); depth > 0 && !fence {
			if slices.Contains(tested, line) {
				missing = slices.DeleteFunc(missing, func(heading string) bool { return heading == line })
				level = depth
			} else if depth <= level {
				level = 0
			}
		}
		if level == 0 {
			line = ""
		}
		kept = append(kept, line)
	}
	if len(missing) > 0 {
		t.Fatalf("docs/operations.md has no %q", missing)
	}
	return strings.Join(kept, "\n")
}

// fenced takes the blocks out of a text, without the indentation that they have within a list.
func fenced(name, text string) ([]block, error) {
	var all []block
	var open *block
	indent := ""
	for i, line := range strings.Split(text, "\n") {
		bare := strings.TrimLeft(line, " ")
		switch {
		case open == nil && strings.HasPrefix(bare, "```"):
			indent = line[:len(line)-len(bare)]
			open = &block{page: name, line: i + 1, kind: strings.TrimPrefix(bare, "```")}
		case open != nil && bare == "```":
			all = append(all, *open)
			open = nil
		case open != nil:
			open.code += strings.TrimPrefix(line, indent) + "\n"
		}
	}
	if open != nil {
		return nil, fmt.Errorf("%s: the block does not end", open)
	}
	return all, nil
}
