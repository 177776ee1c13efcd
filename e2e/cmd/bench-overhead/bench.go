package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ai-agents/ai-agents/e2e/observe"
	"github.com/ai-agents/ai-agents/internal/pause"
)

const (
	// rest is how long nothing is measured after each turn: traces are decided about, and kept, a second later.
	rest = 2 * time.Second
	// millis are in a second.
	millis = 1000
)

type bench struct {
	sides    [2]*side
	tickets  int
	sidecars bool // are traced where apps are
}

func (b *bench) close(ctx context.Context) error {
	var errs []error
	for _, s := range b.sides {
		if s != nil {
			errs = append(errs, s.close(ctx))
		}
	}
	return errors.Join(errs...)
}

// pairs measures with one of the sides watched, and the other not.
func (b *bench) pairs(ctx context.Context, out io.Writer, watched, n int) (taken []pair, err error) {
	if n == 0 {
		return nil, nil
	}
	on, off := b.sides[watched], b.sides[1-watched]
	o, err := observe.Start(ctx, on.stack, observe.Options{})
	if err != nil {
		return nil, fmt.Errorf("watch: %w", err)
	}
	defer func() { err = errors.Join(err, o.Stop(context.WithoutCancel(ctx))) }()
	if err := errors.Join(on.begin(ctx, turn{apps: true, sidecars: b.sidecars}, b.tickets), off.begin(ctx, turn{}, b.tickets)); err != nil {
		return nil, err
	}
	for i := range n {
		var p pair
		if err := b.pair(ctx, o, on, off, i%2 == 0, &p); err != nil {
			return nil, err
		}
		taken = append(taken, p)
		fmt.Fprintf(out, "  on %s, off %s, ratio %.3f\n", p.on, p.off, p.throughput())
	}
	return taken, nil
}

// pair measures both, each when the other has come to rest. What watches stands still meanwhile, so that it takes nothing from the
// other; what Prometheus was to scrape by then it scrapes when it goes on.
func (b *bench) pair(ctx context.Context, o *observe.Observability, on, off *side, onFirst bool, p *pair) (err error) {
	watched := func() error {
		for _, w := range o.Processes() {
			if err := w.Resume(); err != nil {
				return err
			}
		}
		p.on, err = on.measure(ctx, b.tickets)
		return err
	}
	alone := func() error {
		for _, w := range o.Processes() {
			if err := w.Pause(); err != nil {
				return err
			}
		}
		p.off, err = off.measure(ctx, b.tickets)
		return err
	}
	order := []func() error{watched, alone}
	if !onFirst {
		order = []func() error{alone, watched}
	}
	for _, way := range order {
		if err := way(); err != nil {
			return err
		}
		if err := pause.For(ctx, rest); err != nil {
			return err
		}
	}
	return nil
}

// half is one measurement.
type half struct {
	perSecond float64       // tickets
	cpu       time.Duration // of apps and sidecars, for a ticket
}

func (h half) String() string {
	return fmt.Sprintf("%.1f tickets/s (%.1f ms CPU each)", h.perSecond, h.cpu.Seconds()*millis)
}
