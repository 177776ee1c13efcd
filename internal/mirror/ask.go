package mirror

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

// heldUpError says that the server is not to be called for a while. It is not a failure.
type heldUpError struct{ wait time.Duration }

func (e *heldUpError) Error() string {
	return fmt.Sprintf("the server limits the calls; the next one is in %s", e.wait.Round(time.Second))
}

// errStepOver ends a step of the schedule that has used up its calls. It is not a failure.
var errStepOver = errors.New("the step has used up its calls")

// The repetitions of a call that failed in passing: an operator waits for an import, while a step of the schedule comes
// again by itself.
const (
	foregroundAttempts = 6
	scheduledAttempts  = 2
	firstPause         = 2 * time.Second
	// A scheduled call that took so long to fail ends the step, which comes again later and later: a dead server takes a
	// place of the schedule for one call at a time.
	slowFailure = 5 * time.Second
)

// ask makes one call of the server, at the pace and with the patience of the run.
func ask[T any](ctx context.Context, r *run, call func(context.Context) (T, error)) (T, error) {
	var none T
	attempts := scheduledAttempts
	if r.foreground {
		attempts = foregroundAttempts
	}
	if r.budget--; r.budget < 0 && !r.foreground {
		return none, errStepOver
	}
	for attempt := 1; ; attempt++ {
		strikes, err := r.mayCall(ctx)
		if err != nil {
			return none, err
		}
		began := r.m.cfg.now()
		answer, err := call(ctx)
		took := r.m.cfg.now().Sub(began)
		switch {
		case err == nil:
			if strikes > 0 {
				err = r.m.pace.Forgive(ctx, r.tenantID, r.desk.Host())
			}
			return answer, err
		case ctx.Err() != nil:
			return none, context.Cause(ctx)
		case servicedesk.RateLimited(err):
			wait, blockErr := r.m.pace.Block(ctx, r.tenantID, r.desk.Host(), strikes, r.m.cfg.Block)
			if blockErr != nil {
				return none, blockErr
			}
			r.log.WarnContext(ctx, "the server limits the mirror's calls", "wait", wait, "error", err)
			attempt-- // mayCall waits, or ends the step
		case servicedesk.Retryable(err) && took >= slowFailure && !r.foreground:
			return none, &refusedError{fmt.Errorf("the server took %s to fail: %w", took.Round(time.Second), err)}
		case !servicedesk.Retryable(err) || attempt >= attempts:
			return none, r.explain(err)
		default:
			if err := r.rest(ctx, pause.Jittered(pause.Doubled(firstPause, longest, attempt-1))); err != nil {
				return none, err
			}
		}
	}
}

// mayCall waits for the run's turn.
func (r *run) mayCall(ctx context.Context) (strikes int, err error) {
	for {
		place, err := r.m.pace.Reserve(ctx, r.tenantID, r.desk.Host(), r.m.cfg.CallsPerMinute(r.desk.Profile()))
		switch {
		case err != nil:
			return 0, err
		case place.Blocked == 0:
			if place.Wait > 0 {
				err = r.rest(ctx, place.Wait)
			}
			return place.Strikes, err
		case !r.foreground:
			return 0, &heldUpError{wait: place.Blocked}
		}
		r.report(place.Blocked, "the server limits the calls")
		if err := r.m.cfg.Sleep(ctx, place.Blocked); err != nil {
			return 0, err
		}
		r.report(0, "")
	}
}

// explain says what to do about a failure that somebody has to mend.
func (r *run) explain(err error) error {
	if _, ok := errors.AsType[*outbound.RefusedError](err); ok {
		return &refusedError{fmt.Errorf("the ServiceDesk Plus of tenant %s may not be called: %w", r.tenantID, err)}
	}
	failed, ok := errors.AsType[*servicedesk.Error](err)
	if !ok || failed.Kind != servicedesk.KindUnauthorized {
		return err
	}
	return &refusedError{fmt.Errorf("the ServiceDesk Plus of tenant %s does not accept our credentials; give it new ones with "+
		"`agentctl tenant apply`, and the mirror goes on where it stopped: %w", r.tenantID, err)}
}

// refusedError is a failure that no other record will be spared, so that the run ends.
type refusedError struct{ error }

func (e *refusedError) Unwrap() error { return e.error }
