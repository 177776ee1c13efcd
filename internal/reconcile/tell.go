package reconcile

import (
	"context"
	"errors"
	"time"

	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

const (
	// firstBackoff is how long a tenant rests after its first failure, and longestBackoff what that grows to: a server that is back
	// shall not wait for long.
	firstBackoff   = 15 * time.Second
	longestBackoff = 3 * time.Minute
	// soon is when a poll goes on that has not come to the end of the list.
	soon = time.Second
	// partingTime bounds the books that are kept after the process was told to stop.
	partingTime = 5 * time.Second
)

// ending is how a poll ended, as it is recorded.
type ending struct {
	counts

	// said is what somebody should know; stopped says that the process was, which is no fault of the poll's.
	said     string
	stopped  bool
	caughtUp bool
	failures int
	// next is after how long the tenant is due again; unless it was stopped, which leaves it due.
	next time.Duration
}

// finish gives the tenant back and says what was done.
func (p *poll) finish(ctx context.Context, err error, took time.Duration) {
	if errors.Is(err, errLeaseLost) {
		p.Logger.InfoContext(ctx, "the poll for missed webhooks was left to another process, or to nobody", "reason", err.Error())
		return
	}
	e := ending{counts: p.counts, stopped: ctx.Err() != nil || errors.Is(err, errGone), caughtUp: p.caughtUp}
	outcome := telemetry.ReconcileOK
	held, heldUp := errors.AsType[*heldUpError](err)
	switch {
	case e.stopped:
		outcome = telemetry.ReconcileStopped
		e.failures = p.claimed.failures
	case heldUp:
		outcome = telemetry.ReconcileLimited
		e.said, e.failures, e.next = err.Error(), p.claimed.failures, held.wait+pause.Jittered(time.Second)
	case errors.Is(err, errPaused):
		outcome = telemetry.ReconcilePaused
		e.failures, e.next = p.claimed.failures, pause.Jittered(p.cfg.Interval)
	case errors.Is(err, errFull):
		outcome = telemetry.ReconcileFull
		e.next = pause.Jittered(p.cfg.Interval)
	case err != nil:
		outcome = telemetry.ReconcileFailed
		e.said, e.failures = err.Error(), p.claimed.failures+1
		first := min(firstBackoff, p.cfg.Interval)
		e.next = pause.Jittered(pause.Doubled(first, max(longestBackoff, p.cfg.Interval), p.claimed.failures))
	case !p.caughtUp:
		outcome = telemetry.ReconcileMore
		e.next = pause.Jittered(min(soon, p.cfg.Interval))
	default:
		e.next = pause.Jittered(p.cfg.Interval)
	}
	p.Metrics.ReconcilePolled(outcome)
	p.Metrics.ReconcileLeftOut(p.tenantID, p.leftOut)
	p.tell(ctx, outcome, err, took)
	parting, cancel := context.WithTimeout(context.WithoutCancel(ctx), partingTime)
	defer cancel()
	if err := p.rows.finish(parting, p.tenantID, p.claimed.holder, p.state, e); err != nil {
		p.Logger.WarnContext(ctx, "the end of a poll for missed webhooks could not be recorded; it is repeated", "error", err)
	}
}

func (p *poll) tell(ctx context.Context, outcome telemetry.Reconciled, err error, took time.Duration) {
	log := p.Logger.With("listed", p.listed, "missed", p.missed, "skipped", p.skipped, "left_out", p.leftOut, "duration_ms", took.Milliseconds())
	if p.missed > 0 {
		log.WarnContext(ctx, "webhooks were missed: their tickets are enhanced now", "oldest", p.oldest, "newest", p.newest, "more", outcome != telemetry.ReconcileOK)
	}
	switch {
	case outcome == telemetry.ReconcileFailed:
		log.WarnContext(ctx, "the poll for missed webhooks failed", "failures", p.claimed.failures+1, "error", err)
	case outcome == telemetry.ReconcileLimited || outcome == telemetry.ReconcileFull:
		log.InfoContext(ctx, "the poll for missed webhooks has to wait", "reason", err.Error())
	case p.claimed.failures > 0 && outcome != telemetry.ReconcileStopped:
		log.InfoContext(ctx, "the poll for missed webhooks works again", "failures", p.claimed.failures)
	case p.missed == 0:
		log.DebugContext(ctx, "no webhook was missed")
	}
}
