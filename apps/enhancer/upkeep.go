package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/ai-agents/ai-agents/internal/embedding"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

const (
	// embedSlice is how long one tenant's texts are embedded before it is the next one's turn.
	embedSlice = 2 * time.Minute
	// longestPause is how long embedding rests at most after failures in a row.
	longestPause = time.Hour
)

// upkeep brings what is derived from tickets and articles up to date, tenant by tenant: the search index, after an
// upgrade that changed its rules, and the embeddings of what is new. Any number of replicas may do it.
type upkeep struct {
	tenants  servedTenants
	history  *history.Store
	articles *knowledge.Store
	backfill *embedding.Backfill // nil without embeddings
	interval time.Duration
	logger   *slog.Logger

	// embedded is the revision of each tenant's texts when the last back-fill had nothing left to do.
	embedded map[string]revision
}

type revision struct{ tickets, articles int64 }

// index keeps the search indexes until ctx ends. It begins at once: after an upgrade, nothing is found until they are made.
func (u *upkeep) index(ctx context.Context) {
	for ctx.Err() == nil {
		for _, tenantID := range u.list(ctx) {
			u.indexTenant(ctx, tenantID)
		}
		_ = pause.For(ctx, u.interval) // the loop sees the end of ctx
	}
}

// embed keeps the embeddings until ctx ends. The endpoint is the same for all tenants: when it fails for one, the rest of
// them wait as well, longer after each failure.
func (u *upkeep) embed(ctx context.Context) {
	wait := u.interval
	for ctx.Err() == nil {
		err := u.embedAll(ctx)
		switch {
		case err == nil:
			wait = u.interval
		case ctx.Err() == nil:
			wait = min(2*wait, max(longestPause, u.interval))
			u.logger.WarnContext(ctx, "embedding failed", "error", err, "again_in", wait)
		}
		_ = pause.For(ctx, wait) // the loop sees the end of ctx
	}
}

func (u *upkeep) list(ctx context.Context) []string {
	tenants, err := u.tenants.Enabled(ctx)
	if err != nil && ctx.Err() == nil {
		u.logger.WarnContext(ctx, "tenants cannot be listed, their upkeep waits", "error", err)
	}
	return tenants
}

func (u *upkeep) indexTenant(ctx context.Context, tenantID string) {
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyOperation, "index"), slog.String(telemetry.KeyTenant, tenantID))
	tickets, err := u.history.Reindex(ctx, tenantID)
	articles, articlesErr := u.articles.Reindex(ctx, tenantID)
	if tickets+articles > 0 {
		u.logger.InfoContext(ctx, "indexed anew", "tickets", tickets, "articles", articles)
	}
	if err = errors.Join(err, articlesErr); err != nil && ctx.Err() == nil {
		u.logger.WarnContext(ctx, "the search index could not be brought up to date", "error", err)
	}
}

func (u *upkeep) embedAll(ctx context.Context) error {
	for _, tenantID := range u.list(ctx) {
		if err := u.embedTenant(ctx, tenantID); err != nil {
			return err
		}
	}
	return nil
}

// embedTenant does nothing for a tenant of which nothing has changed since it last did.
func (u *upkeep) embedTenant(ctx context.Context, tenantID string) error {
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyOperation, "embed"), slog.String(telemetry.KeyTenant, tenantID))
	now, err := u.revisionOf(ctx, tenantID)
	if err != nil {
		return err
	}
	if done, ok := u.embedded[tenantID]; ok && done == now {
		return nil
	}
	slice, cancel := context.WithTimeout(ctx, embedSlice)
	defer cancel()
	done, err := u.backfill.Run(slice, tenantID)
	if done.Embedded+done.Refused+done.Failed > 0 {
		u.logger.InfoContext(ctx, "embedded", "texts", done.Embedded, "refused", done.Refused, "failed", done.Failed)
	}
	switch {
	case errors.Is(err, embedding.ErrBusy), err != nil && slice.Err() != nil && ctx.Err() == nil:
		return nil // another replica does it, or it goes on in the next round
	case err != nil:
		return err
	case done.Failed == 0:
		u.embedded[tenantID] = now
	}
	return nil
}

func (u *upkeep) revisionOf(ctx context.Context, tenantID string) (revision, error) {
	tickets, err := u.history.Revision(ctx, tenantID)
	articles, articlesErr := u.articles.Revision(ctx, tenantID)
	return revision{tickets, articles}, errors.Join(err, articlesErr)
}
