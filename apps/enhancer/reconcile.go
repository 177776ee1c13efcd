package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/ai-agents/ai-agents/internal/desk"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/reconcile"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

// pollTimeout is the patience with the list of a tenant's latest requests. A server that hangs has a place among those that
// are polled for so long.
const pollTimeout = 10 * time.Second

func newReconciler(cfg config, db *postgres.DB, store *tenantstore.Store, clients *desk.Desks, books *ledger.Ledger,
	wake func(tenantID string), metrics *telemetry.Metrics, tracer *tracing.Tracer, logger *slog.Logger,
) *reconcile.Reconciler {
	settings := cfg.Reconcile
	settings.Enhancer = cfg.Tenant
	settings.Done, settings.CallsPerMinute = cfg.Mirror.ResolvedStatuses, cfg.Mirror.CallsPerMinute
	return reconcile.New(settings, reconcile.Deps{
		DB: db, Desks: polled{clients.Beside(store, pollTimeout)}, Ledger: books, Wake: wake, Metrics: metrics, Tracer: tracer, Logger: logger,
	})
}

// polled are the desks as the poll for missed webhooks sees them.
type polled struct{ clients *desk.Desks }

// Polled implements reconcile.Desks.
func (p polled) Polled(ctx context.Context, tenantID string) (reconcile.Desk, error) {
	client, _, err := p.clients.Client(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	return client, nil
}
