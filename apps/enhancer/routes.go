package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/dapr/durabletask-go/workflow"
	"github.com/gorilla/mux"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/httpserver"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/workflows"
)

// maxEvent bounds a delivered event: the largest webhook, wrapped.
const maxEvent = 1 << 20

// receiveTimeout bounds one delivery, so that a dependency that hangs does not hold up the queue.
const receiveTimeout = 10 * time.Second

// routes is for the sidecar, probes and the scraper; nothing else reaches this app.
func routes(receiver http.Handler, token string, health *httpserver.Health, metrics *telemetry.Metrics) http.Handler {
	r := mux.NewRouter()
	r.Handle(event.RouteEnhancement, sidecar.OnlySidecar(token, receiver)).Methods(http.MethodPost)
	r.HandleFunc("/healthz", health.Live).Methods(http.MethodGet)
	r.HandleFunc("/readyz", health.Ready).Methods(http.MethodGet)
	r.Handle("/metrics", metrics.Handler()).Methods(http.MethodGet)
	return r
}

type claimer interface {
	Claim(ctx context.Context, tenantID, jobID string) (enhancement.Status, int, error)
}

type engine interface {
	ScheduleWorkflow(ctx context.Context, name string, opts ...workflow.NewWorkflowOptions) (string, error)
}

// receiver starts the workflow of a job that the queue delivers, exactly one however often it is
// delivered.
type receiver struct {
	ledger claimer
	engine engine
	logger *slog.Logger
}

// What Dapr understands as the answer to a delivery.
const (
	deliverySuccess = "SUCCESS"
	deliveryRetry   = "RETRY"
	deliveryDrop    = "DROP"
)

// ServeHTTP implements http.Handler for CloudEvents delivered by the sidecar.
func (h *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), receiveTimeout)
	defer cancel()
	answer := h.receive(ctx, http.MaxBytesReader(w, r.Body, maxEvent))
	w.Header().Set("Content-Type", "application/json")
	// Should this fail, the sidecar delivers again.
	_ = json.NewEncoder(w).Encode(map[string]string{"status": answer})
}

func (h *receiver) receive(ctx context.Context, body io.Reader) string {
	var envelope struct {
		Data event.EnhancementRequested `json:"data"`
	}
	if err := json.NewDecoder(body).Decode(&envelope); err != nil {
		h.logger.ErrorContext(ctx, "event dropped: it cannot be read", "error", err)
		return deliveryDrop
	}
	requested := envelope.Data
	if err := requested.Validate(); err != nil {
		h.logger.ErrorContext(ctx, "event dropped: it is incomplete", "error", err)
		return deliveryDrop
	}
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyOperation, "job_received"),
		slog.String(telemetry.KeyTenant, requested.TenantID), slog.String(telemetry.KeyTicket, requested.TicketID),
		slog.String(telemetry.KeyJob, requested.JobID), slog.String(telemetry.KeyCorrelation, requested.CorrelationID))
	claimed, run, err := h.ledger.Claim(ctx, requested.TenantID, requested.JobID)
	switch {
	case errors.Is(err, enhancement.ErrNotFound):
		// The gateway withdrew it, and told the sender so.
		h.logger.WarnContext(ctx, "event dropped: the ledger has no such job")
		return deliveryDrop
	case err != nil:
		h.logger.ErrorContext(ctx, "job not claimed, to be delivered again", "error", err)
		return deliveryRetry
	case claimed.Terminal():
		h.logger.InfoContext(ctx, "job is done already", telemetry.KeyStatus, claimed)
		return deliverySuccess
	}
	return h.start(ctx, requested, run)
}

func (h *receiver) start(ctx context.Context, requested event.EnhancementRequested, run int) string {
	_, err := h.engine.ScheduleWorkflow(ctx, workflows.EnhanceTicket,
		workflow.WithInstanceID(enhancement.InstanceID(requested.JobID, run)),
		workflow.WithInput(workflows.Job{
			TenantID: requested.TenantID, JobID: requested.JobID, Run: run, CorrelationID: requested.CorrelationID,
			TicketID: requested.TicketID,
		}))
	switch {
	case alreadyStarted(err):
		h.logger.InfoContext(ctx, "job has its workflow already")
	case err != nil:
		h.logger.ErrorContext(ctx, "workflow not started, to be delivered again", "error", err)
		return deliveryRetry
	default:
		h.logger.InfoContext(ctx, "enhancement started", telemetry.KeyStatus, enhancement.StatusRunning)
	}
	return deliverySuccess
}

// alreadyStarted also reads the message, because the sidecar wraps the engine's status in one of its own.
func alreadyStarted(err error) bool {
	return err != nil && (status.Code(err) == codes.AlreadyExists || strings.Contains(err.Error(), "already exists"))
}
