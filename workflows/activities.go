package workflows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/dapr/durabletask-go/workflow"

	"github.com/ai-agents/ai-agents/internal/drafting"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// Ledger is what the activities need of *ledger.Ledger.
type Ledger interface {
	Notes
	Outages
	Modes

	Job(ctx context.Context, tenantID, jobID string) (enhancement.Job, error)
	Steps(ctx context.Context, tenantID, jobID string) (map[enhancement.Step]enhancement.StepRecord, error)
	RecordStep(ctx context.Context, tenantID, jobID string, r enhancement.StepRecord, calls ...enhancement.LLMCall) error
	Fetched(ctx context.Context, tenantID, jobID string, run int, t ticket.Ticket) (unchanged bool, err error)
	Complete(ctx context.Context, c ledger.Completion, holder string) error
	Fail(ctx context.Context, tenantID, jobID string, run int, reason string) (bool, error)
	Beat(ctx context.Context, tenantID, jobID string) error
}

// Notes is the part of the ledger that is about who may write a ticket's note, and what may stand there.
type Notes interface {
	HoldNote(ctx context.Context, tenantID, ticketID, holder string, lease time.Duration) (ledger.HeldNote, error)
	IntendNote(ctx context.Context, w ledger.Writer, digests ...string) error
	ReleaseNote(ctx context.Context, tenantID, ticketID, holder string) error
}

// Outages is the part of the ledger that is about dependencies that are down, and the jobs that wait for them.
type Outages interface {
	Hold(ctx context.Context, tenantID, jobID string, run int, h ledger.Holding) (ledger.Held, error)
	Outage(ctx context.Context, tenantID string, d enhancement.Dependency, jobID string, run int) (ledger.Outage, error)
	DependencyFailed(ctx context.Context, tenantID string, f ledger.Failure) (ledger.Outage, error)
	ProbeOver(ctx context.Context, tenantID string, d enhancement.Dependency, jobID string, run int) error
	DependencyWorks(ctx context.Context, tenantID string, d enhancement.Dependency) (ledger.Recovery, error)
}

// Drafter drafts a note under the tenant's preferences. It fails only where these cannot be read. Spent hears that the draft's
// cost is recorded.
type Drafter interface {
	Draft(ctx context.Context, r drafting.Request) (drafting.Draft, error)
	Spent(ctx context.Context, tenantID string)
}

// Desk is a tenant's ServiceDesk Plus.
type Desk interface {
	Request(ctx context.Context, id string) (servicedesk.Request, error)
	PutNote(ctx context.Context, w servicedesk.NoteWrite) (servicedesk.NoteResult, error)
	TidyNotes(ctx context.Context, t servicedesk.NoteTidy) (removed int, err error)
}

// Desks finds the ServiceDesk Plus of a tenant and how its notes are written; tenant.ErrNotFound
// when the tenant is gone or disabled.
type Desks interface {
	Desk(ctx context.Context, tenantID string) (Desk, tenant.Format, error)
}

// Activities are the steps of a job. Every one can be run again at any time: it finds in the ledger
// what an earlier run of it left.
type Activities struct {
	Ledger  Ledger
	Sources map[enhancement.Step]gather.Source // by the step that asks it
	Drafter Drafter
	Desks   Desks
	Metrics *telemetry.Metrics
	Logger  *slog.Logger
	// Ended, when set, hears of the tenants whose jobs have ended: there is room for others.
	Ended func(tenantID string)
	// TidyAfter is how long after a doubtful write the ticket is looked at again; a minute when zero.
	TidyAfter time.Duration
	// HoldLimit is how long a job is held before it fails; DefaultHoldLimit when zero.
	HoldLimit time.Duration
	// Tracer makes the spans of the steps; nil makes none.
	Tracer *tracing.Tracer

	// haste divides pauses and lease, for tests, which would spend their time with waiting; zero leaves them.
	haste   int
	running attempts
}

// begin reads the activity's input and derives the context of one attempt, which the caller ends. The attempt is
// not cut short by the end of the worker: a write that was begun is the dearest to lose track of.
func (a *Activities) begin(actx workflow.ActivityContext, operation string, limit time.Duration) (context.Context, context.CancelFunc, Job, error) {
	var job Job
	if err := actx.GetInput(&job); err != nil {
		return nil, nil, Job{}, fmt.Errorf("read the input of %s: %w", operation, err)
	}
	ctx, cancel := a.attempt(actx, operation, job, limit)
	return ctx, cancel, job, nil
}

