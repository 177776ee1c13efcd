package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/ai-agents/ai-agents/internal/desk"
	"github.com/ai-agents/ai-agents/internal/embedding"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/mirror"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

// listTimeout is the patience with one page of a list of 100 records: no ticket waits for it.
const listTimeout = 30 * time.Second

// background is the work that no ticket waits for.
type background struct {
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// newBackground starts it.
func newBackground(ctx context.Context, cfg config, db *postgres.DB, store *tenantstore.Store,
	embedder embedding.Embedder, logger *slog.Logger,
) *background {
	ctx, cancel := context.WithCancel(ctx)
	b := &background{cancel: cancel}
	keeping := &upkeep{
		tenants: store, history: history.NewStore(db), articles: knowledge.NewStore(db), interval: cfg.UpkeepInterval, logger: logger,
	}
	if embedder != nil {
		keeping.backfill = embedding.NewBackfill(db, embedder, embedding.BackfillOptions{Batch: cfg.Embeddings.Batch, Logger: logger})
	}
	settings := cfg.Mirror
	settings.Tenants, settings.Logger = store, logger
	mirror := mirror.New(db, mirrored{desk.New(store, listTimeout, logger)}, settings)
	b.running.Go(func() { keeping.run(ctx) })
	b.running.Go(func() {
		if err := mirror.Run(ctx); err != nil {
			logger.ErrorContext(ctx, "the mirror stopped", "error", err)
		}
	})
	return b
}

// stop ends the work and waits until it has stopped, between two of its steps.
func (b *background) stop() {
	b.cancel()
	b.running.Wait()
}
