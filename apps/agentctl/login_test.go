package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/access/oidctest"
	"github.com/ai-agents/ai-agents/internal/adminapi/tokenfile"
	"github.com/ai-agents/ai-agents/internal/console/consoletest"
)

// signIn logs in while somebody at the provider does what they are asked to.
func signIn(t *testing.T, provider *oidctest.Provider, somebody func(code string) bool) (string, error) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		for ctx.Err() == nil {
			for _, code := range provider.UserCodes() {
				somebody(code)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	return agentctl(t.Context(), "", "login", "--issuer", provider.Issuer(), "--client-id", "agentctl")
}

func TestLogin(t *testing.T) {
	provider := oidctest.Start(t)
	w := newWorld(t, consoletest.Options{Issuer: provider.Issuer(), Audience: oidctest.Audience})
	out, err := signIn(t, provider, func(code string) bool { return provider.Approve(code, provider.Claims("jane", "ai-agents-operator")) })
	if err != nil || !strings.Contains(out, "enter the code") || !strings.Contains(out, "You are logged in to "+w.URL) || !strings.Contains(out, "jane") {
		t.Fatalf("%v: %s", err, out)
	}
	token, err := tokenfile.Read(w.tokenFile)
	if err != nil || token.Console != w.URL || !token.ExpiresAt.After(time.Now()) || strings.Contains(out, token.Secret.Reveal()) {
		t.Errorf("%v, %v", token, err)
	}
	if out := must(t, "", "whoami"); !strings.Contains(out, "operator") || !strings.Contains(out, "person") {
		t.Errorf("says %s", out)
	}
	fails(t, "", "audit list", "agentctl whoami") // an operator's role does not have it
	if out, err := signIn(t, provider, func(code string) bool { return provider.Approve(code, provider.Claims("joe")) }); err != nil ||
		!strings.Contains(out, "may do nothing") {
		t.Errorf("without a role: %v: %s", err, out)
	}
}

func TestLoginThatDoesNotSucceed(t *testing.T) {
	provider := oidctest.Start(t)
	w := newWorld(t, consoletest.Options{Issuer: provider.Issuer(), Audience: oidctest.Audience})
	for name, c := range map[string]struct {
		somebody func(code string) bool
		says     string
	}{
		"refused": {provider.Deny, "the sign-in was refused"},
		"expired": {provider.Expire, "the code has expired"},
		"for another application": {func(code string) bool {
			return provider.Approve(code, provider.Claims("jane").With("aud", "another"))
		}, "OIDC_AUDIENCE"},
	} {
		if out, err := signIn(t, provider, c.somebody); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v: %s", name, err, out)
		}
		if _, err := tokenfile.Read(w.tokenFile); err == nil {
			t.Errorf("%s: a token was kept", name)
		}
	}
	// The first token of an installation is not lost to a log-in.
	if err := tokenfile.Write(w.tokenFile, tokenfile.Token{Secret: w.Token, ExpiresAt: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	fails(t, "", "login --issuer http://127.0.0.1:1 --client-id x", "which would be lost", "agentctl logout")
	must(t, "", "logout")
	fails(t, "", "login", "--issuer and --client-id", "agentctl token create")
	fails(t, "", "login --issuer http://127.0.0.1:1 --client-id x", "cannot be used")
	provider.Break(oidctest.Faults{TokenStatus: http.StatusBadGateway})
	if out, err := signIn(t, provider, provider.Deny); err == nil || !strings.Contains(err.Error(), "HTTP 502") {
		t.Errorf("a provider that fails: %v: %s", err, out)
	}
	provider.Break(oidctest.Faults{})
	ctx, stop := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, stop)
	if _, err := agentctl(ctx, "", "login", "--issuer", provider.Issuer(), "--client-id", "agentctl"); err == nil || ctx.Err() == nil {
		t.Errorf("Ctrl-C: %v", err)
	}
}
