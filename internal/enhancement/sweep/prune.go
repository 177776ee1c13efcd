package sweep

import (
	"context"
	"log/slog"
	"time"

	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

const (
	// ShortestLedger is the least for which ended jobs are kept: longer than any event may be late, or sent again, or found by
	// looking through recent tickets. What is gone would be done anew.
	ShortestLedger = 14 * 24 * time.Hour
	// pruneInterval is how often old jobs are looked for, and prunePause is made after each batch of them.
	pruneInterval = time.Hour
	prunePause    = 100 * time.Millisecond
)

// RunPrune removes old jobs from the ledger until ctx ends.
func (s *Sweeper) RunPrune(ctx context.Context) {
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyOperation, "ledger_prune"))
	for ctx.Err() == nil {
		n, err := s.Prune(ctx)
		if n > 0 {
			s.Logger.InfoContext(ctx, "old jobs were removed from the ledger", "jobs", n, "kept_for", s.cfg.LedgerRetention)
		}
		if err != nil && ctx.Err() == nil {
			s.Logger.WarnContext(ctx, "the removal of old jobs was cut short", "error", err)
		}
		_ = pause.For(ctx, pause.Jittered(pruneInterval)) // the loop sees the end of ctx
	}
}

// Prune removes all jobs that ended long enough ago and whose workflows are gone, with what hangs on them, tenants taking turns,
// and tells how many.
func (s *Sweeper) Prune(ctx context.Context) (removed int, err error) {
	tenants, err := s.Ledger.Prunable(ctx, s.cfg.LedgerRetention)
	if err != nil {
		return 0, err
	}
	err = inTurns(ctx, tenants, func(tenantID string) (int, error) {
		n, err := s.Ledger.PruneSome(ctx, tenantID, s.cfg.LedgerRetention, batch)
		s.Metrics.JobsPruned(n)
		removed += n
		_ = pause.For(ctx, prunePause) // the loop sees the end of ctx
		return n, err
	})
	return removed, err
}
