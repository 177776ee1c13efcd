// Command demo shows the platform at work: it starts the stack, onboards two sample clients, has each open a
// ticket, and prints the notes that arrive. KEEP=1 in the environment leaves the stack running.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/e2e/stack"
)

// noteWithin is how long the demo waits for a note.
const noteWithin = 2 * time.Minute

func main() { os.Exit(start()) }

func start() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout, os.Getenv("KEEP") != ""); err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		return 1
	}
	return 0
}

func run(ctx context.Context, out io.Writer, keep bool) (err error) {
	t := terminal{out: out, color: isTerminal(out)}
	t.headline("Starting the stack")
	s, started, err := startOrAttach(ctx, t, keep)
	if err != nil {
		return err
	}
	if started && !keep {
		defer func() {
			t.headline("Stopping the stack")
			err = errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
		}()
	}
	p, err := platform.Open(ctx, s)
	if err != nil {
		return fmt.Errorf("reach the platform: %w", err)
	}
	defer p.Close()
	if err := show(ctx, t, p); err != nil {
		return err
	}
	t.outro(s, keep || !started)
	return nil
}

// startOrAttach uses a stack that is up already, and otherwise starts one. It reports which.
func startOrAttach(ctx context.Context, t terminal, keep bool) (*stack.Stack, bool, error) {
	s, err := stack.Start(ctx, stack.Options{Detach: keep, Progress: t.progress})
	if errors.Is(err, stack.ErrRunning) {
		root, err := stack.FindRoot()
		if err != nil {
			return nil, false, fmt.Errorf("find the running stack: %w", err)
		}
		s, err := stack.Attach(root + "/.run")
		if err != nil {
			return nil, false, fmt.Errorf("use the running stack: %w", err)
		}
		t.linef("  using the stack that is up already")
		return s, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("start the stack: %w", err)
	}
	return s, true, nil
}
