package sweep

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
)

// probe is an instance id that no workflow has.
const probe = "sweep-probe"

// sweepJob looks at one job. An error that is the engine's own is errEngine, and leaves the job as it is; one that only this
// job has counts as an attempt, so that a job of which the engine cannot make anything ends, too.
func (s *Sweeper) sweepJob(ctx context.Context, d ledger.Due) error {
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyTenant, d.TenantID), slog.String(telemetry.KeyTicket, d.TicketID),
		slog.String(telemetry.KeyJob, d.JobID), slog.String(telemetry.KeyCorrelation, d.CorrelationID))
	if d.Status == enhancement.StatusPending {
		return s.queue(ctx, d)
	}
	instance, err := s.Engine.Look(ctx, instanceID(d))
	if err != nil {
		return s.tried(ctx, d, telemetry.SweptUnclear, err)
	}
	switch {
	case instance.Phase == sidecar.PhaseHeld:
		s.Logger.WarnContext(ctx, "a workflow is held: it goes on when it is resumed, or a worker knows its version", "engine", instance.Detail)
		return s.leave(ctx, d, telemetry.SweptHeld)
	case instance.Phase == sidecar.PhaseActive && !s.stuck(d, instance):
		return s.leave(ctx, d, telemetry.SweptWorking)
	case d.Sweeps >= s.cfg.Attempts:
		return s.giveUp(ctx, d, instance.Detail)
	case instance.Phase == sidecar.PhaseDamaged:
		return s.startAnew(ctx, d, telemetry.SweptStarted, instance.Detail)
	case instance.Phase == sidecar.PhaseActive:
		s.Logger.WarnContext(ctx, "a workflow stands still and is given up for another", "moved_at", instance.MovedAt, "idle_ms", d.Idle.Milliseconds())
		return s.startAnew(ctx, d, telemetry.SweptStuck, instance.Detail)
	}
	return s.restart(ctx, d, telemetry.SweptStarted, instance.Detail)
}

func (s *Sweeper) restart(ctx context.Context, d ledger.Due, outcome telemetry.Swept, engine string) error {
	err := s.Starter.Restart(ctx, d)
	if err == nil {
		s.Logger.WarnContext(ctx, "a job that nobody worked on was put on the way again", "for_ms", d.Since.Milliseconds(), "engine", engine, "attempt", d.Sweeps+1)
	}
	return s.tried(ctx, d, outcome, err)
}

// startAnew leaves a workflow behind whose id the engine will not give to another, because it is damaged or not known to have
// ended, and starts a new run of the job. Should the old one come to life after all, the two share the recorded steps and take
// turns at the note.
func (s *Sweeper) startAnew(ctx context.Context, d ledger.Due, outcome telemetry.Swept, engine string) error {
	anew, err := s.Ledger.BeginAnew(ctx, d)
	if errors.Is(err, enhancement.ErrNotFound) {
		return nil // the job has ended meanwhile
	}
	if err != nil {
		return s.tried(ctx, d, telemetry.SweptUnclear, err)
	}
	s.runOver(d, statusGivenUp)
	if outcome == telemetry.SweptStuck {
		if err := s.Engine.Terminate(ctx, instanceID(d)); err != nil {
			s.Logger.WarnContext(ctx, "a workflow that stands still could not be ended", "error", err)
		}
	}
	return s.restart(ctx, anew, outcome, engine)
}

// queue has a job wait for its turn of which no message has told. The dispatcher starts it.
func (s *Sweeper) queue(ctx context.Context, d ledger.Due) error {
	found, err := s.Ledger.Queued(ctx, d.TenantID, d.JobID)
	if errors.Is(err, enhancement.ErrNotFound) {
		return nil // withdrawn, or its tenant removed
	}
	if err != nil {
		return err
	}
	if found.Status == enhancement.StatusPending {
		s.Metrics.Swept(telemetry.SweptQueued)
		s.Logger.WarnContext(ctx, "a job of which no message told was queued", "for_ms", d.Since.Milliseconds())
	}
	return nil
}

func instanceID(d ledger.Due) string { return enhancement.InstanceID(d.JobID, d.Run) }

// stuck says that the engine has forgotten to go on, as after a loss of the scheduler's data, or of a step's result on its way.
func (s *Sweeper) stuck(d ledger.Due, instance sidecar.Instance) bool {
	patience := s.cfg.Stuck(d.Sweeps)
	return d.Idle > patience && !instance.MovedAt.IsZero() && time.Since(instance.MovedAt) > patience
}

// leave has a job that is worked on looked at again later.
func (s *Sweeper) leave(ctx context.Context, d ledger.Due, outcome telemetry.Swept) error {
	s.Metrics.Swept(outcome)
	return s.Ledger.Swept(ctx, d, d.Sweeps, pause.Jittered(s.cfg.RunningAfter))
}

// tried accounts for something done to get a job on its way.
func (s *Sweeper) tried(ctx context.Context, d ledger.Due, outcome telemetry.Swept, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		if _, probeErr := s.Engine.Look(ctx, probe); probeErr != nil {
			s.Metrics.Swept(telemetry.SweptUnreachable)
			return errors.Join(fmt.Errorf("%w: %w", errEngine, probeErr), err)
		}
		outcome = telemetry.SweptUnclear
		s.Logger.ErrorContext(ctx, "a job could not be put on the way", "attempt", d.Sweeps+1, "error", err)
		if d.Sweeps >= s.cfg.Attempts {
			return s.giveUp(ctx, d, err.Error())
		}
	}
	s.Metrics.Swept(outcome)
	return s.Ledger.Swept(ctx, d, d.Sweeps+1, pause.Jittered(backoff(s.cfg.Backoff, d.Sweeps+1)))
}

// giveUp fails the run. It is begun anew when its event is sent again, or by an operator.
func (s *Sweeper) giveUp(ctx context.Context, d ledger.Due, detail string) error {
	reason := fmt.Sprintf("its workflow was started %d times by the sweeper and did not end the job", d.Sweeps)
	if detail != "" {
		reason += "; the last time: " + detail
	}
	failed, err := s.Ledger.Fail(ctx, d.TenantID, d.JobID, d.Run, reason)
	if err != nil || !failed {
		return err
	}
	s.runOver(d, enhancement.StatusFailed)
	s.Metrics.Swept(telemetry.SweptFailed)
	s.Metrics.Failed(d.TenantID, string(d.Event))
	s.Logger.ErrorContext(ctx, "a job was given up", telemetry.KeyStatus, enhancement.StatusFailed, "reason", reason)
	return nil
}

// statusGivenUp is what the span of a run says that another one follows upon.
const statusGivenUp enhancement.Status = "given_up"

// runOver emits the span around a run that no step of its own will end. When its workflow was started is known about only.
func (s *Sweeper) runOver(d ledger.Due, status enhancement.Status) {
	attrs := []attribute.KeyValue{
		tracing.KeyTenant.String(d.TenantID), tracing.KeyTicket.String(d.TicketID), tracing.KeyJob.String(d.JobID),
		tracing.KeyCorrelation.String(d.CorrelationID), tracing.KeyRun.Int(d.Run), tracing.KeyStatus.String(string(status)),
	}
	if d.Since > tracing.Slow {
		attrs = append(attrs, tracing.KeySlow.Bool(true))
	}
	end := time.Now()
	s.Tracer.Emit(tracing.Run(d.TraceParent, d.JobID, d.Run), tracing.Over{Start: end.Add(-d.Since), End: end, Failed: string(statusGivenUp), Attrs: attrs})
}
