// Command bench-burst has thousands of one tenant's tickets wait, opens tickets of another one beside them, and says how long those
// wait for their notes, compared with before. It ends with status 1 when the median beside the burst is more than three times the
// median before it. It also shows what memory the burst takes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

const (
	crowd, neighbour = "bench-crowd", "bench-neighbour"
	// atMost is how many times as long as before the neighbour's note may take beside the burst.
	atMost = 3.0

	usualWaiting, usualTickets = 10_000, 21
	// plenty is more webhooks in a minute than the neighbour sends.
	plenty = 1_000
	// warmUp is how many tickets are not measured, because caches fill and connections open.
	warmUp = 5
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-burst:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) (err error) {
	waiting := flag.Int("waiting", usualWaiting, "how many tickets of one tenant wait")
	tickets := flag.Int("tickets", usualTickets, "how many tickets of the other are measured, before and beside")
	limit := flag.Int("limit", 0, "QUEUE_TENANT_LIMIT of the enhancer; 0 for its default")
	pace := flag.Float64("pace", 0, "QUEUE_TENANT_PACE of the enhancer; 0 for its default")
	watch := flag.Duration("watch", time.Minute, "for how long the burst is watched after that")
	flag.Parse()
	if *waiting < 1 || *tickets < 1 || *watch < 0 {
		return errors.New("-waiting and -tickets have to be at least 1, -watch not negative")
	}
	dir, err := os.MkdirTemp("", "ai-agents-bench-burst-")
	if err != nil {
		return fmt.Errorf("make a run directory: %w", err)
	}
	settings := map[string]string{}
	if *limit > 0 {
		settings["QUEUE_TENANT_LIMIT"] = strconv.Itoa(*limit)
	}
	if *pace > 0 {
		settings["QUEUE_TENANT_PACE"] = strconv.FormatFloat(*pace, 'f', -1, 64)
	}
	s, err := stack.Start(ctx, stack.Options{Dir: dir, Ports: stack.Any, Env: map[string]map[string]string{"enhancer": settings}})
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
	for _, id := range []string{crowd, neighbour} {
		client := platform.Client{ID: id, Name: "Example", Profile: servicedesk.ProfileOnPrem, Format: tenant.FormatHTML, WebhooksPerMinute: plenty}
		if err := p.Onboard(ctx, client); err != nil {
			return fmt.Errorf("onboard %s: %w", id, err)
		}
	}
	return measure(ctx, out, bench{platform: p, meter: newMeter(s)}, *waiting, *tickets, *watch)
}

func measure(ctx context.Context, out io.Writer, b bench, waiting, tickets int, watch time.Duration) error {
	if _, err := b.open(ctx, warmUp); err != nil {
		return err
	}
	quiet, err := b.open(ctx, tickets)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s alone:  %s\n", neighbour, quiet)
	if err := b.show(ctx, out, "before"); err != nil {
		return err
	}
	began := time.Now()
	if err := b.platform.Backlog(ctx, crowd, exampleTicket(), waiting); err != nil {
		return fmt.Errorf("have %d tickets wait: %w", waiting, err)
	}
	fmt.Fprintf(out, "%d tickets of %s were opened and queued in %s\n", waiting, crowd, time.Since(began).Round(time.Second))
	if err := b.show(ctx, out, "queued"); err != nil {
		return err
	}
	beside, err := b.open(ctx, tickets)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s beside: %s\n", neighbour, beside)
	if err := b.show(ctx, out, "beside"); err != nil {
		return err
	}
	left, _, err := b.platform.Waiting(ctx, crowd)
	if err != nil {
		return err
	}
	for until := time.Now().Add(watch); time.Now().Before(until) && ctx.Err() == nil; {
		_ = pause.For(ctx, min(watchInterval, time.Until(until))) // the loop sees the end of ctx
		if err := b.show(ctx, out, "later"); err != nil {
			return err
		}
	}
	ratio := float64(beside.note.median()) / float64(quiet.note.median())
	fmt.Fprintf(out, "median beside / median alone: %.2f (at most %.0f); the first of them: %.2f\n", ratio, atMost, float64(beside.note[0])/float64(quiet.note.median()))
	if left == 0 {
		return errors.New("the burst was over before the neighbour's tickets: there has to wait more")
	}
	if ratio > atMost {
		return fmt.Errorf("the neighbour's notes take %.2f times as long beside the burst", ratio)
	}
	return nil
}

func exampleTicket() simulator.NewTicket {
	return simulator.NewTicket{Subject: "VPN drops", Description: "The VPN drops every few minutes, see vpn01.example.com.", Priority: "High"}
}
