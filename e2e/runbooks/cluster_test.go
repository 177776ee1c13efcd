package runbooks_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// asked is what stands in for kubectl and dapr: it keeps what it was asked, one argument a line and an empty one after the last,
// takes what it is fed, and answers nothing.
const asked = `#!/bin/bash
call=$(printf '%s\n' "${0##*/}" "$@")
printf '%s\n\n' "$call" >>"$ASKED" # at once: both ends of a pipe write
for argument; do [ "$argument" != - ] || cat >/dev/null; done
`

// flags are what kubectl takes for each of its verbs that the pages use, as of Kubernetes 1.34. A page that needs another one adds it here.
var flags = map[string][]string{
	"kubectl get":             {"--selector", "--output"},
	"kubectl describe":        {"--selector"},
	"kubectl logs":            {"--container", "--previous", "--tail"},
	"kubectl top":             {"--containers"},
	"kubectl scale":           {"--replicas"},
	"kubectl set image":       {},
	"kubectl set env":         {},
	"kubectl rollout restart": {},
	"kubectl rollout status":  {"--timeout"},
	"kubectl rollout undo":    {},
	"kubectl create secret":   {"--from-file", "--dry-run", "--output"},
	"kubectl apply":           {"--server-side", "--field-manager", "--filename"},
	"dapr mtls":               {"--kubernetes", "--valid-until", "--restart"},
}

// Commands for a cluster are run against a kubectl that only keeps what it was asked: they are good shell, with verbs, kinds and flags
// that there are, and each names its namespace.
func TestTheCommandsForAClusterAreSane(t *testing.T) {
	t.Parallel()
	ran := 0
	for _, b := range blocks(t) {
		if b.kind != kindCluster {
			continue
		}
		calls := asks(t, b.code)
		if len(calls) == 0 {
			t.Errorf("%s asks nothing of a cluster", b)
		}
		for _, call := range calls {
			if err := sane(call); err != nil {
				t.Errorf("%s: %v", b, err)
			}
			ran++
		}
	}
	if ran == 0 {
		t.Error("no page has a command for a cluster")
	}
}

// asks runs the code and gives what kubectl and dapr were called with.
func asks(t *testing.T, code string) [][]string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"kubectl", "dapr"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(asked), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{
		"PATH": dir + ":" + os.Getenv("PATH"), "ASKED": filepath.Join(dir, "asked"),
		"NAMESPACE": "example", "RELEASE": "v0.0.0", "KEYSET_DIR": dir, "N": "1",
	}
	if r := bash(t, env, code); r.status != 0 {
		t.Fatalf("it ends with status %d:\n%s\n%s", r.status, code, r.out)
	}
	var calls [][]string
	for call := range strings.SplitSeq(read(t, env["ASKED"]), "\n\n") {
		if call != "" {
			calls = append(calls, strings.Split(call, "\n"))
		}
	}
	return calls
}

// sane says what is wrong with a call: the program's name and its arguments.
func sane(call []string) error {
	words, given := []string{call[0]}, map[string]bool{}
	for i := 1; i < len(call); i++ {
		name, _, joined := strings.Cut(call[i], "=")
		if !strings.HasPrefix(name, "-") || name == "-" {
			words = append(words, call[i])
			continue
		}
		given[name] = true
		// Those of ours that take a value take it after the sign or as the next argument.
		if !joined && slices.Contains([]string{"--namespace", "--selector", "--output", "--container", "--filename", "--valid-until"}, name) {
			i++
		}
	}
	if call[0] == "kubectl" && !given["--namespace"] {
		return fmt.Errorf("%q names no namespace", call)
	}
	delete(given, "--namespace")
	known, ok := flags[strings.Join(words[:min(2, len(words))], " ")]
	if !ok {
		known, ok = flags[strings.Join(words[:min(3, len(words))], " ")]
	}
	if !ok {
		return fmt.Errorf("%q: there is no such verb in the list", call)
	}
	for name := range given {
		if !slices.Contains(known, name) {
			return fmt.Errorf("%q: %s is not in the list of its flags", call, name)
		}
	}
	return nil
}

func TestACommandThatNoClusterTakesIsNoticed(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]string{
		"no namespace":  `kubectl get pods`,
		"unknown verb":  `kubectl --namespace x restart deployment/gateway`,
		"unknown flag":  `kubectl --namespace x rollout status deployment/gateway --wait-for=5m`,
		"a flag's verb": `kubectl --namespace x describe pods --previous`,
	} {
		calls := asks(t, code)
		if len(calls) != 1 || sane(calls[0]) == nil {
			t.Errorf("%s: %q passes", name, calls)
		}
	}
	if calls := asks(t, `kubectl --namespace "$NAMESPACE" logs deployment/gateway --container=daprd --tail=50`); len(calls) != 1 || sane(calls[0]) != nil {
		t.Errorf("%q does not pass: %v", calls, sane(calls[0]))
	}
}
