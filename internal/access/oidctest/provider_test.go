package oidctest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/ai-agents/ai-agents/internal/access/oidctest"
)

// get gives status and body of a document.
func get(t *testing.T, address string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return do(t, req)
}

// post sends a form.
func post(t *testing.T, address string, form url.Values) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, body := do(t, req)
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("status %d: %s: %v", status, body, err)
	}
	return status, answer
}

func do(t *testing.T, req *http.Request) (int, []byte) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}

func text(t *testing.T, object map[string]any, name string) string {
	t.Helper()
	value, ok := object[name].(string)
	if !ok {
		t.Fatalf("%v has no text %s", object, name)
	}
	return value
}

// published gives the provider's keys as others see them.
func published(t *testing.T, p *oidctest.Provider) jose.JSONWebKeySet {
	t.Helper()
	_, body := get(t, p.Issuer()+"/.well-known/openid-configuration")
	var document map[string]any
	if err := json.Unmarshal(body, &document); err != nil || document["issuer"] != p.Issuer() {
		t.Fatalf("%s: %v", body, err)
	}
	_, body = get(t, text(t, document, "jwks_uri"))
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(body, &set); err != nil {
		t.Fatal(err)
	}
	return set
}

// opens says whether one of the keys has signed the JWT, and its claims.
func opens(t *testing.T, set jose.JSONWebKeySet, jwt string) (map[string]any, bool) {
	t.Helper()
	signed, err := jose.ParseSignedCompact(jwt, []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.PS256})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := signed.Verify(&set)
	if err != nil {
		return nil, false
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims, true
}

func TestTokensAreSignedWithThePublishedKeys(t *testing.T) {
	p := oidctest.Start(t)
	set := published(t, p)
	for _, key := range set.Keys {
		if !key.IsPublic() {
			t.Fatal("a private key is published")
		}
	}
	for _, algorithm := range []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256} {
		claims, ok := opens(t, set, p.SignAs(algorithm, nil, p.Claims("7f3e", "a", "b").With("x", 1).With("azp", nil)))
		if !ok || claims["sub"] != "7f3e" || claims["x"] != 1.0 || claims["azp"] != nil {
			t.Errorf("%s: %t, %v", algorithm, ok, claims)
		}
	}
	if _, ok := opens(t, published(t, oidctest.Start(t)), p.Sign(p.Claims("7f3e"))); ok {
		t.Error("two providers have the same key")
	}
}

func TestKeysRotateAndRetire(t *testing.T) {
	p := oidctest.Start(t)
	before := p.Sign(p.Claims("7f3e"))
	p.Rotate()
	after := p.Sign(p.Claims("7f3e"))
	set := published(t, p)
	for _, jwt := range []string{before, after} {
		if _, ok := opens(t, set, jwt); !ok {
			t.Error("a key is not published")
		}
	}
	p.Retire()
	set = published(t, p)
	if _, ok := opens(t, set, before); ok {
		t.Error("the old key is still published")
	}
	if _, ok := opens(t, set, after); !ok {
		t.Error("the new key is not published")
	}
}

func TestFaults(t *testing.T) {
	p := oidctest.Start(t)
	discovery, keys := p.Issuer()+"/.well-known/openid-configuration", p.Issuer()+"/keys"
	status := func(address string, want int) {
		t.Helper()
		if got, _ := get(t, address); got != want {
			t.Errorf("%s: %d, want %d", address, got, want)
		}
	}
	p.Break(oidctest.Faults{Down: true})
	status(discovery, http.StatusServiceUnavailable)
	status(keys, http.StatusServiceUnavailable)
	p.Break(oidctest.Faults{KeysStatus: http.StatusInternalServerError})
	status(discovery, http.StatusOK)
	status(keys, http.StatusInternalServerError)
	p.Break(oidctest.Faults{Issuer: "https://idp.example.com", KeysURL: "https://keys.example.com", Algorithms: []string{"none"}, KeysBody: "no keys"})
	_, body := get(t, discovery)
	for _, part := range []string{`"issuer":"https://idp.example.com"`, `"jwks_uri":"https://keys.example.com"`, `["none"]`} {
		if !strings.Contains(string(body), part) {
			t.Errorf("%s lacks %s", body, part)
		}
	}
	if _, body := get(t, keys); string(body) != "no keys" {
		t.Errorf("keys: %s", body)
	}
	p.Break(oidctest.Faults{KeysRedirect: discovery})
	if _, body := get(t, keys); !strings.Contains(string(body), `"issuer"`) {
		t.Errorf("redirected: %s", body)
	}
	p.Break(oidctest.Faults{})
	status(discovery, http.StatusOK)
	if p.KeyRequests() != 4 || p.DiscoveryRequests() != 5 {
		t.Errorf("it counts %d and %d requests", p.KeyRequests(), p.DiscoveryRequests())
	}
}

