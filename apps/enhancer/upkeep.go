package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/ai-agents/ai-agents/internal/embedding"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

// upkeep brings what is derived from tickets and articles up to date, tenant by tenant: the search index, after an
// upgrade that changed its rules, and the embeddings of what is new. Any number of replicas may do it.
type upkeep struct {
	tenants  *tenantstore.Store
	history  *history.Store
	articles *knowledge.Store
	backfill *embedding.Backfill // nil without embeddings
	interval time.Duration
	logger   *slog.Logger
}

// run works until ctx ends. It begins at once: after an upgrade, nothing is found until the index is made.
func (u *upkeep) run(ctx context.Context) {
	ticker := time.NewTicker(u.interval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		u.pass(ctx)
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// pass does what there is to do. A failure is logged and tried again with the next pass.
func (u *upkeep) pass(ctx context.Context) {
	tenants, err := u.tenants.Enabled(ctx)
	if err != nil {
		u.failed(ctx, "", err)
		return
	}
	for _, tenantID := range tenants {
		if err := u.index(ctx, tenantID); err != nil {
			u.failed(ctx, tenantID, err)
		}
		if err := u.embed(ctx, tenantID); err != nil {
			u.failed(ctx, tenantID, err)
		}
	}
}

func (u *upkeep) index(ctx context.Context, tenantID string) error {
	tickets, err := u.history.Reindex(ctx, tenantID)
	if err != nil {
		return err
	}
	articles, err := u.articles.Reindex(ctx, tenantID)
	if tickets+articles > 0 {
		u.logger.InfoContext(ctx, "indexed anew", "tenant_id", tenantID, "tickets", tickets, "articles", articles)
	}
	return err
}

func (u *upkeep) embed(ctx context.Context, tenantID string) error {
	if u.backfill == nil {
		return nil
	}
	done, err := u.backfill.Run(ctx, tenantID)
	if done.Embedded+done.Refused+done.Failed > 0 {
		u.logger.InfoContext(ctx, "embedded", "tenant_id", tenantID, "texts", done.Embedded, "refused", done.Refused, "failed", done.Failed)
	}
	if errors.Is(err, embedding.ErrBusy) {
		return nil // another replica does it
	}
	return err
}

func (u *upkeep) failed(ctx context.Context, tenantID string, err error) {
	if ctx.Err() == nil {
		u.logger.WarnContext(ctx, "upkeep failed, it is tried again", "tenant_id", tenantID, "error", err)
	}
}
