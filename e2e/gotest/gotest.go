// Package gotest runs tests by `go test` and tells how each of them went. What did not run, or skipped a part, has not passed.
package gotest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// patience with the tests of one package.
const patience = "20m"

// Actions of an Outcome, as `go test -json` has them.
const (
	Pass = "pass"
	Fail = "fail"
	Skip = "skip"
)

// Outcome is how a test went.
type Outcome struct {
	Action string // Pass, Fail or Skip
	Took   time.Duration
	Output string
	Parts  []Part // its subtests, in the order in which they ended
}

// Part is how a subtest went.
type Part struct{ Name, Action string }

// Word is what a table says of the outcome, and whether the test has passed. The zero Outcome is that of a test that did not run.
func (o Outcome) Word() (said string, passed bool) { return word(o.Action) }

// Word is what a table says of the part.
func (p Part) Word() string {
	said, _ := word(p.Action)
	return said
}

func word(action string) (said string, passed bool) {
	switch action {
	case Pass:
		return "ok", true
	case Fail:
		return "FAILED", false
	case Skip:
		return "SKIPPED", false
	default:
		return "MISSING", false
	}
}

// Run runs the tests of a package that the expression means, all of them where it is empty. Dir is relative to root. Said is what stands
// beside the tests, such as the compiler's errors, where a package failed without a failing test; empty otherwise.
func Run(ctx context.Context, root, dir, expression string) (outcomes map[string]Outcome, said string, err error) {
	args := []string{"test", "-json", "-count=1", "-timeout", patience}
	if expression != "" {
		args = append(args, "-run", expression)
	}
	//nolint:gosec // names of tests and folders of this repository
	cmd := exec.CommandContext(ctx, "go", append(args, "./"+dir)...)
	cmd.Dir, cmd.Env = root, os.Environ()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	events, err := cmd.Output()
	if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		return nil, "", fmt.Errorf("run the tests of %s: %w", dir, err)
	}
	outcomes, rest := Read(events)
	if err != nil && !anyFailed(outcomes) {
		// It did not compile, or a test took all others with it.
		said = fmt.Sprintf("%v\n%s%s", err, rest, stderr.String())
	}
	return outcomes, said, nil
}

// Named is the expression that means the tests of these names and no others.
func Named(names ...string) string { return "^(" + strings.Join(names, "|") + ")$" }

func anyFailed(outcomes map[string]Outcome) bool {
	for _, outcome := range outcomes {
		if outcome.Action == Fail {
			return true
		}
	}
	return false
}

type event struct {
	Action  string  `json:"Action"`
	Test    string  `json:"Test"`
	Output  string  `json:"Output"`
	Elapsed float64 `json:"Elapsed"` // seconds
}

// Read takes the outcomes of a package's tests out of what `go test -json` writes, and what it says besides.
func Read(events []byte) (outcomes map[string]Outcome, rest string) {
	outcomes = map[string]Outcome{}
	var besides strings.Builder
	for line := range bytes.Lines(events) {
		var e event
		if json.Unmarshal(line, &e) != nil {
			besides.Write(line)
			continue
		}
		name, part, isPart := strings.Cut(e.Test, "/")
		o := outcomes[name]
		switch ended := slices.Contains([]string{Pass, Fail, Skip}, e.Action); {
		case name == "":
			besides.WriteString(e.Output)
			continue
		case e.Action == "output":
			o.Output += e.Output
		case ended && isPart:
			o.Parts = append(o.Parts, Part{part, e.Action})
			if e.Action == Skip { // a part that was skipped is not tested, whatever the whole says
				o.Action = Skip
				o.Output += e.Test + " was skipped\n"
			}
		case ended:
			o.Took = time.Duration(e.Elapsed * float64(time.Second))
			if o.Action != Skip {
				o.Action = e.Action
			}
		}
		outcomes[name] = o
	}
	return outcomes, besides.String()
}