func (a *Activities) attempt(actx workflow.ActivityContext, operation string, job Job, limit time.Duration) (context.Context, context.CancelFunc) {
	ctx, span := a.stepSpan(a.withJob(context.WithoutCancel(actx.Context()), operation, job), operation, job)
	ctx, cancel := context.WithTimeout(ctx, limit)
	end := a.running.begin()
	if operation == ActivitySynthesize { // which may have waited for its turn for longer than a workflow may stand still
		a.beatOnce(ctx, job)
	}
	var beating sync.WaitGroup
	beating.Go(func() { a.beat(ctx, job) })
	return ctx, func() { cancel(); beating.Wait(); span.end(); end() }
}

// beatInterval is how often an attempt says that it is under way. Most end before the first time.
const beatInterval = 5 * time.Second

// beat tells the sweeper that the workflow waits for this attempt, until it ends.
func (a *Activities) beat(ctx context.Context, job Job) {
	ticker := time.NewTicker(a.pause(beatInterval))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			a.beatOnce(ctx, job)
		}
	}
}

// beatOnce is not cut off by the end of the attempt, which would cost a connection to the database.
func (a *Activities) beatOnce(ctx context.Context, job Job) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookingTimeout)
	defer cancel()
	if err := a.Ledger.Beat(ctx, job.TenantID, job.JobID); err != nil {
		a.Logger.WarnContext(ctx, "it was not told that the step is under way", "error", err)
	}
}

func (*Activities) withJob(ctx context.Context, operation string, job Job) context.Context {
	return telemetry.With(ctx,
		slog.String(telemetry.KeyOperation, operation),
		slog.String(telemetry.KeyTenant, job.TenantID),
		slog.String(telemetry.KeyTicket, job.TicketID),
		slog.String(telemetry.KeyJob, job.JobID),
		slog.String(telemetry.KeyCorrelation, job.CorrelationID))
}

// record stores a step's outcome and measures it. The context of an attempt that ran out of time would
// refuse to, so it is detached from that.
func (a *Activities) record(ctx context.Context, job Job, r enhancement.StepRecord, calls ...enhancement.LLMCall) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookingTimeout)
	defer cancel()
	a.Metrics.Step(ctx, string(r.Step), string(r.Outcome), r.Duration)
	level := slog.LevelInfo
	if r.Outcome != enhancement.OutcomeOK {
		level = slog.LevelWarn
	}
	a.Logger.Log(ctx, level, "step ended", telemetry.KeyStatus, r.Outcome, "detail", r.Detail,
		"duration_ms", r.Duration.Milliseconds())
	r.Run = job.Run
	if err := a.Ledger.RecordStep(ctx, job.TenantID, job.JobID, r, calls...); err != nil {
		return fmt.Errorf("record the step: %w", err)
	}
	return nil
}

// RecordFailure ends a job that cannot be done. Operators are alerted by the metric it raises.
func (a *Activities) RecordFailure(actx workflow.ActivityContext) (any, error) {
	var f failure
	if err := actx.GetInput(&f); err != nil {
		return nil, fmt.Errorf("read the input of %s: %w", ActivityRecordFailure, err)
	}
	ctx, cancel := a.attempt(actx, ActivityRecordFailure, f.Job, recordPolicy.attempt)
	defer cancel()
	stored, err := a.Ledger.Job(ctx, f.Job.TenantID, f.Job.JobID)
	if err != nil && !errors.Is(err, enhancement.ErrNotFound) { // of a tenant that is gone there is nothing to fail
		return nil, err
	}
	failed, err := a.Ledger.Fail(ctx, f.Job.TenantID, f.Job.JobID, f.Job.Run, telemetry.Redact(ticket.Normalize(f.Reason)))
	if err != nil {
		return nil, err
	}
	if failed { // not by an attempt that was cut off before it could report back, and not completed after all
		a.Metrics.Failed(f.Job.TenantID, string(stored.Event))
		a.Logger.ErrorContext(ctx, "the ticket was not enhanced", telemetry.KeyStatus, enhancement.StatusFailed, "reason", f.Reason)
	}
	a.runOverAsBooked(ctx, f.Job)
	a.ended(f.Job)
	return StepResult{Outcome: enhancement.OutcomeOK}, nil
}

func (a *Activities) ended(job Job) {
	if a.Ended != nil {
		a.Ended(job.TenantID)
	}
}

func encode(what string, value any) (json.RawMessage, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", what, err)
	}
	return data, nil
}
