package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"time"

	"github.com/google/uuid"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

const (
	// takeTimeout bounds the work on one webhook. It holds the time a publish may take.
	takeTimeout = 10 * time.Second
	// withdrawTimeout comes on top of it, since it is the time-out that makes withdrawing necessary.
	withdrawTimeout = 3 * time.Second
)

// headerCorrelation lets a sender choose the id by which the logs of all apps can be searched.
const headerCorrelation = "X-Correlation-ID"

var correlationPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

type tenants interface {
	Get(ctx context.Context, id string) (tenant.Tenant, tenant.Credentials, error)
}

type jobLedger interface {
	Accept(ctx context.Context, job enhancement.Job) (enhancement.Status, bool, error)
	Confirm(ctx context.Context, tenantID, jobID string) error
	Withdraw(ctx context.Context, tenantID, jobID string) (bool, error)
}

type queue interface {
	Publish(ctx context.Context, topic string, payload any) error
}

// webhookHandler takes one webhook: 202 says that the job is in the ledger and on the queue.
type webhookHandler struct {
	tenants tenants
	ledger  jobLedger
	queue   queue
	maxBody int64
	maxSkew time.Duration
	metrics *telemetry.Metrics
	logger  *slog.Logger
}

type accepted struct {
	JobID  string             `json:"job_id"`
	Status enhancement.Status `json:"status"`
}

// ServeHTTP implements http.Handler.
func (h *webhookHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	correlation := r.Header.Get(headerCorrelation)
	if !correlationPattern.MatchString(correlation) {
		correlation = uuid.NewString()
	}
	w.Header().Set(headerCorrelation, correlation)
	// What was begun for a sender is finished even when the sender has hung up, but not at any price: a
	// database that hangs must not let requests pile up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), takeTimeout)
	defer cancel()
	ctx = telemetry.With(ctx,
		slog.String(telemetry.KeyCorrelation, correlation),
		slog.String(telemetry.KeyOperation, "webhook_received"))

	ctx, result, err := h.take(ctx, w, r, correlation)
	if err != nil {
		p := h.explain(ctx, err)
		h.metrics.Webhook(p.Status)
		writeProblem(w, p)
		return
	}
	h.metrics.Webhook(http.StatusAccepted)
	writeBody(w, "application/json", http.StatusAccepted, result)
}

// take returns, besides its result, the context in which to log: it knows the job as soon as there is one.
func (h *webhookHandler) take(
	ctx context.Context, w http.ResponseWriter, r *http.Request, correlation string,
) (context.Context, accepted, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.maxBody))
	if err != nil {
		return ctx, accepted{}, &unreadableError{err}
	}
	payload, err := h.authenticate(ctx, body, r.Header.Get(webhook.SignatureHeader))
	if err != nil {
		return ctx, accepted{}, err
	}
	job := enhancement.New(payload.TenantID, payload.Event, payload.Ticket, correlation)
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyTenant, job.TenantID),
		slog.String(telemetry.KeyTicket, job.Ticket.ID), slog.String(telemetry.KeyJob, job.ID))
	status, err := h.enqueue(ctx, job)
	if err != nil {
		return ctx, accepted{}, err
	}
	h.logger.InfoContext(ctx, "webhook accepted", telemetry.KeyStatus, status, "event", job.Event,
		"priority", job.Ticket.Priority, "description_length", len(job.Ticket.Description))
	return ctx, accepted{job.ID, status}, nil
}

// authenticate finds out whose message this is and whether it is theirs, before it says a word about
// the rest of the payload.
func (h *webhookHandler) authenticate(ctx context.Context, body []byte, signature string) (webhook.Payload, error) {
	message, err := webhook.Parse(body)
	if err != nil {
		return webhook.Payload{}, err
	}
	tenantID, err := message.TenantID()
	if err != nil {
		return webhook.Payload{}, err
	}
	_, credentials, err := h.tenants.Get(ctx, tenantID)
	if err != nil {
		return webhook.Payload{}, err
	}
	if err := webhook.Verify(credentials.SigningSecret.Reveal(), body, signature); err != nil {
		h.logger.WarnContext(ctx, "webhook refused: wrong signature", telemetry.KeyTenant, tenantID,
			"security_event", true, "signed", signature != "")
		return webhook.Payload{}, err
	}
	payload, err := message.Payload()
	if err != nil {
		return webhook.Payload{}, err
	}
	if !payload.Fresh(time.Now(), h.maxSkew) {
		h.logger.WarnContext(ctx, "webhook refused: too old or from the future", telemetry.KeyTenant, tenantID,
			"security_event", true, "timestamp_sent", payload.Timestamp)
		return webhook.Payload{}, errStale
	}
	return payload, nil
}

// enqueue commits the job before it is published, so that whatever dies in between has left a trace;
// a job whose publish failed is withdrawn, so that the sender's retry is new.
func (h *webhookHandler) enqueue(ctx context.Context, job enhancement.Job) (enhancement.Status, error) {
	status, fresh, err := h.ledger.Accept(ctx, job)
	if err != nil {
		return "", err
	}
	if status != enhancement.StatusPending {
		return status, nil // the enhancer has it, or is done with it
	}
	err = h.queue.Publish(ctx, event.TopicEnhancement, event.EnhancementRequested{
		JobID: job.ID, TenantID: job.TenantID, TicketID: job.Ticket.ID, Description: job.Ticket.Description,
		Priority: job.Ticket.Priority, Timestamp: time.Now().UTC(), CorrelationID: job.CorrelationID,
	})
	switch {
	case err == nil && fresh:
		return status, nil
	case err == nil:
		// Another delivery made the job pending and may be about to withdraw it.
		return status, h.ledger.Confirm(ctx, job.TenantID, job.ID)
	case !fresh:
		return "", errors.Join(errQueue, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), withdrawTimeout)
	defer cancel()
	withdrawn, withdrawErr := h.ledger.Withdraw(ctx, job.TenantID, job.ID)
	if withdrawErr == nil && !withdrawn {
		return enhancement.StatusRunning, nil // published after all
	}
	return "", errors.Join(errQueue, err, withdrawErr)
}
