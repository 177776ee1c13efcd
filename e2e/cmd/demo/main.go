// Command demo shows the platform at work: it starts the stack, onboards two sample clients, has each open a
// ticket, and prints the notes that arrive. KEEP=1 in the environment leaves the stack running; OBSERVE=1 watches it, and shows the
// trace of the last ticket and what Prometheus scrapes.
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

	"github.com/ai-agents/ai-agents/e2e/observe"
	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/e2e/stack"
)

// noteWithin is how long the demo waits for a note.
const noteWithin = 2 * time.Minute

func main() { os.Exit(start()) }

func start() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	opts := options{keep: os.Getenv("KEEP") != "", observe: os.Getenv("OBSERVE") == "1"}
	if err := run(ctx, os.Stdout, opts); err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		return 1
	}
	return 0
}

// options are what the environment asks for.
type options struct{ keep, observe bool }

func run(ctx context.Context, out io.Writer, opts options) (err error) {
	t := terminal{out: out, color: isTerminal(out)}
	t.headline("Starting the stack")
	s, started, err := startOrAttach(ctx, t, opts)
	if err != nil {
		return err
	}
	if started && !opts.keep {
		defer func() {
			t.headline("Stopping the stack")
			err = errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
		}()
	}
	var o *observe.Observability
	if opts.observe {
		if o, err = watch(ctx, t, s); err != nil {
			return fmt.Errorf("watch the stack: %w", err)
		}
	}
	p, err := platform.Open(ctx, s)
	if err != nil {
		return fmt.Errorf("reach the platform: %w", err)
	}
	defer p.Close()
	job, err := show(ctx, t, p)
	if err != nil {
		return err
	}
	if o != nil {
		if err := look(ctx, t, o, job); err != nil {
			return err
		}
	}
	t.outro(s, o, opts.keep || !started)
	return nil
}

// startOrAttach uses a stack that is up already, and otherwise starts one. It reports which.
func startOrAttach(ctx context.Context, t terminal, opts options) (*stack.Stack, bool, error) {
	s, err := stack.Start(ctx, stack.Options{Detach: opts.keep, Traced: opts.observe, Progress: t.progress})
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
