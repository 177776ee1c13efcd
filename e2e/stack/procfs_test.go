package stack

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestProcessorTime(t *testing.T) {
	t.Parallel()
	const line = "42 (odd) name) S 1 42 42 0 -1 4194560 1 2 3 4 150 50 7 8 20 0 1 0 987654 11 12"
	if got, err := parseStat(line); err != nil || got.used != 2150*time.Millisecond {
		t.Errorf("got %s, %v, want 2.15 s: 2 s of its own and 150 ms of its children", got.used, err)
	}
	if got, err := parseStat(strings.Replace(line, "150", "x", 1)); err == nil {
		t.Errorf("got %s, want an error", got.used)
	}
}

func TestParseStat(t *testing.T) {
	t.Parallel()
	const after = " 1 4242 4242 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 11 12"
	for stat, want := range map[string]uint64{
		"4242 (redis-server) S" + after:      987654,
		"4242 (odd) (name) 1 2 3) S" + after: 987654,
		"4242 (short) S 1 2":                 0,
		"nonsense":                           0,
	} {
		got, err := parseStat(stat)
		if got.started != want || (err == nil) != (want != 0) || err == nil && (got.parent != 1 || got.state != 'S') {
			t.Errorf("%q: got %+v, %v, want %d", stat, got, err, want)
		}
	}
}

// A recorded number that belongs to a later process must never be signalled.
func TestRecycledNumberIsLeftAlone(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	id, err := identify(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	earlier := identity{PID: id.PID, StartTime: id.StartTime - 1}
	if earlier.alive() {
		t.Error("an earlier process of the same number counts as alive")
	}
	if err := earlier.signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if !id.alive() {
		t.Fatal("the innocent process is gone")
	}
	if err := id.signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	if id.alive() {
		t.Error("alive after its end")
	}
}

func TestNobodyIsNotAlive(t *testing.T) {
	t.Parallel()
	for _, id := range []identity{{}, {PID: -1}, {PID: os.Getpid()}} {
		if id.alive() {
			t.Errorf("%+v counts as alive", id)
		}
	}
}
