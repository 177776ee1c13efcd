package oidc_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/access/oidc"
	"github.com/ai-agents/ai-agents/internal/access/oidctest"
)

const redirect = "https://console.example.com/sign-in/callback"

func newSignIn(t *testing.T, p *oidctest.Provider) *oidc.SignIn {
	t.Helper()
	v, err := oidc.NewVerifier(oidc.Config{
		Issuer: p.Issuer(), Audience: oidctest.Audience, ClientID: "console", Scopes: []string{"openid", "email"}, RolesClaim: "roles", AdminRole: "a",
	}, oidc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := v.SignIn(redirect, "")
	if _, _, err := s.Begin(); !errors.Is(err, access.ErrProviderUnavailable) {
		t.Errorf("before the provider is found: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	go func() { _ = v.Run(ctx) }()
	for !v.Ready() {
		time.Sleep(5 * time.Millisecond)
	}
	return s
}

// browse follows the address to the provider, and gives what it sends back.
func browse(t *testing.T, address string) url.Values {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	back, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || back.Scheme+"://"+back.Host+back.Path != redirect {
		t.Fatalf("sent to %v, %v", back, err)
	}
	return back.Query()
}

func TestASignInWithABrowser(t *testing.T) {
	p := oidctest.Start(t)
	s := newSignIn(t, p)
	p.AtTheBrowser(p.Claims("jane", "a"))
	address, begun, err := s.Begin()
	if err != nil {
		t.Fatal(err)
	}
	asked, err := url.Parse(address)
	if err != nil || asked.Query().Get("scope") != "openid email" || asked.Query().Get("code_challenge_method") != "S256" {
		t.Fatalf("%s, %v", address, err)
	}
	back := browse(t, address)
	if back.Get("state") != begun.State {
		t.Errorf("state %q", back.Get("state"))
	}
	// Whoever has the code, and not the proof, gets nothing, and the code is used up.
	stolen := back.Get("code")
	if _, err := s.Finish(t.Context(), oidc.Attempt{State: begun.State, Nonce: begun.Nonce, Proof: "a-proof-of-somebody-else-that-is-long-enough"}, stolen); !errors.Is(err, oidc.ErrSignIn) {
		t.Errorf("with another proof: %v", err)
	}
	if _, err := s.Finish(t.Context(), begun, stolen); !errors.Is(err, oidc.ErrSignIn) {
		t.Errorf("a second time: %v", err)
	}
	tokens, err := s.Finish(t.Context(), begun, browse(t, address).Get("code"))
	if err != nil || tokens.Access == "" || tokens.Refresh == "" || time.Until(tokens.Ends) < time.Minute {
		t.Fatalf("%+v, %v", tokens.Ends, err)
	}
	renewed, err := s.Renew(t.Context(), tokens.Refresh)
	if err != nil || renewed.Access == "" || renewed.Refresh == tokens.Refresh {
		t.Errorf("%v", err)
	}
	if _, err := s.Renew(t.Context(), tokens.Refresh); !errors.Is(err, oidc.ErrSignIn) {
		t.Errorf("a refresh token twice: %v", err)
	}
	p.Break(oidctest.Faults{NoRefresh: true})
	again, err := s.Renew(t.Context(), renewed.Refresh)
	if err != nil || again.Refresh != renewed.Refresh {
		t.Errorf("the one before stays good when there is no other: %v", err)
	}
}

func TestASignInThatCannotBeBelieved(t *testing.T) {
	p := oidctest.Start(t)
	s := newSignIn(t, p)
	other := oidctest.Start(t)
	for name, c := range map[string]struct {
		claims oidctest.Claims
		faults oidctest.Faults
		want   error
	}{
		"another nonce":      {p.Claims("jane"), oidctest.Faults{Nonce: "x"}, oidc.ErrSignIn},
		"another provider's": {p.Claims("jane").With("iss", other.Issuer()), oidctest.Faults{}, oidc.ErrSignIn},
		"ended":              {p.Claims("jane").With("exp", time.Now().Add(-time.Hour).Unix()), oidctest.Faults{}, oidc.ErrSignIn},
		"out of order":       {p.Claims("jane"), oidctest.Faults{TokenStatus: http.StatusInternalServerError}, access.ErrProviderUnavailable},
		"overwhelmed":        {p.Claims("jane"), oidctest.Faults{TokenStatus: http.StatusTooManyRequests}, access.ErrProviderUnavailable},
		"not what it was":    {p.Claims("jane"), oidctest.Faults{TokenStatus: http.StatusNotFound}, oidc.ErrSignIn},
	} {
		p.AtTheBrowser(c.claims)
		address, begun, err := s.Begin()
		if err != nil {
			t.Fatal(err)
		}
		code := browse(t, address).Get("code")
		p.Break(c.faults)
		_, err = s.Finish(t.Context(), begun, code)
		p.Break(oidctest.Faults{})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
