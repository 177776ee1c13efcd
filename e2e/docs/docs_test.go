// Package docs_test keeps the documentation true: links lead somewhere, every package and every setting is
// described, and the samples for senders of webhooks are run against the code that checks them.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/stack"
)

// repository gives the root of the repository.
func repository(t *testing.T) string {
	t.Helper()
	root, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// files lists what lies below root and ends in suffix, relative to root, without what is built or local.
func files(t *testing.T, root, suffix string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if entry.IsDir() && (name == "bin" || strings.HasPrefix(name, ".")) && name != "." {
			return fs.SkipDir
		}
		if !entry.IsDir() && strings.HasSuffix(name, suffix) {
			found = append(found, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatalf("no %s file below %s", suffix, root)
	}
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// section gives the text below the heading, up to the next one of the same level or above.
func section(t *testing.T, document, heading string) string {
	t.Helper()
	_, rest, ok := strings.Cut(document, "\n"+heading+"\n")
	if !ok {
		t.Fatalf("there is no heading %q", heading)
	}
	level, _, _ := strings.Cut(heading, " ")
	var text []string
	for line := range strings.SplitSeq(rest, "\n") {
		marks, _, isHeading := strings.Cut(line, " ")
		if isHeading && strings.Trim(marks, "#") == "" && marks != "" && len(marks) <= len(level) {
			break
		}
		text = append(text, line)
	}
	return strings.Join(text, "\n")
}

// rows reads the tables of a text: the cells of each row, without the head.
func rows(text string) [][]string {
	var all [][]string
	var table int
	for line := range strings.SplitSeq(text, "\n") {
		inner, ok := strings.CutPrefix(strings.TrimSpace(line), "|")
		if !ok {
			table = 0
			continue
		}
		table++
		if table <= len([]string{"titles", "rule"}) {
			continue
		}
		cells := strings.Split(strings.TrimSuffix(inner, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		all = append(all, cells)
	}
	return all
}

// compare reports what is missing from the documentation and what it has too much.
func compare(t *testing.T, what string, documented, existing []string) {
	t.Helper()
	for _, name := range existing {
		if !slices.Contains(documented, name) {
			t.Errorf("%s is not documented: %s", what, name)
		}
	}
	for _, name := range documented {
		if !slices.Contains(existing, name) {
			t.Errorf("%s is documented and does not exist: %s", what, name)
		}
	}
}
