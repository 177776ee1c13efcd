// Command test-charts runs the tests of the charts, those of what they render and those in a real control plane, and ends with a table of
// checks. A check that did not run, or skipped a part, counts as failed.
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

	"github.com/ai-agents/ai-agents/e2e/gotest"
	"github.com/ai-agents/ai-agents/e2e/stack"
)

// errFailed says that a check failed, is missing or was skipped.
var errFailed = errors.New("the charts' checks failed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "test-charts:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	root, err := stack.FindRoot()
	if err != nil {
		return fmt.Errorf("find the repository: %w", err)
	}
	began := time.Now()
	var all []result
	for _, g := range groups() {
		fmt.Fprintf(out, "%s: %s\n", g.dir, g.title)
		outcomes, said, err := gotest.Run(ctx, root, g.dir, "")
		if err != nil {
			return fmt.Errorf("run the checks: %w", err)
		}
		all = append(all, result{g, outcomes, said})
	}
	passed, failed := report(out, all)
	fmt.Fprintf(out, "\ncharts: %d checks passed, %d failed (%.0f s)\n", passed, failed, time.Since(began).Seconds())
	if failed > 0 {
		return errFailed
	}
	return nil
}
