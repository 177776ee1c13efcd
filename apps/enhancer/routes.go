package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/dapr/durabletask-go/workflow"
	"github.com/gorilla/mux"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/httpserver"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/workflows"
)

// routes is for the sidecar, probes and the scraper; nothing else reaches this app.
func routes(deliveries map[string]http.Handler, token string, health *httpserver.Health, metrics *telemetry.Metrics) http.Handler {
	r := mux.NewRouter()
	for route, receiver := range deliveries {
		r.Handle(route, sidecar.OnlySidecar(token, receiver)).Methods(http.MethodPost)
	}
	r.HandleFunc("/healthz", health.Live).Methods(http.MethodGet)
	r.HandleFunc("/readyz", health.Ready).Methods(http.MethodGet)
	r.Handle("/metrics", metrics.Handler()).Methods(http.MethodGet)
	return r
}

// startTimeout bounds the start of a job by the sweeper, as the delivery by the sidecar is bounded.
const startTimeout = 10 * time.Second

type claimer interface {
	Claim(ctx context.Context, tenantID, jobID string) (ledger.Claimed, error)
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

// handler is for the sidecar.
func (h *receiver) handler() http.Handler { return sidecar.Receive(h.receive, h.logger) }

func (h *receiver) receive(ctx context.Context, requested event.EnhancementRequested) sidecar.Delivery {
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyOperation, "job_received"),
		slog.String(telemetry.KeyTenant, requested.TenantID), slog.String(telemetry.KeyTicket, requested.TicketID),
		slog.String(telemetry.KeyJob, requested.JobID), slog.String(telemetry.KeyCorrelation, requested.CorrelationID))
	claimed, err := h.ledger.Claim(ctx, requested.TenantID, requested.JobID)
	switch {
	case errors.Is(err, enhancement.ErrNotFound):
		// The gateway withdrew it, and told the sender so.
		h.logger.WarnContext(ctx, "event dropped: the ledger has no such job")
		return sidecar.DeliveryDrop
	case err != nil:
		h.logger.ErrorContext(ctx, "job not claimed, to be delivered again", "error", err)
		return sidecar.DeliveryAgain
	case claimed.Status.Terminal():
		h.logger.InfoContext(ctx, "job is done already", telemetry.KeyStatus, claimed.Status)
		return sidecar.DeliveryDone
	}
	return h.start(ctx, requested, claimed)
}

func (h *receiver) start(ctx context.Context, requested event.EnhancementRequested, claimed ledger.Claimed) sidecar.Delivery {
	err := h.schedule(ctx, workflows.Job{
		TenantID: requested.TenantID, JobID: requested.JobID, Run: claimed.Run, CorrelationID: requested.CorrelationID,
		TicketID: requested.TicketID, Refetch: claimed.Refetch,
	})
	switch {
	case alreadyStarted(err):
		h.logger.InfoContext(ctx, "job has its workflow already")
	case err != nil:
		h.logger.ErrorContext(ctx, "workflow not started, to be delivered again", "error", err)
		return sidecar.DeliveryAgain
	default:
		h.logger.InfoContext(ctx, "enhancement started", telemetry.KeyStatus, enhancement.StatusRunning)
	}
	return sidecar.DeliveryDone
}

func (h *receiver) schedule(ctx context.Context, job workflows.Job) error {
	_, err := h.engine.ScheduleWorkflow(ctx, workflows.EnhanceTicket,
		workflow.WithInstanceID(enhancement.InstanceID(job.JobID, job.Run)), workflow.WithInput(job))
	return err
}

// Start implements sweep.Starter: it does for a job that nobody works on what a delivery by the queue would have done. Not
// by way of the queue, which may be what is broken, and in which a message more for each job would be in the way of others.
func (h *receiver) Start(ctx context.Context, d ledger.Due) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	claimed, err := h.ledger.Claim(ctx, d.TenantID, d.JobID)
	switch {
	case errors.Is(err, enhancement.ErrNotFound):
		return nil // withdrawn, or its tenant removed
	case err != nil:
		return err
	case claimed.Status.Terminal():
		return nil
	}
	err = h.schedule(ctx, workflows.Job{
		TenantID: d.TenantID, JobID: d.JobID, Run: claimed.Run, CorrelationID: d.CorrelationID, TicketID: d.TicketID, Refetch: claimed.Refetch,
	})
	if err != nil && !alreadyStarted(err) {
		return fmt.Errorf("start the workflow of job %s: %w", d.JobID, err)
	}
	return nil
}

// alreadyStarted also reads the message, because the sidecar wraps the engine's status in one of its own.
func alreadyStarted(err error) bool {
	return err != nil && (status.Code(err) == codes.AlreadyExists || strings.Contains(err.Error(), "already exists"))
}
