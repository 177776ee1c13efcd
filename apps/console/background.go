package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ai-agents/ai-agents/internal/access/oidc"
	"github.com/ai-agents/ai-agents/internal/access/tokenstore"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/console/sessionstore"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

// background is the work that no request waits for. Several replicas may do it at once.
type background struct {
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// newBackground starts it, and what else there is to do. persons may be nil.
func newBackground(ctx context.Context, cfg config, db *postgres.DB, tenants *tenantstore.Store, tokens *tokenstore.Tokens,
	sessions *sessionstore.Store, persons *oidc.Verifier, logger *slog.Logger, also ...func(context.Context),
) *background {
	ctx, cancel := context.WithCancel(ctx)
	b := &background{cancel: cancel}
	b.running.Go(func() { tenants.KeepSealed(ctx, cfg.UpkeepInterval, logger) })
	b.running.Go(func() { audit.New(db).KeepFor(ctx, cfg.Retention.Keep, cfg.UpkeepInterval, logger) })
	b.running.Go(func() { prune(ctx, "API tokens", tokens, tokenstore.KeepEnded, cfg.UpkeepInterval, logger) })
	b.running.Go(func() { prune(ctx, "sessions", sessions, 0, cfg.UpkeepInterval, logger) })
	for _, work := range also {
		b.running.Go(func() { work(ctx) })
	}
	if persons != nil {
		b.running.Go(func() {
			if err := persons.Run(ctx); err != nil && ctx.Err() == nil {
				logger.ErrorContext(ctx, "persons cannot sign in until the console is restarted", "error", err)
			}
		})
	}
	return b
}

// pruner removes what ended longer than keep ago.
type pruner interface {
	Prune(ctx context.Context, keep time.Duration) (int64, error)
}

// prune removes, now and each interval, what ended longer than keep ago.
func prune(ctx context.Context, what string, ended pruner, keep, interval time.Duration, logger *slog.Logger) {
	again := time.NewTicker(interval)
	defer again.Stop()
	for {
		removed, err := ended.Prune(ctx, keep)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			logger.WarnContext(ctx, "what has ended was not removed", "of", what, "error", err)
		case removed > 0:
			logger.InfoContext(ctx, "what has ended was removed", "of", what, "removed", removed)
		}
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

// stop ends the work and waits until it has stopped, or until ctx ends.
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
