// Command bench-door sends a tenant's webhooks to three replicas of the gateway, far more than its limit, and says how many
// were accepted and what a neighbour notices of it. It ends with status 1 unless, in any 60 seconds, exactly the limit
// was accepted, and every webhook was answered, and every accepted one is in the ledger.
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
	"time"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

const (
	crowd, neighbour = "bench-crowd", "bench-neighbour"
	// limit is what the crowd's tenant may send in a minute; the neighbour stays far below its own.
	limit, neighbourLimit = 100, 100_000
	window                = time.Minute

	usualReplicas, usualWebhooks = 3, 1_000
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-door:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) (err error) {
	replicas := flag.Int("replicas", usualReplicas, "how many gateways there are")
	webhooks := flag.Int("webhooks", usualWebhooks, "how many webhooks the tenant sends in 60 seconds")
	trickle := flag.Int("trickle", 10, "how many webhooks the neighbour sends in a second")
	flag.Parse()
	if *replicas < 1 || *webhooks <= limit || *trickle < 1 {
		return fmt.Errorf("-replicas and -trickle have to be at least 1, -webhooks more than %d", limit)
	}
	dir, err := os.MkdirTemp("", "ai-agents-bench-door-")
	if err != nil {
		return fmt.Errorf("make a run directory: %w", err)
	}
	s, err := stack.Start(ctx, stack.Options{Dir: dir, Ports: stack.Any, Replicas: map[string]int{"gateway": *replicas}})
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
	for id, perMinute := range map[string]int{crowd: limit, neighbour: neighbourLimit} {
		client := platform.Client{ID: id, Name: "Example", Profile: servicedesk.ProfileOnPrem, Format: tenant.FormatHTML, WebhooksPerMinute: perMinute}
		if err := p.Onboard(ctx, client); err != nil {
			return fmt.Errorf("onboard %s: %w", id, err)
		}
	}
	return measure(ctx, out, bench{platform: p, gateways: s.GatewayURLs()}, *webhooks, *trickle)
}

func measure(ctx context.Context, out io.Writer, b bench, webhooks, trickle int) error {
	fmt.Fprintf(out, "%d gateways; %s alone for %s, %d webhooks a second\n", len(b.gateways), neighbour, window, trickle)
	quiet := b.send(ctx, neighbour, "1", trickle*int(window.Seconds()))
	fmt.Fprintf(out, "then beside %d webhooks of %s in %s, which may send %d\n", webhooks, crowd, window, limit)
	beside := make(chan answers, 1)
	go func() { beside <- b.send(ctx, neighbour, "2", trickle*int(window.Seconds())) }()
	rush := b.send(ctx, crowd, "3", webhooks)
	loud := <-beside
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("interrupted: %w", err)
	}
	fmt.Fprintf(out, "\n%s: %s\n", crowd, rush)
	fmt.Fprintf(out, "%s, alone:  %s\n", neighbour, quiet)
	fmt.Fprintf(out, "%s, beside: %s\n", neighbour, loud)
	fmt.Fprintf(out, "p99 beside / p99 alone: %.2f\n", float64(loud.percentile(p99))/float64(quiet.percentile(p99)))
	return errors.Join(rush.exactly(limit), quiet.all(), loud.all(), b.inLedger(ctx, crowd, rush), b.inLedger(ctx, neighbour, append(quiet, loud...)))
}
