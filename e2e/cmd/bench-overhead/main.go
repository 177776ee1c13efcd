// Command bench-overhead says what watching costs: tickets enhanced in a second with traces and metrics and without, in alternation,
// on the real stack. On means that apps and sidecars export every trace to the collector, which keeps all of them in Jaeger, and that
// Prometheus scrapes every 15 s; off means no endpoint, and no Prometheus, collector and Jaeger. It ends with status 1 when the median
// of the pairs says more than 5 %.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

const (
	usualPairs, usualTickets = 8, 200
	// atMost is the share of the throughput that watching may cost.
	atMost = 0.05
	// plenty is more webhooks in a minute than a tenant sends here.
	plenty = 100_000
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-overhead:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) (err error) {
	pairs := flag.Int("pairs", usualPairs, "how many times to measure with and without")
	tickets := flag.Int("tickets", usualTickets, "how many tickets each measurement takes")
	flag.Parse()
	if *pairs < 1 || *tickets < 1 {
		return errors.New("-pairs and -tickets have to be at least 1")
	}
	dir, err := os.MkdirTemp("", "ai-agents-bench-overhead-")
	if err != nil {
		return fmt.Errorf("make a run directory: %w", err)
	}
	s, err := stack.Start(ctx, stack.Options{Dir: dir, Ports: stack.Any, Traced: true})
	if err != nil {
		return fmt.Errorf("start the stack (after `make build`): %w", err)
	}
	defer func() {
		background := context.WithoutCancel(ctx)
		err = errors.Join(err, s.Stop(background), stack.Remove(background, dir))
	}()
	p, err := platform.Open(ctx, s)
	if err != nil {
		return fmt.Errorf("reach the platform: %w", err)
	}
	defer p.Close()
	// Several, because one alone is held back by its own limit.
	tenants := []string{"bench-a", "bench-b", "bench-c", "bench-d"}
	for _, id := range tenants {
		client := platform.Client{ID: id, Name: "Example", Profile: servicedesk.ProfileOnPrem, Format: tenant.FormatHTML, WebhooksPerMinute: plenty}
		if err := p.Onboard(ctx, client); err != nil {
			return fmt.Errorf("onboard %s: %w", id, err)
		}
	}
	return measure(ctx, out, &bench{stack: s, platform: p, tenants: tenants, tickets: *tickets}, *pairs)
}

// measure takes the pairs as on off, off on, on off, …: what grows with time is for and against either as often.
func measure(ctx context.Context, out io.Writer, b *bench, pairs int) error {
	fmt.Fprintf(out, "%d pairs of %d tickets each way\n", pairs, b.tickets)
	var taken []pair
	for n := range pairs {
		var p pair
		order := []bool{true, false}
		if n%2 == 1 {
			order = []bool{false, true}
		}
		for _, watched := range order {
			half, err := b.half(ctx, watched)
			if err != nil {
				return fmt.Errorf("pair %d, watched %t: %w", n+1, watched, err)
			}
			if watched {
				p.on = half
			} else {
				p.off = half
			}
		}
		taken = append(taken, p)
		fmt.Fprintf(out, "  %2d  on %s, off %s, ratio %.3f\n", n+1, p.on, p.off, p.throughput())
	}
	verdict := judge(taken)
	fmt.Fprintln(out, verdict)
	if verdict.throughput.median < 1-atMost {
		return fmt.Errorf("watching costs %.1f %% of the throughput, at most %.0f %% are wanted", 100*(1-verdict.throughput.median), 100*atMost)
	}
	return nil
}
