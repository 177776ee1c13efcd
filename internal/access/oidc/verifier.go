package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"

	"github.com/ai-agents/ai-agents/internal/access"
)

// maxSkew is how far the provider's clock and ours may be apart.
const maxSkew = 30 * time.Second

// Options are what a Verifier needs besides its settings. All may be left out.
type Options struct {
	Now func() time.Time
	// Transport reaches the provider.
	Transport http.RoundTripper
	// FirstWait is how long after a first failure the provider is looked for again; it grows from there.
	FirstWait time.Duration
	Logger    *slog.Logger
}

// Verifier recognises the persons of one provider. It implements access.Persons.
type Verifier struct {
	cfg             Config
	now             func() time.Time
	firstWait       time.Duration
	logger          *slog.Logger
	documents, keys *http.Client
	found           atomic.Pointer[provider]
}

// NewVerifier makes a Verifier, which does not know its provider before Run has found it. The error names the settings that
// are wrong.
func NewVerifier(cfg Config, o Options) (*Verifier, error) {
	if !cfg.Enabled() {
		return nil, errors.New("OIDC_ISSUER is not set")
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	v := &Verifier{cfg: cfg, now: o.Now, firstWait: o.FirstWait, logger: o.Logger}
	if v.now == nil {
		v.now = time.Now
	}
	if v.firstWait == 0 {
		v.firstWait = time.Second
	}
	if v.logger == nil {
		v.logger = slog.New(slog.DiscardHandler)
	}
	transport := o.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	v.documents, v.keys = clients(transport)
	return v, nil
}

// Ready says whether the provider has been found.
func (v *Verifier) Ready() bool { return v.found.Load() != nil }

// Verify gives the person that the provider signed jwt for. It is access.ErrUnauthenticated for a JWT that is not good
// and access.ErrProviderUnavailable when the provider, or the key that jwt names, is not known and cannot be had.
func (v *Verifier) Verify(ctx context.Context, jwt string) (*access.Principal, error) {
	found := v.found.Load()
	if found == nil {
		return nil, access.ErrProviderUnavailable
	}
	if reason := v.glance(jwt); reason != "" {
		return nil, access.Deny(reason)
	}
	keys := &remembering{KeySet: found.keys}
	token, err := gooidc.NewVerifier(v.cfg.Issuer, keys, &gooidc.Config{
		ClientID: v.cfg.Audience, SupportedSigningAlgs: found.algorithms,
		Now: func() time.Time { return v.now().Add(-maxSkew) },
	}).Verify(ctx, jwt)
	if err != nil {
		return nil, v.refusal(ctx, keys, err)
	}
	var c claims
	if err := token.Claims(&c); err != nil {
		return nil, access.Deny(access.ReasonClaims)
	}
	if reason := v.check(c); reason != "" {
		return nil, access.Deny(reason)
	}
	roles := v.cfg.roles(names(c.all, v.cfg.RolesClaim))
	return &access.Principal{
		Subject: subject(c), Kind: access.KindPerson, Roles: roles, Permissions: access.PermissionsOf(roles), ExpiresAt: token.Expiry,
	}, nil
}

// check is for what the library leaves to us.
func (v *Verifier) check(c claims) access.Reason {
	latest := v.now().Add(maxSkew)
	switch {
	case c.Subject == "" || len(c.Subject) > maxSubject:
		return access.ReasonClaims
	case c.NotBefore.after(latest) || c.IssuedAt.after(latest):
		return access.ReasonNotYetValid
	case len(v.cfg.AuthorizedParties) > 0 && !slices.Contains(v.cfg.AuthorizedParties, c.party()):
		return access.ReasonParty
	default:
		return ""
	}
}

// refusal tells what the library's error means.
func (v *Verifier) refusal(ctx context.Context, keys *remembering, err error) error {
	if _, expired := errors.AsType[*gooidc.TokenExpiredError](err); expired {
		return access.Deny(access.ReasonExpired)
	}
	if errors.Is(keys.err, errProvider) || errors.Is(keys.err, context.Canceled) || errors.Is(keys.err, context.DeadlineExceeded) {
		v.logger.WarnContext(ctx, "the keys of the identity provider cannot be fetched", "issuer", v.cfg.Issuer, "error", keys.err)
		return access.ErrProviderUnavailable
	}
	if !keys.good {
		return access.Deny(access.ReasonSignature)
	}
	// The signature was right. So what is wrong stands in the claims, of which issuer and expiry have been looked at.
	var aud struct {
		Audience audience `json:"aud"`
	}
	if json.Unmarshal(keys.payload, &aud) != nil || slices.Contains(aud.Audience, v.cfg.Audience) {
		return access.Deny(access.ReasonClaims)
	}
	return access.Deny(access.ReasonAudience)
}

// remembering keeps what came of checking the signature, which the library tells in words only.
type remembering struct {
	gooidc.KeySet

	good    bool
	payload []byte
	err     error
}

// VerifySignature implements gooidc.KeySet.
func (r *remembering) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := r.KeySet.VerifySignature(ctx, jwt)
	r.good, r.payload, r.err = err == nil, payload, err
	if err != nil {
		return nil, fmt.Errorf("check the signature: %w", err)
	}
	return payload, nil
}
