package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

// asAgentctl makes the test binary be agentctl, so that there is a process to kill.
const asAgentctl = "TEST_AS_AGENTCTL"

func TestMain(m *testing.M) {
	if os.Getenv(asAgentctl) != "" {
		os.Exit(start())
	}
	postgrestest.Main(m)
}

// generatedTickets writes n tickets as a CSV file would have them, beginning with number from.
func generatedTickets(w io.Writer, from, n int) {
	for i := from; i < from+n; i++ {
		fmt.Fprintf(w, "%d,\"Printer %d, floor %d\",\"It does not print.\nPage %d is blank.\",Cleaned roller %d.,2026-01-02 03:04:05\n", i, i, i%7, i%13, i)
	}
}

const generatedHeader = "ticket_id,subject,description,resolution,resolved_at\n"

func packedFile(t *testing.T, n int) string {
	t.Helper()
	var text bytes.Buffer
	w := gzip.NewWriter(&text)
	_, _ = io.WriteString(w, generatedHeader)
	generatedTickets(w, 0, n)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return write(t, "t.csv.gz", text.String())
}

// process is an import that has stored a part of its input and waits for the rest, which never comes.
type process struct {
	*exec.Cmd

	output bytes.Buffer
}

// startImport feeds part to an import of batches of 100 and returns when the first ones are stored.
func (w *world) startImport(t *testing.T, part string) *process {
	t.Helper()
	p := &process{Cmd: exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0],
		"import", "tickets", "--tenant", "alpha", "--file", "-", "--batch", "100", "--rejects", filepath.Join(t.TempDir(), "r.jsonl"))}
	p.Env = append(os.Environ(), asAgentctl+"=1")
	p.Stdout, p.Stderr = &p.output, &p.output
	input, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill(); _ = input.Close() })
	if _, err := io.WriteString(input, part); err != nil {
		t.Fatal(err)
	}
	for range 600 {
		if w.count(t) > 0 {
			return p
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("nothing is stored: %s", p.output.String())
	return nil
}

func (w *world) count(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(w.stored(t, "SELECT count(*)::text FROM ticket_history"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestKilledAndStartedAgain kills an import in the middle, and imports the same again: the same rows, none twice.
func TestKilledAndStartedAgain(t *testing.T) {
	for name, signal := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "interrupted": syscall.SIGINT} {
		w := environment(t)
		mustApply(t)
		const all = 5000
		var text strings.Builder
		text.WriteString(generatedHeader)
		generatedTickets(&text, 0, all)
		p := w.startImport(t, text.String()[:text.Len()/2])
		if err := p.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		err := p.Wait()
		ended, is := errors.AsType[*exec.ExitError](err)
		switch {
		case !is:
			t.Fatalf("%s: %v: %s", name, err, p.output.String())
		case signal == syscall.SIGINT && ended.ExitCode() != exitStopped:
			t.Errorf("%s: exit status %d: %s", name, ended.ExitCode(), p.output.String())
		case signal == syscall.SIGINT && !strings.Contains(p.output.String(), "Run the same command again"):
			t.Errorf("%s: does not say how to go on: %s", name, p.output.String())
		}
		before := w.count(t)
		if before == 0 || before >= all || before%100 != 0 {
			t.Errorf("%s: %d tickets are stored, which is not a part of whole batches", name, before)
		}
		file := write(t, "t.csv", text.String())
		out, err := agentctl(t.Context(), "", "import", "tickets", "--tenant", "alpha", "--file", file)
		// A batch that was on its way may have been stored after they were counted.
		if !slices.ContainsFunc([]int{before, before + 100}, func(had int) bool {
			return strings.Contains(out, fmt.Sprintf("5,000 imported (%s new, 0 changed, %s unchanged)", thousands(all-had), thousands(had)))
		}) || err != nil {
			t.Errorf("%s, and again: %v: %s, want %d unchanged, or a batch more", name, err, out, before)
		}
		const sums = "SELECT count(*) || ' ' || count(DISTINCT ticket_id) || ' ' || sum(ticket_id::int) FROM ticket_history"
		if got, want := w.stored(t, sums), fmt.Sprintf("%d %d %d", all, all, all*(all-1)/2); got != want {
			t.Errorf("%s: stored %s, want %s", name, got, want)
		}
	}
}

func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}
