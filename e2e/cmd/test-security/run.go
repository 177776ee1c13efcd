package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// patience with the tests of one package.
const patience = "20m"

// runTests runs the tests, package by package.
func runTests(ctx context.Context, root string, packages map[string][]string, out io.Writer) (map[test]outcome, error) {
	outcomes := map[test]outcome{}
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		names := packages[dir]
		fmt.Fprintf(out, "%s: %d tests\n", dir, len(names))
		//nolint:gosec // names of tests, which were checked to be such
		cmd := exec.CommandContext(ctx, "go", "test", "-json", "-count=1", "-timeout", patience,
			"-run", "^("+strings.Join(names, "|")+")$", "./"+dir)
		cmd.Dir, cmd.Env = root, os.Environ()
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		events, err := cmd.Output()
		if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
			return nil, fmt.Errorf("run the tests of %s: %w", dir, err)
		}
		found, rest := read(dir, events)
		maps.Copy(outcomes, found)
		if err != nil && !anyFailed(found) {
			// It did not compile, or a test took all others with it.
			fmt.Fprintf(out, "%s: %v\n%s%s", dir, err, rest, stderr.String())
		}
	}
	return outcomes, nil
}

func anyFailed(outcomes map[test]outcome) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(outcomes)), func(o outcome) bool { return o.action == "fail" })
}

// read takes the outcomes of the tests of a package out of what `go test -json` writes, and what it says besides.
func read(dir string, events []byte) (outcomes map[test]outcome, rest string) {
	outcomes = map[test]outcome{}
	output := map[string]string{}
	var besides strings.Builder
	for line := range bytes.Lines(events) {
		var event struct {
			Action  string  `json:"Action"`
			Test    string  `json:"Test"`
			Output  string  `json:"Output"`
			Elapsed float64 `json:"Elapsed"` // seconds
		}
		if json.Unmarshal(line, &event) != nil {
			besides.Write(line)
			continue
		}
		name, _, _ := strings.Cut(event.Test, "/")
		switch {
		case event.Action == "output" && name == "":
			besides.WriteString(event.Output)
		case event.Action == "output":
			output[name] += event.Output
		case event.Test == name && name != "" && (event.Action == "pass" || event.Action == "fail" || event.Action == "skip"):
			took := time.Duration(event.Elapsed * float64(time.Second))
			outcomes[test{dir, name}] = outcome{action: event.Action, took: took, output: output[name]}
		case event.Test != name && event.Action == "skip":
			// A part that was skipped is not tested, whatever the whole says.
			defer func() { outcomes[test{dir, name}] = outcome{action: "skip", output: event.Test + " was skipped\n"} }()
		}
	}
	return outcomes, besides.String()
}
