package docs_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var goDirective = regexp.MustCompile(`(?m)^go (\d+)\.(\d+)\.(\d+)$`)

func TestEveryPackageIsDescribed(t *testing.T) {
	root := repository(t)
	var packages []string
	for _, name := range files(t, root, ".go") {
		if dir := filepath.Dir(name); !slices.Contains(packages, dir) {
			packages = append(packages, dir)
		}
	}
	var described []string
	architecture := read(t, filepath.Join(root, "docs", "architecture.md"))
	for _, row := range rows(section(t, architecture, "## Packages")) {
		described = append(described, strings.Trim(row[0], "`"))
	}
	compare(t, "package", described, packages)
}

func TestEveryDecisionIsListed(t *testing.T) {
	root := repository(t)
	list := read(t, filepath.Join(root, "docs", "decisions", "README.md"))
	const longest = 40
	for _, name := range files(t, filepath.Join(root, "docs", "decisions"), ".md") {
		if name == "README.md" {
			continue
		}
		if !strings.Contains(list, "]("+name+")") {
			t.Errorf("docs/decisions/README.md does not list %s", name)
		}
		text := read(t, filepath.Join(root, "docs", "decisions", name))
		if lines := strings.Count(text, "\n"); lines > longest {
			t.Errorf("%s has %d lines, a decision has at most %d", name, lines, longest)
		}
		for _, part := range []string{"## Context", "## Decision", "## Consequences"} {
			if !strings.Contains(text, "\n"+part+"\n") {
				t.Errorf("%s lacks %q", name, part)
			}
		}
	}
}

// The newest version that a module asks for is the one that a reader has to install.
func TestTheReadmeNamesTheGoVersion(t *testing.T) {
	root := repository(t)
	newest := ""
	for _, module := range []string{".", "e2e", "tools", "tools/kubernetes", "tools/observability", "tools/oldest-kubernetes", "tools/terraform"} {
		match := goDirective.FindString(read(t, filepath.Join(root, module, "go.mod")))
		if len(match) > len(newest) || len(match) == len(newest) && match > newest {
			newest = match
		}
	}
	version := strings.TrimPrefix(newest, "go ")
	if !strings.Contains(read(t, filepath.Join(root, "README.md")), "Go "+version+" ") {
		t.Errorf("README.md does not name Go %s, which the modules ask for", version)
	}
}
