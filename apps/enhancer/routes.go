package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/gorilla/mux"
	"go.opentelemetry.io/otel/trace"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/deadletter"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/httpserver"
	"github.com/ai-agents/ai-agents/internal/preview"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/tenant"
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
	// enhancer is whose queue it is; see tenant.EnhancerOf.
	enhancer string
	ledger   queuer
	wake     func(tenantID string)
	// refusals is told why a message was refused, for its dead letter does not say.
	refusals *deadletter.Refusals
	tracer   *tracing.Tracer // nil: nothing is traced
	logger   *slog.Logger
}

// handler is for the sidecar.
func (h *receiver) handler() http.Handler { return sidecar.Receive(h.receive, h.logger) }

func (h *receiver) receive(ctx context.Context, requested event.EnhancementRequested) sidecar.Delivery {
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyOperation, "job_received"),
		slog.String(telemetry.KeyTenant, requested.TenantID), slog.String(telemetry.KeyTicket, requested.TicketID),
		slog.String(telemetry.KeyJob, requested.JobID), slog.String(telemetry.KeyCorrelation, requested.CorrelationID))
	ctx, span := h.traced(ctx, requested)
	defer span.End()
	if h.enhancer != tenant.SharedEnhancer && requested.TenantID != h.enhancer {
		// It is nothing of ours. The sweeper of the enhancer that tenants share finds the job, if there is one.
		h.logger.WarnContext(ctx, "event dropped: it is of another tenant than this enhancer's own")
		return sidecar.DeliveryDrop
	}
	found, err := h.ledger.Queued(ctx, requested.TenantID, requested.JobID)
	switch {
	case errors.Is(err, enhancement.ErrNotFound):
		// The gateway withdrew it, and told the sender so.
		h.logger.WarnContext(ctx, "event dropped: the ledger has no such job")
		return sidecar.DeliveryDrop
	case err != nil:
		tracing.Fail(span, "ledger")
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

// traced begins the span of a delivery: below the sidecar's own, when that is of the trace in which the job was queued.
func (h *receiver) traced(ctx context.Context, requested event.EnhancementRequested) (context.Context, trace.Span) {
	below := requested.TraceParent
	if delivered := tracing.Parent(ctx); tracing.SameTrace(delivered, below) {
		below = delivered
	}
	return h.tracer.Under(ctx, below, tracing.SpanDelivered, trace.SpanKindConsumer,
		tracing.KeyTenant.String(requested.TenantID), tracing.KeyTicket.String(requested.TicketID), tracing.KeyJob.String(requested.JobID),
		tracing.KeyCorrelation.String(requested.CorrelationID), tracing.KeyMessaging.String(event.TopicEnhancementOf(h.enhancer)))
}
