package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/ai-agents/ai-agents/e2e/gotest"
)

// test is one test function of a package, both as `go test` has them.
type test struct {
	dir  string // relative to the repository's root
	name string
}

// threat is what tests of the suite guard against.
type threat struct {
	title string
	tests []test
}

// quoted finds what stands in backquotes.
var quoted = regexp.MustCompile("`([^`]+)`")

var (
	testName = regexp.MustCompile(`^(Test|Fuzz)[A-Z0-9]\w*$`)
	folder   = regexp.MustCompile(`^(apps|e2e|internal|migrations|workflows)(/[a-z0-9/]+)?$`)
)

// parse reads the suite from the tables of a Markdown document: the rows whose last cell names tests. In that cell a
// folder in backquotes is followed by its tests in backquotes; the first cell says what they guard against.
func parse(document string) ([]threat, error) {
	var (
		threats []threat
		errs    []error
	)
	for line := range strings.SplitSeq(document, "\n") {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if !strings.HasPrefix(strings.TrimSpace(line), "|") || len(cells) < 2 {
			continue
		}
		found := threat{title: strings.TrimSpace(cells[0])}
		dir := ""
		for _, match := range quoted.FindAllStringSubmatch(cells[len(cells)-1], -1) {
			switch word := match[1]; {
			case folder.MatchString(word):
				dir = word
			case testName.MatchString(word) && dir == "":
				errs = append(errs, fmt.Errorf("%s: %s stands behind no package", found.title, word))
			case testName.MatchString(word):
				found.tests = append(found.tests, test{dir, word})
			}
		}
		if len(found.tests) > 0 {
			threats = append(threats, found)
		}
	}
	if len(threats) == 0 {
		errs = append(errs, errors.New("it names no test"))
	}
	return threats, errors.Join(errs...)
}

// byPackage lists the names of the tests of each package, each once.
func byPackage(threats []threat) map[string][]string {
	packages := map[string][]string{}
	for _, threat := range threats {
		for _, test := range threat.tests {
			if !slices.Contains(packages[test.dir], test.name) {
				packages[test.dir] = append(packages[test.dir], test.name)
			}
		}
	}
	return packages
}

// report prints how each test went and counts. Without outcomes it only lists them.
func report(out io.Writer, threats []threat, outcomes map[test]gotest.Outcome) (passed, failed int) {
	for _, threat := range threats {
		fmt.Fprintf(out, "\n%s\n", strings.ReplaceAll(threat.title, "**", ""))
		for _, test := range threat.tests {
			if outcomes == nil {
				fmt.Fprintf(out, "  %-36s %s\n", test.dir, test.name)
				continue
			}
			result := outcomes[test]
			word, ok := result.Word()
			fmt.Fprintf(out, "  %-8s%-36s %s (%.2f s)\n", word, test.dir, test.name, result.Took.Seconds())
			if ok {
				passed++
				continue
			}
			failed++
			fmt.Fprint(out, result.Output)
		}
	}
	return passed, failed
}
