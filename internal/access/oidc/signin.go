package oidc

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// ClientSecret is the name of the console's own secret at the provider, in the secret store; absent or empty for a public client.
const ClientSecret = "console-oidc-client-secret" //nolint:gosec // a name

// ErrSignIn says that the provider did not let a person in, or that what came back is not what it gave. The message says which, and has
// nothing of a token in it.
var ErrSignIn = errors.New("the identity provider did not let you in")

// SignIn signs persons in with a browser: the authorization code flow of OpenID Connect Core 1.0, section 3.1, with PKCE (RFC 7636).
type SignIn struct {
	verifier *Verifier
	secret   tenant.Secret
	redirect string
}

// SignIn gives the sign-in of v's provider, which sends browsers back to redirect; nil when OIDC_CLIENT_ID is not set.
func (v *Verifier) SignIn(redirect string, secret tenant.Secret) *SignIn {
	if v.cfg.ClientID == "" {
		return nil
	}
	return &SignIn{verifier: v, secret: secret, redirect: redirect}
}

// Attempt is a sign-in that has begun, which its browser keeps until it comes back. State tells it from others, Nonce is in the
// provider's token, and Proof is what only the browser's own console can have sent the beginning of.
type Attempt struct {
	State string `json:"state"`
	Nonce string `json:"nonce"`
	Proof string `json:"proof"`
}

// Tokens are what the provider gives. Refresh is empty where it gives none.
type Tokens struct {
	Access, Refresh tenant.Secret
	Ends            time.Time
}

// Begin gives the address at the provider to send the browser to. It is access.ErrProviderUnavailable before the provider has been found.
func (s *SignIn) Begin() (address string, a Attempt, err error) {
	config, err := s.config()
	if err != nil {
		return "", Attempt{}, err
	}
	a = Attempt{State: rand.Text(), Nonce: rand.Text(), Proof: oauth2.GenerateVerifier()}
	return config.AuthCodeURL(a.State, gooidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Proof)), a, nil
}

// Finish exchanges the code that the browser has brought back. It is ErrSignIn or access.ErrProviderUnavailable.
func (s *SignIn) Finish(ctx context.Context, a Attempt, code string) (Tokens, error) {
	config, err := s.config()
	if err != nil {
		return Tokens{}, err
	}
	ctx = s.reaching(ctx)
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(a.Proof))
	if err != nil {
		return Tokens{}, s.refused(ctx, "sign in", err)
	}
	identity, _ := token.Extra("id_token").(string)
	found := s.verifier.found.Load()
	checked, err := gooidc.NewVerifier(s.verifier.cfg.Issuer, found.keys, &gooidc.Config{
		ClientID: s.verifier.cfg.ClientID, SupportedSigningAlgs: found.algorithms,
		Now: func() time.Time { return s.verifier.now().Add(-maxSkew) },
	}).Verify(ctx, identity)
	if err != nil {
		return Tokens{}, s.refused(ctx, "check the id token", err)
	}
	if checked.Nonce != a.Nonce {
		return Tokens{}, fmt.Errorf("%w: its token is of another sign-in", ErrSignIn)
	}
	return tokens(token), nil
}

// Renew exchanges a refresh token. It is ErrSignIn when the person has to sign in again, and access.ErrProviderUnavailable when that
// cannot be told.
func (s *SignIn) Renew(ctx context.Context, refresh tenant.Secret) (Tokens, error) {
	config, err := s.config()
	if err != nil {
		return Tokens{}, err
	}
	ctx = s.reaching(ctx)
	token, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: refresh.Reveal()}).Token()
	if err != nil {
		return Tokens{}, s.refused(ctx, "renew a sign-in", err)
	}
	renewed := tokens(token)
	if renewed.Refresh == "" { // the one before stays good (RFC 6749, section 6)
		renewed.Refresh = refresh
	}
	return renewed, nil
}

func tokens(t *oauth2.Token) Tokens {
	return Tokens{Access: tenant.Secret(t.AccessToken), Refresh: tenant.Secret(t.RefreshToken), Ends: t.Expiry}
}

func (s *SignIn) config() (*oauth2.Config, error) {
	found := s.verifier.found.Load()
	if found == nil {
		return nil, access.ErrProviderUnavailable
	}
	endpoint := found.endpoint
	if s.secret == "" {
		endpoint.AuthStyle = oauth2.AuthStyleInParams // a public client only says who it is
	}
	return &oauth2.Config{
		ClientID: s.verifier.cfg.ClientID, ClientSecret: s.secret.Reveal(), Endpoint: endpoint, RedirectURL: s.redirect, Scopes: s.verifier.cfg.Scopes,
	}, nil
}

// reaching has the library ask the provider within our limits.
func (s *SignIn) reaching(ctx context.Context) context.Context {
	return gooidc.ClientContext(ctx, &http.Client{
		Transport: s.verifier.transport, Timeout: requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a token is sent to nobody else
	})
}

// refused tells a provider that says no from one that says nothing. What it says is for our log alone.
func (s *SignIn) refused(ctx context.Context, doing string, err error) error {
	s.verifier.logger.WarnContext(ctx, "the identity provider was asked in vain", "doing", doing, "issuer", s.verifier.cfg.Issuer, "error", err)
	said, answered := errors.AsType[*oauth2.RetrieveError](err)
	if answered && said.Response.StatusCode < http.StatusInternalServerError && said.Response.StatusCode != http.StatusTooManyRequests {
		return fmt.Errorf("%w: it does not accept what was brought back; sign in again", ErrSignIn)
	}
	if !answered && doing == "check the id token" {
		return fmt.Errorf("%w: its token cannot be believed", ErrSignIn)
	}
	return access.ErrProviderUnavailable
}
