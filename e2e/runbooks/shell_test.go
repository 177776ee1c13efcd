package runbooks_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// patience bounds one block.
const patience = 2 * time.Minute

var (
	used     = regexp.MustCompile(`\$\{?([A-Z][A-Z0-9_]*)`)
	assigned = regexp.MustCompile(`(?m)(?:^|[;&|( ])([A-Z][A-Z0-9_]*)=`)
)

// variables are those that a block takes from its reader: it uses them and does not set them.
func variables(b block) []string {
	if b.kind == kindPromQL || b.kind == kindLogQL {
		return nil
	}
	set := map[string]bool{}
	for _, match := range assigned.FindAllStringSubmatch(b.code, -1) {
		set[match[1]] = true
	}
	var names []string
	for _, match := range used.FindAllStringSubmatch(b.code, -1) {
		if name := match[1]; !set[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// programs are what the pages call, with the Debian packages that have them.
var programs = map[string]string{
	"bash": "bash", "curl": "curl", "jq": "jq", "psql": "postgresql-client", "pg_dump": "postgresql-client", "redis-cli": "redis-tools",
	"openssl": "openssl", "promtool": "prometheus", "amtool": "prometheus-alertmanager",
}

// equipped fails the test on a machine where the pages cannot be followed: a command that was not run proves nothing.
func equipped(t *testing.T) {
	t.Helper()
	for program, debian := range programs {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is missing: install it, on Debian or Ubuntu with `apt-get install %s`", program, debian)
		}
	}
}

// result is how a block ended.
type result struct {
	out    string // what it printed, and then what it complained of
	stdout string
	status int
}

// bash runs a block as a careful reader does, who stops at the first thing that fails.
func bash(t *testing.T, env map[string]string, code string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", code)
	cmd.Dir = root(t)
	cmd.Env = os.Environ()
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.WaitDelay = time.Second
	var stdout, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &complaints
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("bash: %v", err)
	}
	if ctx.Err() != nil {
		t.Fatalf("the block did not end within %s:\n%s\n%s%s", patience, code, stdout.String(), complaints.String())
	}
	return result{out: stdout.String() + complaints.String(), stdout: stdout.String(), status: cmd.ProcessState.ExitCode()}
}

// succeeds runs a block that has to work, and gives what it printed.
func succeeds(t *testing.T, env map[string]string, b block) string {
	t.Helper()
	for _, name := range variables(b) {
		if _, ok := env[name]; !ok {
			t.Fatalf("%s needs $%s, which is not set here", b, name)
		}
	}
	r := bash(t, env, b.code)
	if r.status != 0 {
		t.Fatalf("%s ended with status %d:\n%s\n%s", b, r.status, b.code, r.out)
	}
	if strings.TrimSpace(r.stdout) == "" {
		t.Fatalf("%s printed nothing:\n%s\n%s", b, b.code, r.out)
	}
	return r.out
}
