package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	link    = regexp.MustCompile(`\[[^\]]*\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`^#{1,6} +(.*)$`)
	named   = regexp.MustCompile("`((?:apps|components|docs|e2e|internal|migrations|tools|workflows)/[A-Za-z0-9_./-]*)`")
	symbol  = regexp.MustCompile(`\.[A-Z][A-Za-z]*$`)
	test    = regexp.MustCompile("`(Test[A-Z][A-Za-z]*)`")
)

func TestLinksLeadSomewhere(t *testing.T) {
	root := repository(t)
	for _, name := range files(t, root, ".md") {
		text := withoutCode(read(t, filepath.Join(root, name)))
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			path := filepath.Join(root, name)
			if target != "" {
				path = filepath.Join(filepath.Dir(path), target)
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s links to %s, which does not exist", name, match[1])
				continue
			}
			if anchor != "" && !hasHeading(withoutCode(read(t, path)), anchor) {
				t.Errorf("%s links to %s, which has no such heading", name, match[1])
			}
		}
	}
}

// Paths that a text names in code quotes are as good as links.
func TestNamedPathsExist(t *testing.T) {
	root := repository(t)
	for _, name := range files(t, root, ".md") {
		for _, match := range named.FindAllStringSubmatch(withoutCode(read(t, filepath.Join(root, name))), -1) {
			path := symbol.ReplaceAllString(match[1], "") // internal/webhook.Verify
			if strings.Contains(path, "NNNN") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, path)); err != nil {
				t.Errorf("%s names %s, which does not exist", name, match[1])
			}
		}
	}
}

// So are the names of tests.
func TestNamedTestsExist(t *testing.T) {
	root := repository(t)
	var sources strings.Builder
	for _, name := range files(t, root, "_test.go") {
		sources.WriteString(read(t, filepath.Join(root, name)))
	}
	for _, name := range files(t, root, ".md") {
		for _, match := range test.FindAllStringSubmatch(withoutCode(read(t, filepath.Join(root, name))), -1) {
			if !strings.Contains(sources.String(), "func "+match[1]+"(") {
				t.Errorf("%s names %s, which does not exist", name, match[1])
			}
		}
	}
}

// withoutCode leaves fenced blocks out: what stands there is no link and no heading.
func withoutCode(text string) string {
	var kept []string
	fenced := false
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
			continue
		}
		if !fenced {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

func hasHeading(text, anchor string) bool {
	for line := range strings.SplitSeq(text, "\n") {
		if match := heading.FindStringSubmatch(line); match != nil && slug(match[1]) == anchor {
			return true
		}
	}
	return false
}

// slug is the anchor that GitHub gives a heading.
func slug(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		default:
			return -1
		}
	}, title)
}
