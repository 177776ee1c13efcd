package workflows

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dapr/durabletask-go/workflow"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// DefaultHoldLimit is how long a job is held for a dead ServiceDesk Plus: a weekend and the evening before it.
const DefaultHoldLimit = 72 * time.Hour

// HoldJob puts a job that cannot end for now back among those that wait.
func (a *Activities) HoldJob(actx workflow.ActivityContext) (any, error) {
	var h holding
	if err := actx.GetInput(&h); err != nil {
		return nil, fmt.Errorf("read the input of %s: %w", ActivityHoldJob, err)
	}
	ctx, cancel := a.attempt(actx, ActivityHoldJob, h.Job, recordPolicy.attempt)
	defer cancel()
	held, err := a.Ledger.Hold(ctx, h.Job.TenantID, h.Job.JobID, h.Job.Run, ledger.Holding{
		Dependency: h.Dependency, Reason: telemetry.Redact(ticket.Normalize(h.Reason)), Spent: h.Spent,
		Limit: cmp.Or(a.HoldLimit, DefaultHoldLimit),
	})
	switch {
	case err != nil:
		return nil, err
	case held.Failed || held.Held:
		a.ended(h.Job)
	}
	a.runOverAsBooked(ctx, h.Job)
	switch {
	case held.Failed:
		a.Metrics.Failed(h.Job.TenantID, string(held.Event))
		a.Logger.ErrorContext(ctx, "the ticket was not enhanced", telemetry.KeyStatus, enhancement.StatusFailed, "reason", held.Reason)
		return StepResult{Outcome: enhancement.OutcomeFailed, Detail: held.Reason}, nil
	case held.Held: // not by an attempt that was cut off before it could report back
		a.Metrics.Held(h.Job.TenantID, string(h.Dependency))
		a.Logger.InfoContext(ctx, "the job is held", telemetry.KeyStatus, enhancement.StatusPending, "dependency", h.Dependency, "reason", h.Reason)
	}
	return StepResult{Outcome: enhancement.OutcomeOK}, nil
}

// gate asks whether a run may call the tenant's ServiceDesk Plus. The jobs of the first version always may.
func (a *Activities) gate(ctx context.Context, job Job) (ledger.Outage, error) {
	if !job.Holds {
		return ledger.Outage{}, nil
	}
	return a.Ledger.Outage(ctx, job.TenantID, enhancement.DependencyServiceDesk, job.JobID, job.Run)
}

// closed says that o keeps a run from calling.
func closed(o ledger.Outage) bool { return o.Standing && !o.Probe }

// blocked is what the workflow is told of a ServiceDesk Plus that fails in a way that may pass.
func blocked(detail string, o ledger.Outage) StepResult {
	return StepResult{
		Outcome: enhancement.OutcomeFailed, Detail: detail, Blocked: enhancement.DependencyServiceDesk, Dead: o.Standing,
	}
}

// passing says that ServiceDesk Plus failed in a way that may pass, and that the job can be held for it.
func passing(job Job, err error) bool { return job.Holds && servicedesk.Retryable(err) }

// failed accounts for a passing failure, and tells the workflow what to think of ServiceDesk Plus.
func (a *Activities) failed(ctx context.Context, job Job, step enhancement.Step, failure error) (StepResult, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookingTimeout)
	defer cancel()
	o, err := a.Ledger.DependencyFailed(ctx, job.TenantID, ledger.Failure{
		Dependency: enhancement.DependencyServiceDesk, JobID: job.JobID, Run: job.Run, Step: step,
		Reason: telemetry.Redact(failure.Error()), Plea: servicedesk.RateLimited(failure),
	})
	if err != nil {
		return StepResult{}, errors.Join(failure, err)
	}
	if o.Opened {
		a.Metrics.OutageBegan(job.TenantID, string(enhancement.DependencyServiceDesk))
		a.Logger.WarnContext(ctx, "ServiceDesk Plus of the tenant counts as dead: its jobs are held, and one at a time tries it",
			"error", failure, "next_try", o.Next)
	}
	return blocked(failure.Error(), o), nil
}

// tried draws the conclusion from a run that was not refused for good: what was proven is that the server works, or nothing, and
// then the next job may try it.
func (a *Activities) tried(ctx context.Context, job Job, o ledger.Outage, proven bool) {
	if proven {
		a.works(ctx, job)
		return
	}
	if !o.Probe {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookingTimeout)
	defer cancel()
	if err := a.Ledger.ProbeOver(ctx, job.TenantID, enhancement.DependencyServiceDesk, job.JobID, job.Run); err != nil {
		a.Logger.WarnContext(ctx, "the next job cannot try ServiceDesk Plus before the turn of this one runs out", "error", err)
	}
	a.ended(job) // there is a turn to be had
}

// works forgets the failures of a ServiceDesk Plus that has answered, if only to refuse, and lets go what was held for it. Should that fail, the
// next one to try it does so.
func (a *Activities) works(ctx context.Context, job Job) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookingTimeout)
	defer cancel()
	r, err := a.Ledger.DependencyWorks(ctx, job.TenantID, enhancement.DependencyServiceDesk)
	switch {
	case err != nil:
		a.Logger.WarnContext(ctx, "it was not noted that ServiceDesk Plus answers", "error", err)
	case r.Ended:
		a.Logger.InfoContext(ctx, "the outage of the tenant's ServiceDesk Plus is over: held jobs go on",
			"for_ms", r.Lasted.Milliseconds(), "held", r.Held)
		a.ended(job) // or as good as
	}
}
