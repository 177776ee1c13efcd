package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/webhook"
	"github.com/ai-agents/ai-agents/internal/webhook/quota"
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
// the rest of the payload. It returns, besides, by which terms it may be accepted. Only with trust will a copy
// of the tenant do.
func (h *webhookHandler) authenticate(ctx context.Context, v *visit, body []byte, trust bool) (webhook.Payload, quota.Terms, error) {
	message, err := webhook.Parse(body)
	if err != nil {
		return webhook.Payload{}, quota.Terms{}, err
	}
	tenantID, err := message.TenantID()
	if err != nil {
		return webhook.Payload{}, quota.Terms{}, err
	}
	v.tenantID = tenantID
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyTenant, tenantID))
	t, err := h.prove(ctx, v, body, trust)
	if err != nil {
		return webhook.Payload{}, quota.Terms{}, err
	}
	v.enhancer = t.Enhancer
	payload, err := message.Payload(t.Preferences)
	if err != nil {
		return webhook.Payload{}, quota.Terms{}, err
	}
	if !payload.Fresh(time.Now(), h.maxSkew) {
		h.failures.Failed(v.from)
		h.refused(ctx, v, reasonStale)
		return webhook.Payload{}, quota.Terms{}, errStale
	}
	h.failures.Succeeded(v.from)
	return payload, quota.Terms{PerMinute: cmp.Or(t.Preferences.WebhooksPerMinute, h.perMinute), Version: t.Version}, nil
}

// prove finds out whether the sender has the tenant's secret. Whether a tenant does not exist or the secret is wrong must
// not be told by the answer nor by the time it takes, or anybody could find out who the clients are, and which of
// them are changing their secret: so what was sent is tried in every way, and what follows is the same. A copy of the
// tenant can only vouch for a sender; whom it does not, the tenant itself is asked about, for its secret may be new.
func (h *webhookHandler) prove(ctx context.Context, v *visit, body []byte, trust bool) (tenant.Tenant, error) {
	v.proven = false // by an old copy, it may have been
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
	t, tried, reason := tenant.Tenant{}, proofs{}, reasonTenant
	if trust {
		var (
			credentials tenant.Credentials
			found       bool
		)
		t, credentials, found = h.tenants.Recall(ctx, v.tenantID)
		tried = h.try(v, body, h.secrets(credentials, time.Now()))
		reason = tried.wrong(t.Preferences.Auth(), !found)
	}
	if reason != "" {
		fresh, err := h.tenants.Read(ctx, v.tenantID)
		unknown := errors.Is(err, tenant.ErrNotFound)
		if err != nil && !unknown {
			return tenant.Tenant{}, err
		}
		t = fresh.Tenant
		tried = h.try(v, body, h.secrets(fresh.Credentials, time.Now()))
		if reason := tried.wrong(t.Preferences.Auth(), unknown); reason != "" {
			h.failures.Failed(v.from)
			h.refused(ctx, v, reason)
			return tenant.Tenant{}, webhook.ErrSignature
		}
		h.tenants.Keep(ctx, fresh)
	}
	v.proven = true
	if tried.with(t.Preferences.Auth()) == previousSecret {
		h.metrics.WebhookPreviousSecret(t.ID)
		h.previous(ctx, v)
	}
	return t, nil
}

// Which of a tenant's secrets it is about.
const (
	noSecret       = -1
	previousSecret = 1 // behind the current one
	secretsTried   = 2 // of every tenant, whether it has them or not
)

// secrets are the tenant's, and random ones in place of those it does not have.
func (h *webhookHandler) secrets(c tenant.Credentials, now time.Time) [secretsTried]string {
	secrets := h.decoys
	for i, secret := range c.SigningSecrets(now) {
		if i < len(secrets) && secret != "" {
			secrets[i] = secret.Reveal()
		}
	}
	return secrets
}

// proofs says of each secret whether what was sent is right by it.
type proofs struct{ signature, static [secretsTried]bool }

// try checks each way with each secret, none of which depends on another's outcome.
func (h *webhookHandler) try(v *visit, body []byte, secrets [secretsTried]string) (p proofs) {
	signature, static := v.Header.Get(webhook.SignatureHeader), v.Header.Get(webhook.SecretHeader)
	for i, secret := range secrets {
		p.signature[i] = h.verify(secret, body, signature) == nil
		p.static[i] = h.match(secret, static) == nil
	}
	return p
}

// with is the secret by which what was sent is right, in the one way that counts.
func (p proofs) with(auth tenant.WebhookAuth) int {
	right := p.signature
	if auth == tenant.AuthStatic {
		right = p.static
	}
	return slices.Index(right[:], true)
}

// wrong is the reason to refuse, for the operator alone; empty when there is none.
func (p proofs) wrong(auth tenant.WebhookAuth, unknown bool) string {
	switch {
	case unknown:
		return reasonTenant
	case p.with(auth) != noSecret:
		return ""
	case p.with(tenant.AuthStatic) != noSecret || p.with(tenant.AuthSignature) != noSecret:
		return reasonWay
	}
	return reasonSignature
}
