package oidc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"

	"github.com/ai-agents/ai-agents/internal/access"
)

// maxSkew is how far the provider's clock and ours may be apart.
const maxSkew = 30 * time.Second

// Options are what a Verifier needs besides its settings. All may be left out: the defaults are
// this process's clock and transport, a second, an hour, and no log.
type Options struct {
	Now func() time.Time
	// Transport reaches the provider.
	Transport http.RoundTripper
	// FirstWait is how long after a first failure the provider is looked for again; it grows from there.
	FirstWait time.Duration
	// Refresh is how often the provider is looked for once it has been found: its addresses and algorithms may change.
	Refresh time.Duration
	Logger  *slog.Logger
}

// Verifier recognises the persons of one provider. It implements access.Persons.
type Verifier struct {
	cfg                Config
	now                func() time.Time
	firstWait, refresh time.Duration
	logger             *slog.Logger
	transport          http.RoundTripper
	documents, keys    *http.Client
	found              atomic.Pointer[provider]
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
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	v := &Verifier{
		cfg: cfg, now: o.Now, logger: o.Logger, transport: o.Transport,
		firstWait: cmp.Or(o.FirstWait, time.Second), refresh: cmp.Or(o.Refresh, time.Hour),
	}
	v.documents, v.keys = clients(o.Transport)
	return v, nil
}

// Ready says whether the provider has been found.
func (v *Verifier) Ready() bool { return v.found.Load() != nil }

// Verify gives the person that the provider signed jwt for. It is access.ErrUnauthenticated for a JWT that is not good
// and access.ErrProviderUnavailable when the provider, or the key that jwt names, is not known and cannot be had.
func (v *Verifier) Verify(ctx context.Context, jwt string) (*access.Principal, error) {
	if reason := v.glance(jwt); reason != "" {
		return nil, access.Deny(reason)
	}
	found := v.found.Load()
	if found == nil {
		return nil, access.ErrProviderUnavailable
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
	case c.Subject == "" || len(c.Subject) > maxSubject || c.Events != nil:
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
	if keys.unavailable() {
		v.logger.WarnContext(ctx, "the keys of the identity provider cannot be fetched", "issuer", v.cfg.Issuer, "error", keys.err)
		return access.ErrProviderUnavailable
	}
	if !keys.good {
		return access.Deny(access.ReasonSignature)
	}
	// The signature was right, so what is wrong stands in the claims. Of those, issuer and expiry have been looked at.
	var c struct {
		Audience  audience `json:"aud"`
		NotBefore moment   `json:"nbf"`
	}
	switch {
	case json.Unmarshal(keys.payload, &c) != nil:
		return access.Deny(access.ReasonClaims)
	case !slices.Contains(c.Audience, v.cfg.Audience):
		return access.Deny(access.ReasonAudience)
	case c.NotBefore.after(v.now().Add(maxSkew)):
		return access.Deny(access.ReasonNotYetValid)
	default:
		return access.Deny(access.ReasonClaims)
	}
}

// remembering keeps what came of checking the signature, which the library tells in words only.
type remembering struct {
	gooidc.KeySet

	good    bool
	payload []byte
	err     error
}

// unavailable says whether the signature could not be checked for want of keys. That the document with the keys has the
// wrong content is known by the library's words only.
func (r *remembering) unavailable() bool {
	if r.err == nil || errors.Is(r.err, errThrottled) {
		return false
	}
	return errors.Is(r.err, errProvider) || errors.Is(r.err, context.Canceled) || errors.Is(r.err, context.DeadlineExceeded) ||
		strings.HasPrefix(r.err.Error(), "fetching keys")
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
