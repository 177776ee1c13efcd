package mirror

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// run is one Import, or one step of the schedule.
type run struct {
	m          *Mirror
	tenantID   string
	feed       Feed
	desk       Desk
	opts       Options
	foreground bool
	log        *slog.Logger

	claimed *claimed // nil in a dry run
	cursor  cursor
	sum     Summary
	// budget is how many calls a step may still make.
	budget int
	// stored counts what was put, for the limit.
	stored int
	// inARow counts records that could not be read one after the other, row names them, and hopeless says that there were too many.
	inARow   int
	row      []string
	hopeless bool
	// caughtUp: the step has followed the changes to their end, whatever else it was to do.
	caughtUp    bool
	done, total int
	// quiet leaves it to the feed to say what was rejected.
	quiet bool
	// known are the assets that there are; for a dry run.
	known map[string]bool
	// rest waits; the schedule gives the run's place to another meanwhile.
	rest func(ctx context.Context, d time.Duration) error
	// next is after how long the schedule is to look at the feed again; negative when that is as before.
	next time.Duration
}

// How a run comes by its lease.
type claimMode int

const (
	claimNow  claimMode = iota // or ErrBusy
	claimDue                   // only if it is due, or ErrBusy
	claimWait                  // wait for it
)

// busyError is ErrBusy with the time after which it makes sense to ask again.
type busyError struct{ again time.Duration }

func (e *busyError) Error() string        { return ErrBusy.Error() }
func (e *busyError) Is(target error) bool { return target == ErrBusy }

// askAgain is how often a waiting Import looks whether the feed is free.
const askAgain = 2 * time.Second

// do runs with the lease, and keeps the books.
func (r *run) do(ctx context.Context, mode claimMode) (Summary, error) {
	// For the lines of those it calls, which do not know for whom they work.
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyOperation, "mirror_"+string(r.feed)), slog.String(telemetry.KeyTenant, r.tenantID))
	if r.opts.DryRun {
		err := r.peek(ctx)
		if err == nil {
			err = r.work(ctx)
		}
		err = r.passLimit(err)
		return r.sum, err
	}
	if err := r.claim(ctx, mode); err != nil {
		return r.sum, err
	}
	working, stop := context.WithCancelCause(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		r.keepLease(working, stop)
	}()
	started := time.Now()
	err := r.passLimit(r.work(working))
	if cause := context.Cause(working); err != nil && cause != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: %w", cause, err) // otherwise it would only say that it was cancelled
	}
	if r.hopeless {
		err = errors.Join(err, r.forgetRow(ctx))
	}
	stop(nil)
	<-kept
	return r.sum, r.finish(ctx, err, time.Since(started))
}

// errLimit ends an Import that has done as much as it was asked for.
var errLimit = errors.New("the limit is reached")

// passLimit notes that the limit was reached, which is no error.
func (r *run) passLimit(err error) error {
	if errors.Is(err, errLimit) {
		r.sum.Limited = true
		return nil
	}
	return err
}

func (r *run) work(ctx context.Context) error {
	switch {
	case r.feed == FeedTickets && r.foreground:
		return r.importTickets(ctx)
	case r.feed == FeedTickets:
		return r.refreshTickets(ctx)
	case r.feed == FeedArticles:
		return r.mirrorArticles(ctx)
	default:
		return r.mirrorAssets(ctx)
	}
}

func (r *run) claim(ctx context.Context, mode claimMode) error {
	for {
		c, again, err := r.m.rows.claim(ctx, r.tenantID, r.feed, mode)
		if err != nil {
			return err
		}
		if c != nil {
			r.claimed, r.cursor = c, c.cursor
			return nil
		}
		if mode != claimWait {
			return &busyError{again: again}
		}
		r.report(askAgain, "the schedule is at it")
		if err := r.m.cfg.Sleep(ctx, askAgain); err != nil {
			return fmt.Errorf("wait for %s of tenant %s: %w", r.feed, r.tenantID, err)
		}
		r.report(0, "")
	}
}

// keepLease prolongs the lease as long as the run works, and stops it when the lease is lost: before another process begins,
// should the database be out of reach.
func (r *run) keepLease(ctx context.Context, stop context.CancelCauseFunc) {
	const parts = 4
	ticker := time.NewTicker(r.m.cfg.lease / parts)
	defer ticker.Stop()
	failures := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		asking, cancel := context.WithTimeout(ctx, r.m.cfg.lease/parts)
		err := r.m.rows.renew(asking, r.tenantID, r.feed, r.claimed.holder)
		cancel()
		switch {
		case err == nil:
			failures = 0
		case errors.Is(err, errLeaseLost):
			stop(err)
			return
		default:
			if failures++; failures == parts-1 {
				stop(err)
				return
			}
		}
	}
}

// save moves the cursor. Everything before it has to be stored by now.
func (r *run) save(ctx context.Context, seen sightings) error {
	if r.opts.DryRun {
		return nil
	}
	return r.m.rows.save(ctx, r.tenantID, r.feed, r.claimed.holder, r.cursor, seen)
}
