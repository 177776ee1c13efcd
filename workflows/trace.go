package workflows

import (
	"context"
	"time"

	"github.com/dapr/durabletask-go/workflow"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
)

// What the span of a run says that ended because the job is held, or because an operator has cancelled it.
const (
	statusHeld      = "held"
	statusCancelled = "cancelled"
)

// The classes of failures, as spans tell them.
const (
	failedOurs    = "internal" // our own side's: it is tried again
	failedStep    = "failed"
	failedBlocked = "dependency"
)

// spanOf names the span of an activity. The names of both are durable, and not the same for each.
func spanOf(activity string) string {
	if activity == ActivityUpdateTicket {
		return tracing.SpanUpdate
	}
	return activity
}

// Trace is what a job's input says of its trace.
type Trace struct {
	// Parent is the span that everything hangs on, as a W3C traceparent.
	Parent string `json:"parent"`
	// BeganAt is when the workflow was started.
	BeganAt time.Time `json:"began_at,omitzero"`
	// GatheringAt is when its searches began and GatheredAt when all of them had ended, by the workflow's clock. The workflow says so to
	// the activities, which emit the span around them.
	GatheringAt time.Time `json:"gathering_at,omitzero"`
	GatheredAt  time.Time `json:"gathered_at,omitzero"`
}

// runSpan is the span on which the steps of a run hang, whichever process does them.
func (j Job) runSpan() tracing.Enclosing { return tracing.Run(j.Trace.Parent, j.JobID, j.Run) }

// gatheringSpan is the span around a run's searches.
func (j Job) gatheringSpan() tracing.Enclosing {
	return tracing.Enclosing{Below: j.runSpan().Parent(), Name: tracing.SpanGathering, JobID: j.JobID, Run: j.Run}
}

func (j Job) about() []attribute.KeyValue {
	return []attribute.KeyValue{
		tracing.KeyTenant.String(j.TenantID), tracing.KeyTicket.String(j.TicketID), tracing.KeyJob.String(j.JobID),
		tracing.KeyCorrelation.String(j.CorrelationID), tracing.KeyRun.Int(j.Run),
	}
}

// gathering and gathered note, in the workflow, when the span begins and ends that no activity can see both ends of. The inputs of jobs
// that are not traced stay as they were.
func (t *Trace) gathering(ctx *workflow.WorkflowContext) { t.note(ctx, &t.GatheringAt) }
func (t *Trace) gathered(ctx *workflow.WorkflowContext)  { t.note(ctx, &t.GatheredAt) }

func (t *Trace) note(ctx *workflow.WorkflowContext, at *time.Time) {
	if t.Parent != "" {
		*at = ctx.CurrentTimeUTC()
	}
}

// stepTrace is the span of an attempt, and what is to be emitted after it.
type stepTrace struct {
	trace.Span

	after []func()
}

type stepKey struct{}

// stepSpan begins the span of an attempt. What the engine says of its own spans is left aside: it brings none where it does not record.
func (a *Activities) stepSpan(ctx context.Context, operation string, job Job) (context.Context, *stepTrace) {
	below := job.runSpan().Parent()
	switch operation {
	case ActivityTicketSearch, ActivityDocSearch, ActivityIPSearch:
		below = job.gatheringSpan().Parent()
	}
	ctx, span := a.Tracer.Under(ctx, below, spanOf(operation), trace.SpanKindInternal, job.about()...)
	step := &stepTrace{Span: span}
	return context.WithValue(ctx, stepKey{}, step), step
}

// end ends the attempt's span, and then those that end with it.
func (s *stepTrace) end() {
	s.End()
	for _, emit := range s.after {
		emit()
	}
}

// traced says on the attempt's span how it went.
func traced(ctx context.Context) func(StepResult, error) (any, error) {
	return func(r StepResult, err error) (any, error) {
		span := trace.SpanFromContext(ctx)
		switch {
		case err != nil:
			tracing.Fail(span, failedOurs)
		case r.Blocked != "":
			span.SetAttributes(tracing.KeyHeldFor.String(string(r.Blocked)))
			tracing.Fail(span, failedBlocked)
		case r.Outcome == enhancement.OutcomeFailed:
			tracing.Fail(span, failedStep)
		}
		if err == nil {
			span.SetAttributes(tracing.KeyOutcome.String(string(r.Outcome)))
		}
		return r, err
	}
}

// gatheringOver emits the span around the searches, which have ended when the note is begun.
func (a *Activities) gatheringOver(job Job) {
	if job.Trace.GatheredAt.IsZero() {
		return
	}
	a.Tracer.Emit(job.gatheringSpan(), tracing.Over{Start: job.Trace.GatheringAt, End: job.Trace.GatheredAt, Attrs: job.about()})
}

// ending is how a run ended.
type ending struct {
	status string
	// failed is the class of the job's failure; empty for all others. The reason may repeat what a server said.
	failed string
	// at is when; now when zero.
	at time.Time
	// slow says that the ticket has waited for long.
	slow  bool
	attrs []attribute.KeyValue
}

// runOver has the span around the run emitted, after that of the attempt which ended it.
func (a *Activities) runOver(ctx context.Context, job Job, e ending) {
	step, ok := ctx.Value(stepKey{}).(*stepTrace)
	if !ok || a.Tracer == nil || job.Trace.BeganAt.IsZero() {
		return
	}
	attrs := append(job.about(), tracing.KeyStatus.String(e.status))
	if e.slow {
		attrs = append(attrs, tracing.KeySlow.Bool(true))
	}
	attrs = append(attrs, e.attrs...)
	step.after = append(step.after, func() {
		end := e.at
		if end.IsZero() {
			end = time.Now()
		}
		a.Tracer.Emit(job.runSpan(), tracing.Over{Start: job.Trace.BeganAt, End: end, Failed: e.failed, Attrs: attrs})
	})
}

// runOverAsBooked is runOver for an attempt that finds the run ended: by one before it that could not report back, or by another step.
func (a *Activities) runOverAsBooked(ctx context.Context, job Job) {
	if a.Tracer == nil || job.Trace.BeganAt.IsZero() {
		return
	}
	stored, err := a.Ledger.Job(ctx, job.TenantID, job.JobID)
	if err != nil {
		a.Logger.WarnContext(ctx, "it was not found out how the run ended, so its trace does not tell", "error", err)
		return
	}
	a.runOver(ctx, job, booked(job, stored))
}

// booked is how the run ended, as the ledger has it.
func booked(job Job, stored enhancement.Job) ending {
	e := ending{status: string(stored.Status), at: stored.FinishedAt, slow: slow(stored, stored.FinishedAt)}
	switch {
	case stored.Status != enhancement.StatusCompleted && stored.RunCancelled(job.Run):
		// It ends with the step that finds it cancelled. That is no failure.
		e = ending{status: statusCancelled}
	case stored.Run > job.Run:
		e = ending{status: statusHeld, attrs: []attribute.KeyValue{tracing.KeyHeldFor.String(string(stored.HeldFor))}, slow: slow(stored, time.Now())}
	case stored.Status == enhancement.StatusFailed:
		e.failed = failedStep
	}
	return e
}

// slow says whether the ticket has waited for long. For a job that was begun anew what counts is the new beginning.
func slow(stored enhancement.Job, until time.Time) bool {
	if until.IsZero() {
		until = time.Now()
	}
	return until.Sub(stored.AskedAt) > tracing.Slow
}
