package main

import (
	"context"
	"strconv"

	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// The reasons of refusals that are security events.
const (
	reasonSignature = "wrong signature"
	reasonTenant    = "unknown tenant"
	reasonWay       = "right secret, but sent in the way that the tenant's webhook_auth does not allow"
	reasonStale     = "too old or from the future"
	reasonSuspected = "too many wrong signatures"
	reasonFull      = "over the tenant's limit"
)

// reasonPrevious is no refusal, and told as sparsely.
const reasonPrevious = "the previous signing secret was used"

// auditLines a second are written at most of each audit.Class, to the log and to the audit log, after a burst of auditBurst.
// Each kind is told once a minute: see audit.Sparse.
const auditLines, auditBurst = 5, 100

// trail is where security events are kept, besides in the log. It must neither wait nor fail.
type trail interface {
	Add(event audit.Event)
}

// refused logs the refusal, or counts it for the next line about its kind. The tenant stands in ctx, if one is claimed.
func (h *webhookHandler) refused(ctx context.Context, v *visit, reason string) {
	refusal := audit.Refusal{Reason: reason, TenantID: v.tenantID, From: v.from}
	if v.proven || reason == reasonWay { // who sent the right secret the wrong way has it all the same
		refusal.Class, refusal.Actor = audit.Identified, v.tenantID
	}
	unsaid, ok := h.sparse.Due(refusal)
	if !ok {
		return
	}
	h.logger.WarnContext(ctx, "webhook refused",
		"security_event", true, "reason", reason, "address", v.from.String(), "unsaid", unsaid)
	h.trail.Add(v.event(audit.OperationWebhookRefuse, audit.StatusRefused, reason, unsaid))
}

// previous tells, once a minute for each tenant, that a sender has yet to change its secret.
func (h *webhookHandler) previous(ctx context.Context, v *visit) {
	unsaid, ok := h.sparse.Due(audit.Refusal{Class: audit.Identified, Actor: v.tenantID, Reason: reasonPrevious, TenantID: v.tenantID})
	if !ok {
		return
	}
	h.logger.WarnContext(ctx, reasonPrevious, "security_event", true, "address", v.from.String(), "unsaid", unsaid)
	h.trail.Add(v.event(audit.OperationWebhookPreviousSecret, audit.StatusOK, reasonPrevious, unsaid))
}

// event is the entry in the audit log. Its actor is the gateway, for a sender has no name, only an address. It is about a tenant only when the sender has proven to be that tenant's: else
// anybody could fill a tenant's entries. Who it claimed to be is then the target.
func (v *visit) event(operation audit.Operation, status audit.Status, reason string, unsaid int) audit.Event {
	e := audit.Event{
		Operation: operation, Status: status, Actor: telemetry.SystemUser(appName), Target: v.tenantID,
		Address: v.from.String(), CorrelationID: v.correlation,
		Detail: map[string]string{"reason": reason, "unsaid": strconv.Itoa(unsaid)},
	}
	if v.proven {
		e.TenantID = v.tenantID
	}
	return e
}
