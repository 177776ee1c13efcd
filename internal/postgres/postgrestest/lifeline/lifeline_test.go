package lifeline_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest/lifeline"
)

// parentMode makes this test binary act as the parent that gets killed.
const parentMode = "LIFELINE_TEST_PARENT"

func TestMain(m *testing.M) {
	if mode := os.Getenv(parentMode); mode != "" {
		actAsParent(mode == "detach")
	}
	os.Exit(m.Run())
}

func actAsParent(detach bool) {
	child, err := lifeline.Start(exec.Command("sleep", "60"), lifeline.Options{Detach: detach})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(child.PID())
	<-child.Done()
	os.Exit(0)
}

func TestChildDiesWithItsParentUnlessDetached(t *testing.T) {
	t.Parallel()
	for mode, survives := range map[string]bool{"attach": false, "detach": true} {
		parent := exec.CommandContext(t.Context(), os.Args[0])
		parent.Env = append(os.Environ(), parentMode+"="+mode)
		out, err := parent.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := parent.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		if err := parent.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = parent.Wait() // it was killed
		if got := !goneWithin(pid, 2*time.Second, survives); got != survives {
			t.Errorf("%s: child alive after its parent's death: %t, want %t", mode, got, survives)
		}
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// goneWithin waits for the process to end; when it is expected to survive, a moment is enough.
func goneWithin(pid int, limit time.Duration, survives bool) bool {
	if survives {
		limit = 200 * time.Millisecond
	}
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if !running(pid) {
			return true
		}
	}
	return false
}

// running is false for a zombie, too: an orphan may wait long for somebody to reap it.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func TestEndOfAChild(t *testing.T) {
	t.Parallel()
	child, err := lifeline.Start(exec.CommandContext(t.Context(), "sh", "-c", "exit 3"), lifeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	<-child.Done()
	var exit *exec.ExitError
	if !errors.As(child.Err(), &exit) || exit.ExitCode() != 3 {
		t.Errorf("got %v, want exit status 3", child.Err())
	}
	if err := child.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("signal to an ended child: %v", err)
	}
}

func TestStartOfNothing(t *testing.T) {
	t.Parallel()
	if _, err := lifeline.Start(exec.CommandContext(t.Context(), "/does/not/exist"), lifeline.Options{}); err == nil {
		t.Error("started what does not exist")
	}
}
