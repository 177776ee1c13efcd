package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

// admit turns away whoever sent too many wrong signatures. It costs no more than a look into memory.
func (h *webhookHandler) admit(v *visit) error {
	trial, wait := h.failures.Admit(v.from)
	if wait > 0 {
		return &suspectedError{wait}
	}
	v.trial = trial
	return nil
}

// authenticate finds out whose message this is and whether it is theirs, before it says a word about
// the rest of the payload. It returns, besides, how many of them the tenant may send in a minute.
func (h *webhookHandler) authenticate(ctx context.Context, v *visit, body []byte) (webhook.Payload, int, error) {
	message, err := webhook.Parse(body)
	if err != nil {
		return webhook.Payload{}, 0, err
	}
	tenantID, err := message.TenantID()
	if err != nil {
		return webhook.Payload{}, 0, err
	}
	v.tenantID = tenantID
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyTenant, tenantID))
	t, err := h.prove(ctx, v, body)
	if err != nil {
		return webhook.Payload{}, 0, err
	}
	payload, err := message.Payload()
	if err != nil {
		return webhook.Payload{}, 0, err
	}
	if !payload.Fresh(time.Now(), h.maxSkew) {
		h.failures.Failed(v.from)
		h.audit.refused(ctx, refusal{reasonStale, v.tenantID, v.from})
		return webhook.Payload{}, 0, errStale
	}
	h.failures.Succeeded(v.from)
	return payload, cmp.Or(t.Preferences.WebhooksPerMinute, h.perMinute), nil
}

// prove checks the signature. Whether a tenant does not exist or the signature is wrong must not be told by the
// answer nor by the time it takes, or anybody could find out who the clients are: so a signature is checked
// either way, and what follows is the same.
func (h *webhookHandler) prove(ctx context.Context, v *visit, body []byte) (tenant.Tenant, error) {
	end, err := h.turns.Take(ctx, v.tenantID)
	if err != nil {
		return tenant.Tenant{}, err
	}
	defer end()
	if !v.trial {
		// While it waited, others from the same address may have shown what to expect.
		if err := h.admit(v); err != nil {
			return tenant.Tenant{}, err
		}
	}
	t, credentials, err := h.tenants.Get(ctx, v.tenantID)
	unknown := errors.Is(err, tenant.ErrNotFound)
	if err != nil && !unknown {
		return tenant.Tenant{}, err
	}
	secret, reason := credentials.SigningSecret.Reveal(), reasonSignature
	if unknown {
		secret, reason = h.decoy, reasonTenant
	}
	err = h.verify(secret, body, v.Header.Get(webhook.SignatureHeader))
	if unknown || err != nil {
		h.failures.Failed(v.from)
		h.audit.refused(ctx, refusal{reason, v.tenantID, v.from})
		return tenant.Tenant{}, webhook.ErrSignature
	}
	return t, nil
}
