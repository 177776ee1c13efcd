package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ai-agents/ai-agents/internal/desk"
	"github.com/ai-agents/ai-agents/internal/embedding"
	"github.com/ai-agents/ai-agents/internal/enhancement/dispatch"
	"github.com/ai-agents/ai-agents/internal/enhancement/sweep"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/mirror"
	"github.com/ai-agents/ai-agents/internal/mutation"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/reconcile"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

// listTimeout is the patience with one page of a list of 100 records: no ticket waits for it.
const listTimeout = 30 * time.Second

// background is the work that no ticket waits for.
type background struct {
	ctx     context.Context //nolint:containedctx // of all that it does
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// newBackground starts it.
func newBackground(ctx context.Context, cfg config, db *postgres.DB, store *tenantstore.Store, clients *desk.Desks,
	embedder embedding.Embedder, sweeper *sweep.Sweeper, dispatcher *dispatch.Dispatcher, reconciler *reconcile.Reconciler, logger *slog.Logger,
) *background {
	ctx, cancel := context.WithCancel(ctx)
	b := &background{ctx: ctx, cancel: cancel}
	served := servedTenants{store, cfg.Tenant}
	keeping := &upkeep{
		tenants: served, history: history.NewStore(db), articles: knowledge.NewStore(db), interval: cfg.UpkeepInterval, logger: logger,
		embedded: make(map[string]revision),
	}
	if cfg.UpkeepInterval > 0 {
		b.running.Go(func() { keeping.index(ctx) })
	}
	if embedder != nil && cfg.UpkeepInterval > 0 {
		keeping.backfill = embedding.NewBackfill(db, embedder, embedding.BackfillOptions{Batch: cfg.Embeddings.Batch, Logger: logger})
		b.running.Go(func() { keeping.embed(ctx) })
	}
	b.running.Go(func() { dispatcher.Run(ctx) })
	b.running.Go(func() { dispatcher.RunMeasuring(ctx) })
	if cfg.Sweep.Interval > 0 && !mutation.On(mutation.SweeperOff) {
		b.running.Go(func() { sweeper.Run(ctx) })
	}
	if cfg.Sweep.Retention > 0 {
		b.running.Go(func() { sweeper.RunPurge(ctx) })
	}
	b.running.Go(func() { reconciler.Run(ctx) })
	if cfg.Sweep.LedgerRetention > 0 {
		b.running.Go(func() { sweeper.RunPrune(ctx) })
	}
	settings := cfg.Mirror
	settings.Tenants, settings.Logger = served, logger
	mirror := mirror.New(db, mirrored{clients.Beside(store, listTimeout)}, settings)
	b.running.Go(func() {
		if err := mirror.Run(ctx); err != nil {
			logger.ErrorContext(ctx, "the mirror stopped", "error", err)
		}
	})
	return b
}

// add has more work done beside the rest.
func (b *background) add(work func(ctx context.Context)) {
	b.running.Go(func() { work(b.ctx) })
}

// stop ends the work and waits until it has stopped, between two of its steps, or until ctx ends.
func (b *background) stop(ctx context.Context) error {
	b.cancel()
	stopped := make(chan struct{})
	go func() {
		b.running.Wait()
		close(stopped)
	}()
	select {
	case <-stopped:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the work in the background did not stop: %w", ctx.Err())
	}
}
