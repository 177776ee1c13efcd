package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/dapr/durabletask-go/workflow"
	"go.opentelemetry.io/otel/attribute"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/workflows"
)

const (
	// restartTimeout bounds the start of a job by the sweeper.
	restartTimeout = 10 * time.Second
	// probe is an instance id that no workflow has.
	probe = "dispatch-probe"
)

type engine interface {
	ScheduleWorkflow(ctx context.Context, name string, opts ...workflow.NewWorkflowOptions) (string, error)
}

type instances interface {
	Look(ctx context.Context, id string) (sidecar.Instance, error)
}

type books interface {
	Job(ctx context.Context, tenantID, jobID string) (enhancement.Job, error)
	TraceAnew(ctx context.Context, tenantID, jobID string, run int, parent string) error
}

// starter starts the workflow of a job, exactly one however often it is asked to.
type starter struct {
	ledger    books
	engine    engine
	tracer    *tracing.Tracer // nil: nothing is traced
	instances instances
	logger    *slog.Logger
}

// Start implements dispatch.Engine.
func (s *starter) Start(ctx context.Context, a ledger.Admitted) error {
	wait := s.wait(ctx, a)
	parent := a.TraceParent
	if wait.Anew {
		parent = wait.Parent()
	}
	ctx = tracing.With(ctx, tracing.Run(parent, a.JobID, a.Run).Parent()) // for the engine's own spans
	_, err := s.engine.ScheduleWorkflow(ctx, workflows.EnhanceTicket,
		workflow.WithInstanceID(enhancement.InstanceID(a.JobID, a.Run)),
		workflow.WithInput(workflows.Job{
			TenantID: a.TenantID, JobID: a.JobID, Run: a.Run, CorrelationID: a.CorrelationID, TicketID: a.TicketID, Refetch: a.Refetch,
			Trace: runTrace(parent),
		}))
	if err != nil && !alreadyStarted(err) {
		return fmt.Errorf("start the workflow of job %s: %w", a.JobID, err)
	}
	s.waited(a, wait)
	return nil
}

// Answers implements dispatch.Engine.
func (s *starter) Answers(ctx context.Context) error {
	_, err := s.instances.Look(ctx, probe)
	return err
}

// Restart implements sweep.Starter.
func (s *starter) Restart(ctx context.Context, d ledger.Due) error {
	ctx, cancel := context.WithTimeout(ctx, restartTimeout)
	defer cancel()
	job, err := s.ledger.Job(ctx, d.TenantID, d.JobID)
	switch {
	case errors.Is(err, enhancement.ErrNotFound):
		return nil // its tenant was removed
	case err != nil:
		return err
	case job.Status != enhancement.StatusRunning || job.Run != d.Run:
		return nil // it has ended, or waits for its turn again
	}
	return s.Start(ctx, ledger.Admitted{
		TenantID: d.TenantID, JobID: d.JobID, TicketID: d.TicketID, CorrelationID: d.CorrelationID, Run: d.Run, Refetch: job.Refetch,
		TraceParent: job.TraceParent,
	})
}

// alreadyStarted also reads the message, because the sidecar wraps the engine's status in one of its own.
func alreadyStarted(err error) bool {
	return err != nil && (status.Code(err) == codes.AlreadyExists || strings.Contains(err.Error(), "already exists"))
}

// runTrace is what a workflow that is started now is told of its trace.
func runTrace(parent string) workflows.Trace {
	if parent == "" {
		return workflows.Trace{}
	}
	return workflows.Trace{Parent: parent, BeganAt: time.Now()}
}

// wait is the span for which the job waited. That of a late run begins a trace of its own, and the ledger is told so: the run goes on in it
// also where the sweeper starts it again, and who looks for the job's trace finds it.
func (s *starter) wait(ctx context.Context, a ledger.Admitted) tracing.Enclosing {
	wait := tracing.Wait(a.TraceParent, a.JobID, a.Run)
	if !s.tracer.On() || a.TraceParent == "" || a.ReceivedAt.IsZero() || a.StartedAt.Sub(a.ReceivedAt) < tracing.Late {
		return wait
	}
	anew := wait
	anew.Anew = true
	if err := s.ledger.TraceAnew(ctx, a.TenantID, a.JobID, a.Run, anew.Parent()); err != nil {
		s.logger.WarnContext(ctx, "the run stays in the trace of those before it", "error", err)
		return wait
	}
	return anew
}

// waited emits for how long a job waited for its turn, when that is known: not of one that the sweeper starts again.
func (s *starter) waited(a ledger.Admitted, wait tracing.Enclosing) {
	if a.WaitedSince.IsZero() {
		return
	}
	attrs := []attribute.KeyValue{tracing.KeyTenant.String(a.TenantID), tracing.KeyTicket.String(a.TicketID), tracing.KeyJob.String(a.JobID), tracing.KeyRun.Int(a.Run)}
	if a.StartedAt.Sub(a.WaitedSince) > tracing.Slow {
		attrs = append(attrs, tracing.KeySlow.Bool(true))
	}
	s.tracer.Emit(wait, tracing.Over{Start: a.WaitedSince, End: a.StartedAt, Attrs: attrs})
}
