package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

const (
	// patience is how long one note is waited for.
	patience = 5 * time.Minute
	// between is the pause between two tickets of the neighbour.
	between = 200 * time.Millisecond
	// watchInterval is how often the burst is looked at.
	watchInterval = 15 * time.Second
)

type bench struct {
	platform *platform.Platform
	meter    *meter
}

// times are how long tickets have waited, in the order in which they were opened.
type times []time.Duration

// waits are how long tickets have waited for their notes, and how long of that for their turn.
type waits struct{ note, turn times }

// open opens n tickets of the neighbour, one after the other, by its webhook.
func (b bench) open(ctx context.Context, n int) (all waits, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(n)*patience)
	defer cancel()
	for range n {
		o, err := b.platform.OpenTicket(ctx, neighbour, exampleTicket(), simulator.EmitDefault)
		if err != nil {
			return waits{}, err
		}
		if o.Accepted.JobID == "" {
			return waits{}, fmt.Errorf("a webhook of the neighbour was answered %d: %s", o.Status, o.Body)
		}
		job, err := b.platform.AwaitJob(ctx, neighbour, o.Accepted.JobID)
		if err != nil {
			return waits{}, err
		}
		all.note = append(all.note, job.FinishedAt.Sub(job.ReceivedAt))
		all.turn = append(all.turn, job.StartedAt.Sub(job.ReceivedAt))
		_ = pause.For(ctx, between) // the loop sees the end of ctx
	}
	return all, nil
}

// show says how far the burst is, and what memory is used.
func (b bench) show(ctx context.Context, out io.Writer, when string) error {
	waiting, running, err := b.platform.Waiting(ctx, crowd)
	if err != nil {
		return err
	}
	used, err := b.meter.read(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  %-7s %6d wait, %2d run; %s\n", when, waiting, running, used)
	return nil
}

func (all times) median() time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)/2]
}

func (all times) String() string {
	return fmt.Sprintf("median %s, fastest %s, slowest %s", all.median().Round(time.Millisecond),
		slices.Min(all).Round(time.Millisecond), slices.Max(all).Round(time.Millisecond))
}

// String gives what the notes took.
func (w waits) String() string {
	return fmt.Sprintf("%d notes: %s; of that until the start: %s", len(w.note), w.note, w.turn)
}
