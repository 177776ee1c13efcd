package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/deadletter"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/httpserver"
	"github.com/ai-agents/ai-agents/internal/preview"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// routes is for the sidecar, probes and the scraper; nothing else reaches this app.
func routes(deliveries map[string]http.Handler, previews http.Handler, token string, health *httpserver.Health, metrics *telemetry.Metrics) http.Handler {
	r := mux.NewRouter()
	for route, receiver := range deliveries {
		r.Handle(route, sidecar.OnlySidecar(token, receiver)).Methods(http.MethodPost)
	}
	r.Handle(preview.Route, sidecar.OnlyApp(preview.Caller, token, previews)).Methods(http.MethodPost)
	r.HandleFunc("/healthz", health.Live).Methods(http.MethodGet)
	r.HandleFunc("/readyz", health.Ready).Methods(http.MethodGet)
	r.Handle("/metrics", metrics.Handler()).Methods(http.MethodGet)
	return r
}

type queuer interface {
	Queued(ctx context.Context, tenantID, jobID string) (ledger.Found, error)
}

// receiver has the jobs wait for their turn that the queue delivers. A message is a wake-up: what there is to do, and in which
// order, the ledger says.
type receiver struct {
	ledger queuer
	wake   func(tenantID string)
	// refusals is told why a message was refused, for its dead letter does not say.
	refusals *deadletter.Refusals
	logger   *slog.Logger
}

// handler is for the sidecar.
func (h *receiver) handler() http.Handler { return sidecar.Receive(h.receive, h.logger) }

func (h *receiver) receive(ctx context.Context, requested event.EnhancementRequested) sidecar.Delivery {
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyOperation, "job_received"),
		slog.String(telemetry.KeyTenant, requested.TenantID), slog.String(telemetry.KeyTicket, requested.TicketID),
		slog.String(telemetry.KeyJob, requested.JobID), slog.String(telemetry.KeyCorrelation, requested.CorrelationID))
	found, err := h.ledger.Queued(ctx, requested.TenantID, requested.JobID)
	switch {
	case errors.Is(err, enhancement.ErrNotFound):
		// The gateway withdrew it, and told the sender so.
		h.logger.WarnContext(ctx, "event dropped: the ledger has no such job")
		return sidecar.DeliveryDrop
	case err != nil:
		h.logger.ErrorContext(ctx, "job not queued, to be delivered again", "error", err)
		h.refusals.Note(requested.JobID, err)
		return sidecar.DeliveryAgain
	case found.Status != enhancement.StatusPending:
		h.logger.InfoContext(ctx, "job is under way or done already", telemetry.KeyStatus, found.Status)
	default:
		h.wake(requested.TenantID)
	}
	return sidecar.DeliveryDone
}
