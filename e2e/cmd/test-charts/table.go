package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/ai-agents/ai-agents/e2e/gotest"
)

// group is a package of checks.
type group struct {
	dir, title string
	shows      string // what is shown of the log of a test that has passed begins behind this; empty for nothing
}

// groups are all packages of checks, the quick ones first.
func groups() []group {
	return []group{
		{dir: "e2e/charts", title: "what the charts render"},
		{dir: "e2e/cluster/netpol", title: "what network policies allow"},
		{dir: "e2e/cluster/kubelet", title: "nodes that run nothing"},
		{dir: "e2e/cluster/namespace", title: "a network of its own"},
		{dir: "e2e/cluster", title: "charts in a real control plane, with Dapr's own"},
		{dir: "e2e/cluster/ticket", title: "a ticket in Kubernetes mode, with the production values", shows: "the note on ticket"},
	}
}

// result is how a group went.
type result struct {
	group    group
	outcomes map[string]gotest.Outcome
	said     string // beside the tests, where the package failed without one that failed
}

// report prints the table and counts. A part of a check is a line of its own; a group without a check has failed.
func report(out io.Writer, all []result) (passed, failed int) {
	for _, r := range all {
		fmt.Fprintf(out, "\n%s\n", r.group.title)
		if r.said != "" || len(r.outcomes) == 0 {
			failed++
			fmt.Fprintf(out, "  FAILED  %s ran to no end:\n%s\n", r.group.dir, r.said)
		}
		for _, name := range slices.Sorted(maps.Keys(r.outcomes)) {
			outcome := r.outcomes[name]
			word, ok := outcome.Word()
			fmt.Fprintf(out, "  %-8s%s (%.1f s)\n", word, sentence(name), outcome.Took.Seconds())
			for _, part := range outcome.Parts {
				fmt.Fprintf(out, "            %-8s%s\n", part.Word(), strings.ReplaceAll(part.Name, "_", " "))
			}
			if ok {
				passed++
				fmt.Fprint(out, r.group.shown(outcome.Output))
				continue
			}
			failed++
			fmt.Fprint(out, outcome.Output)
		}
	}
	return passed, failed
}

// shown is what the group shows of a test's log: the line that says what it is, and those that belong to it, which are further to the right.
func (g group) shown(log string) string {
	_, rest, found := strings.Cut(log, g.shows)
	if g.shows == "" || !found {
		return ""
	}
	lines := strings.SplitAfter(g.shows+rest, "\n")
	var text strings.Builder
	text.WriteString("\n    " + lines[0])
	for _, line := range lines[1:] {
		if !strings.HasPrefix(line, "        ") {
			break
		}
		text.WriteString(line)
	}
	return text.String() + "\n"
}

// sentence makes words of a test's name: TestPodsWait becomes "Pods wait".
func sentence(name string) string {
	var words strings.Builder
	letters := []rune(strings.TrimPrefix(name, "Test"))
	for i, letter := range letters {
		starts := unicode.IsUpper(letter) && i > 0
		acronym := starts && unicode.IsUpper(letters[i-1]) && (i+1 == len(letters) || unicode.IsUpper(letters[i+1]))
		if starts && !acronym {
			words.WriteByte(' ')
			if i+1 < len(letters) && !unicode.IsUpper(letters[i+1]) {
				letter = unicode.ToLower(letter)
			}
		}
		words.WriteRune(letter)
	}
	return words.String()
}
