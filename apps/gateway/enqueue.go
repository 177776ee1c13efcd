package main

import (
	"context"
	"errors"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/webhook/quota"
)

// enqueue publishes the job, which was committed before, so that whatever dies in between has left a trace;
// a job whose publish failed is withdrawn, so that the sender's retry is new.
func (h *webhookHandler) enqueue(ctx context.Context, job enhancement.Job, enhancer string, a quota.Acceptance) (enhancement.Status, error) {
	if a.Status != enhancement.StatusPending {
		return a.Status, nil // the enhancer has it, or is done with it
	}
	err := event.Request(ctx, h.queue, enhancer, event.EnhancementRequested{
		JobID: job.ID, TenantID: job.TenantID, TicketID: job.Ticket.ID, Description: job.Ticket.Description,
		Priority: job.Ticket.Priority, Timestamp: time.Now().UTC(), CorrelationID: job.CorrelationID,
		TraceParent: job.TraceParent,
	})
	switch {
	case err == nil && a.Fresh:
		return a.Status, nil
	case err == nil:
		// Another delivery made the job pending and may be about to withdraw it.
		return a.Status, h.ledger.Confirm(ctx, job.TenantID, job.ID)
	case !a.Fresh:
		return "", errors.Join(errQueue, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), withdrawTimeout)
	defer cancel()
	withdrawn, withdrawErr := h.ledger.Withdraw(ctx, job.TenantID, job.ID, a)
	if withdrawErr == nil && !withdrawn {
		return enhancement.StatusPending, nil // published after all, by now it may have begun
	}
	return "", errors.Join(errQueue, err, withdrawErr)
}

func (h *webhookHandler) accept(ctx context.Context, job enhancement.Job, terms quota.Terms) (quota.Acceptance, error) {
	end, err := h.turns.Take(ctx, job.TenantID)
	if err != nil {
		return quota.Acceptance{}, err
	}
	defer end()
	return h.ledger.Accept(ctx, job, terms)
}
