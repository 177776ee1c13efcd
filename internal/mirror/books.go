package mirror

import (
	"context"
	"errors"
	"time"

	"github.com/ai-agents/ai-agents/internal/pause"
)

const (
	// firstBackoff is how long a feed rests after its first failure.
	firstBackoff = 30 * time.Second
	// partingTime bounds the books that are kept after ctx has ended.
	partingTime = 5 * time.Second
)

// finish gives the lease back and says when the feed is due again. It returns what the caller is to hear.
func (r *run) finish(ctx context.Context, err error, took time.Duration) error {
	r.next = pause.Jittered(r.m.cfg.interval(r.feed))
	succeeded := err == nil
	if errors.Is(err, errStepOver) {
		err, succeeded, r.next = nil, r.caughtUp, pause.Jittered(time.Second)
	}
	o := outcome{Summary: r.sum, failed: err, succeeded: succeeded, failures: r.claimed.failures, notice: r.cursor.Halted}
	held, heldUp := errors.AsType[*heldUpError](err)
	o.stopped = ctx.Err() != nil
	switch {
	case o.stopped:
		r.next = -1
	case heldUp:
		r.next = held.wait + pause.Jittered(time.Second)
	case err != nil:
		o.failures++
		r.next = pause.Jittered(pause.Doubled(firstBackoff, longest, o.failures-1))
	default:
		o.failures = 0
	}
	if r.foreground {
		r.next = -1
	}
	o.next = r.next
	r.tell(ctx, o, took, heldUp)
	if errors.Is(err, errLeaseLost) {
		return err
	}
	parting, cancel := context.WithTimeout(context.WithoutCancel(ctx), partingTime)
	defer cancel()
	return errors.Join(err, r.m.rows.finish(parting, r.tenantID, r.feed, r.claimed.holder, o))
}

func (r *run) tell(ctx context.Context, o outcome, took time.Duration, heldUp bool) {
	log := r.log.With(
		"read", o.Read, "added", o.Added, "changed", o.Changed, "unchanged", o.Unchanged, "skipped", o.Skipped,
		"removed", o.Removed, "rejected", o.Rejected, "duration_ms", took.Milliseconds(),
	)
	switch {
	case o.failed != nil && !o.stopped && !heldUp:
		log.WarnContext(ctx, "the mirror failed", "error", o.failed)
	case o.failed != nil:
		log.InfoContext(ctx, "the mirror has to stop for now", "reason", o.failed.Error())
	case o.Added+o.Changed+o.Removed+o.Rejected > 0 || r.foreground:
		log.InfoContext(ctx, "the mirror was brought in step")
	default:
		log.DebugContext(ctx, "the mirror is in step")
	}
}

func (r *run) report(waiting time.Duration, reason string) {
	if r.opts.Report == nil {
		return
	}
	total := r.total
	if total > 0 {
		total = max(total, r.done) // more have come since they were counted
	}
	r.opts.Report(Progress{Done: r.done, Total: total, Waiting: waiting, Reason: reason})
}

func (r *run) reject(ctx context.Context, id, reason string) {
	r.sum.Rejected++
	if len(r.sum.Rejections) < MaxRejections {
		r.sum.Rejections = append(r.sum.Rejections, Rejection{ID: id, Reason: reason})
	}
	if !r.quiet {
		r.log.WarnContext(ctx, "a record cannot be mirrored", "record_id", id, "reason", reason)
	}
}
