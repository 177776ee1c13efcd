package sweep

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

const (
	// purgeInterval is how often ended workflows are looked for; more often where they are kept for less.
	purgeInterval = 10 * time.Minute
	// purgePause is made after each workflow: at most 50 a second, a fraction of what starting as many takes.
	purgePause = 20 * time.Millisecond
	// keepPause is when a workflow is looked at again that goes on after its job, or that cannot be removed.
	keepPause = time.Hour
)

// RunPurge removes ended workflows until ctx ends.
func (s *Sweeper) RunPurge(ctx context.Context) {
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyOperation, "workflow_purge"))
	for ctx.Err() == nil {
		n, err := s.Purge(ctx)
		if n > 0 {
			s.Logger.InfoContext(ctx, "workflows of ended jobs were removed", "workflows", n)
		}
		if err != nil && ctx.Err() == nil {
			s.Logger.WarnContext(ctx, "the removal of ended workflows was cut short", "error", err)
		}
		_ = pause.For(ctx, pause.Jittered(min(purgeInterval, s.cfg.Retention))) // the loop sees the end of ctx
	}
}

// Purge removes the workflows of all jobs that ended long enough ago, tenants taking turns, and tells of how many.
func (s *Sweeper) Purge(ctx context.Context) (removed int, err error) {
	tenants, err := s.Ledger.Unpurged(ctx, s.cfg.Retention)
	if err != nil {
		return 0, err
	}
	err = inTurns(ctx, tenants, func(tenantID string) (int, error) {
		jobs, err := s.Ledger.TakeEnded(ctx, tenantID, s.cfg.Retention, batch, lease)
		if err != nil {
			return 0, err
		}
		for _, e := range jobs {
			n, err := s.purgeJob(ctx, e)
			removed += n
			if err != nil {
				return 0, err
			}
		}
		return len(jobs), nil
	})
	return removed, err
}

// purgeJob removes the workflows of all runs of a job. One that still runs, such as to tidy up, is left until later. Only an
// engine that answers nobody, or a ledger that cannot be written, is an error.
func (s *Sweeper) purgeJob(ctx context.Context, e ledger.Ended) (removed int, err error) {
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyTenant, e.TenantID), slog.String(telemetry.KeyJob, e.JobID),
		slog.String(telemetry.KeyCorrelation, e.CorrelationID))
	for run := e.Purged + 1; run <= e.Run; run++ {
		n, gone, err := s.purgeRun(ctx, enhancement.InstanceID(e.JobID, run))
		removed += n
		if err != nil {
			if ctx.Err() != nil {
				return removed, ctx.Err()
			}
			if _, probeErr := s.Engine.Look(ctx, probe); probeErr != nil {
				return removed, errors.Join(fmt.Errorf("%w: %w", errEngine, probeErr), s.Ledger.KeepWorkflow(ctx, e, pause.Jittered(purgeInterval)))
			}
			s.Logger.WarnContext(ctx, "a workflow could not be removed", "run", run, "error", err)
		}
		if !gone {
			return removed, s.Ledger.KeepWorkflow(ctx, e, pause.Jittered(keepPause))
		}
	}
	return removed, s.Ledger.Purged(ctx, e)
}

func (s *Sweeper) purgeRun(ctx context.Context, id string) (removed int, gone bool, err error) {
	defer func() { _ = pause.For(ctx, purgePause) }()
	instance, err := s.Engine.Look(ctx, id)
	if err != nil {
		return 0, false, err
	}
	switch instance.Phase {
	case sidecar.PhaseNone:
		return 0, true, nil
	case sidecar.PhaseEnded:
		if err := s.Engine.Purge(ctx, id); err != nil {
			return 0, false, err
		}
		s.Metrics.WorkflowPurged()
		return 1, true, nil
	case sidecar.PhaseDamaged:
		s.Logger.WarnContext(ctx, "a damaged workflow stays in the engine, which cannot remove it: see docs/operations.md", "workflow", id, "engine", instance.Detail)
		return 0, true, nil
	case sidecar.PhaseActive, sidecar.PhaseHeld:
	}
	return 0, false, nil
}
