package docs_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// promised is how long a newcomer takes at most, as the page says.
const promised = 30 * time.Minute

// kindStart marks the steps of docs/getting-started.md.
const kindStart = "bash start"

// steps are what the blocks of docs/getting-started.md have to print, in the order of the page.
var steps = []struct {
	runs string // something of the block, so that a step that was inserted is noticed
	says []string
}{
	{"git clone", nil},
	{"make up", []string{"gateway", "console"}},
	{"agentctl whoami", []string{"enhancer", "tenants"}},
	{"-X PUT", []string{"example-school"}},
	{"tenant apply", []string{"example-school"}},
	{"tenant test", []string{"ServiceDesk Plus  ok", "1"}},
	{"ticket=$(curl", []string{"Ticket "}},
	{"agentctl smoke", nil},
	{"echo", []string{"/tickets/example-school/", "Similar Tickets", "Printer queue stands still", "print01.example.com", "/feedback/"}},
	{"job list", []string{"completed"}},
	{"vote=up", []string{"it helped"}},
	{"token create", []string{"aia_", "http://127.0.0.1:"}},
	{"make down", nil},
}

// A newcomer follows the page from its first line to its last, in one shell and in a clone. What is cloned is this working tree, as it is.
func TestGettingStartedCanBeFollowed(t *testing.T) {
	root := repository(t)
	page := ofKind(blocks(t, root, filepath.Join("docs", "getting-started.md")), kindStart)
	if len(page) != len(steps) {
		t.Fatalf("the page has %d steps, and this test knows %d", len(page), len(steps))
	}
	for i, b := range page {
		if !strings.Contains(b.code, steps[i].runs) {
			t.Fatalf("%s is expected to have %q:\n%s", b, steps[i].runs, b.code)
		}
	}
	home := t.TempDir()
	clone := filepath.Join(home, "ai-agents")
	t.Cleanup(func() { cleanUp(t, clone) })
	out := follow(t, home, page, map[string]string{"REPOSITORY": origin(t, root, home)}, withDapr(root))
	var whole time.Duration
	for i, b := range page {
		step := out[i]
		t.Logf("%6.1f s  %s", step.took.Seconds(), strings.SplitN(b.code, "\n", 2)[0])
		whole += step.took
		for _, text := range steps[i].says {
			if !strings.Contains(step.out, text) {
				t.Errorf("%s does not print %q, but:\n%s", b, text, step.out)
			}
		}
	}
	t.Logf("%6.1f s  in all", whole.Seconds())
	if whole > promised {
		t.Errorf("it took %s, and the page promises less than %s", whole, promised)
	}
}

// followed is what a step printed, and how long it took.
type followed struct {
	out  string
	took time.Duration
}

// follow types the blocks into one shell, which stops at the first that fails. After the first, which makes the clone, comes what
// a machine has already.
func follow(t *testing.T, dir string, page []block, env map[string]string, already string) []followed {
	t.Helper()
	var script strings.Builder
	for i, b := range page {
		fmt.Fprintf(&script, "exec >%s 2>&1\ndate +%%s.%%N >%s\n%s\n", stepFile(dir, i, "out"), stepFile(dir, i, "begin"), b.code)
		fmt.Fprintf(&script, "date +%%s.%%N >%s\n", stepFile(dir, i, "end"))
		if i == 0 {
			script.WriteString(already + "\n")
		}
	}
	write(t, filepath.Join(dir, "script"), script.String())
	ctx, cancel := context.WithTimeout(t.Context(), promised)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", filepath.Join(dir, "script"))
	cmd.Dir = dir
	// What Ctrl-C does: make and what it runs are ended, too.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.Env = os.Environ()
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	err := cmd.Run()
	var all []followed
	for i, b := range page {
		printed, readErr := os.ReadFile(stepFile(dir, i, "out"))
		if err != nil && (readErr != nil || !exists(stepFile(dir, i, "end"))) {
			t.Fatalf("%s failed: %v\n%s\n%s", b, err, b.code, printed)
		}
		all = append(all, followed{string(printed), seconds(t, stepFile(dir, i, "end")) - seconds(t, stepFile(dir, i, "begin"))})
	}
	return all
}

func stepFile(dir string, step int, what string) string {
	return filepath.Join(dir, "step-"+strconv.Itoa(step)+"-"+what)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func seconds(t *testing.T, path string) time.Duration {
	t.Helper()
	value, err := time.ParseDuration(strings.TrimSpace(read(t, path)) + "s")
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// origin makes a repository of the working tree, with what is not committed yet and without what git ignores.
func origin(t *testing.T, root, home string) string {
	t.Helper()
	dir := filepath.Join(home, "origin.git")
	for _, args := range [][]string{
		{"init", "--quiet", "--bare", dir},
		{"--git-dir", dir, "--work-tree", root, "add", "--all"},
		{"--git-dir", dir, "--work-tree", root, "-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "--quiet", "--message", "The working tree"},
	} {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	return dir
}

// withDapr gives the clone Dapr's programs of this one, where they were built: that takes minutes, once for a machine.
func withDapr(root string) string {
	return "mkdir -p bin && for f in daprd placement scheduler .dapr-version; do if [ -e '" + root + "/bin/'$f ]; then ln -s '" + root + "/bin/'$f bin/$f; fi; done"
}

// cleanUp ends what a failed run left running, and deletes its database.
func cleanUp(t *testing.T, clone string) {
	t.Helper()
	program := filepath.Join(clone, "bin", "stack")
	if _, err := os.Stat(program); err != nil {
		if !os.IsNotExist(err) {
			t.Error(err)
		}
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "clean")
	cmd.Dir = clone
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("clean up: %v\n%s", err, out)
	}
}
