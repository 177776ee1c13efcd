package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/ai-agents/ai-agents/internal/desk"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/preview"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/workflows"
)

// newPreviews drafts notes with what the jobs draft theirs with.
func newPreviews(cfg config, db *postgres.DB, desks desks, activities *workflows.Activities, sealer *tenant.Sealer,
	metrics *telemetry.Metrics, logger *slog.Logger,
) http.Handler {
	return preview.New(cfg.Preview, preview.Deps{
		Tenants: desks, Sources: activities.Sources, Drafter: activities.Drafter, Past: history.NewStore(db),
		Jobs: newestJobs{ledger.New(db)}, Desks: readDesks{desks.clients}, Limits: workflows.PreviewLimits(),
		Enhancer: cfg.Tenant, Sealer: sealer, Count: metrics.Preview, Now: time.Now, Logger: logger,
	}).Handler()
}

// readDesks are the desks as previews see them.
type readDesks struct{ clients *desk.Desks }

// Ticket implements preview.Tickets.
func (d readDesks) Ticket(ctx context.Context, tenantID, ticketID string) (ticket.Ticket, error) {
	client, _, err := d.clients.Client(ctx, tenantID)
	if err != nil {
		return ticket.Ticket{}, err
	}
	found, err := client.Request(ctx, ticketID)
	if failure, is := errors.AsType[*servicedesk.Error](err); is && failure.Kind == servicedesk.KindNotFound || err == nil && found.IsTrashed {
		return ticket.Ticket{}, preview.ErrNoTicket
	}
	if err != nil {
		return ticket.Ticket{}, err
	}
	return workflows.TicketOf(ticketID, found), nil
}

// newestJobs are the jobs as previews see them.
type newestJobs struct{ ledger *ledger.Ledger }

// recentJobs of a ticket are looked at: the newest may not have fetched its texts yet.
const recentJobs = 10

// Newest implements preview.Jobs.
func (j newestJobs) Newest(ctx context.Context, tenantID, ticketID string) (enhancement.Job, error) {
	jobs, err := j.ledger.List(ctx, tenantID, ledger.List{TicketID: ticketID, Limit: recentJobs})
	if err != nil {
		return enhancement.Job{}, err
	}
	for i := range jobs {
		if jobs[i].Ticket.Text() != "" {
			return jobs[i], nil
		}
	}
	return enhancement.Job{}, enhancement.ErrNotFound
}