// device begins a sign-in and gives what a device knows of it, and how it polls.
func device(t *testing.T, p *oidctest.Provider) (started map[string]any, poll func() (int, map[string]any)) {
	t.Helper()
	status, started := post(t, p.Issuer()+"/device/code", url.Values{"client_id": {"agentctl"}, "scope": {"openid"}})
	if status != http.StatusOK {
		t.Fatalf("%d, %v", status, started)
	}
	return started, func() (int, map[string]any) {
		return post(t, p.Issuer()+"/token", url.Values{
			"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "client_id": {"agentctl"},
			"device_code": {text(t, started, "device_code")},
		})
	}
}

func TestADeviceSignsInOnceThePersonHasApproved(t *testing.T) {
	p := oidctest.Start(t)
	p.SetPollInterval(0)
	started, poll := device(t, p)
	code := text(t, started, "user_code")
	if codes := p.UserCodes(); len(codes) != 1 || codes[0] != code || !strings.HasSuffix(text(t, started, "verification_uri_complete"), code) {
		t.Fatalf("codes %q, %v", codes, started)
	}
	if status, answer := poll(); status != http.StatusBadRequest || answer["error"] != "authorization_pending" {
		t.Errorf("at first: %d, %v", status, answer)
	}
	if !p.Approve(code, p.Claims("7f3e", "ai-agents-admin")) || p.Approve(code, nil) || p.Deny("no such code") {
		t.Error("a code is approved once, and only one that there is")
	}
	status, answer := poll()
	if status != http.StatusOK || answer["token_type"] != "Bearer" {
		t.Fatalf("%d, %v", status, answer)
	}
	set := published(t, p)
	access, ok := opens(t, set, text(t, answer, "access_token"))
	if !ok || access["sub"] != "7f3e" || access["aud"] != oidctest.Audience {
		t.Errorf("access token %v", access)
	}
	if id, ok := opens(t, set, text(t, answer, "id_token")); !ok || id["aud"] != "agentctl" {
		t.Errorf("ID token %v", id)
	}
	if status, answer := poll(); status != http.StatusBadRequest || answer["error"] != "invalid_grant" {
		t.Errorf("a second time: %d, %v", status, answer)
	}
	refresh := url.Values{"grant_type": {"refresh_token"}, "client_id": {"agentctl"}, "refresh_token": {text(t, answer, "refresh_token")}}
	if status, renewed := post(t, p.Issuer()+"/token", refresh); status != http.StatusOK || renewed["refresh_token"] == answer["refresh_token"] {
		t.Errorf("refreshed: %d, %v", status, renewed)
	}
	if status, renewed := post(t, p.Issuer()+"/token", refresh); status != http.StatusBadRequest || renewed["error"] != "invalid_grant" {
		t.Errorf("refreshed a second time: %d, %v", status, renewed)
	}
}

func TestADeviceThatIsNotLetIn(t *testing.T) {
	p := oidctest.Start(t)
	p.SetPollInterval(0)
	for want, settle := range map[string]func(string) bool{"access_denied": p.Deny, "expired_token": p.Expire} {
		started, poll := device(t, p)
		if !settle(text(t, started, "user_code")) {
			t.Fatal("there is no such code")
		}
		for range 2 {
			if status, answer := poll(); status != http.StatusBadRequest || answer["error"] != want {
				t.Errorf("%d, %v, want %s", status, answer, want)
			}
		}
	}
	for name, c := range map[string]struct {
		path, want string
		form       url.Values
	}{
		"no client":         {"/device/code", "invalid_client", url.Values{}},
		"another client":    {"/token", "invalid_grant", url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "client_id": {"other"}}},
		"another grant":     {"/token", "unsupported_grant_type", url.Values{"grant_type": {"password"}}},
		"no refresh token":  {"/token", "invalid_grant", url.Values{"grant_type": {"refresh_token"}, "client_id": {"agentctl"}}},
		"no grant type":     {"/token", "unsupported_grant_type", url.Values{}},
		"a made-up refresh": {"/token", "invalid_grant", url.Values{"grant_type": {"refresh_token"}, "client_id": {"agentctl"}, "refresh_token": {"x"}}},
	} {
		if _, answer := post(t, p.Issuer()+c.path, c.form); answer["error"] != c.want {
			t.Errorf("%s: %v", name, answer)
		}
	}
}

func TestADeviceThatPollsTooOftenIsSlowedDown(t *testing.T) {
	p := oidctest.Start(t)
	p.SetPollInterval(time.Hour)
	started, poll := device(t, p)
	if started["interval"] != 3600.0 {
		t.Errorf("the interval is %v", started["interval"])
	}
	for _, want := range []string{"authorization_pending", "slow_down", "slow_down"} {
		if _, answer := poll(); answer["error"] != want {
			t.Errorf("%v, want %s", answer, want)
		}
	}
	p.SetPollInterval(0)
	_, poll = device(t, p)
	p.Break(oidctest.Faults{SlowDown: 2})
	for _, want := range []string{"slow_down", "slow_down", "authorization_pending"} {
		if _, answer := poll(); answer["error"] != want {
			t.Errorf("%v, want %s", answer, want)
		}
	}
	p.Break(oidctest.Faults{TokenStatus: http.StatusBadGateway})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.Issuer()+"/token", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := do(t, req); status != http.StatusBadGateway {
		t.Errorf("%d, %s", status, body)
	}
}
