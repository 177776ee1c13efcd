// Package oidctest owns a fake of an OpenID Connect provider: discovery, keys that can be rotated, tokens with any claims,
// sign-in with a browser (authorization code with PKCE) and on another device (RFC 8628), and the faults that providers have. It keeps its state in memory.
package oidctest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

// Paths of the provider.
const (
	pathDiscovery = "/.well-known/openid-configuration"
	pathKeys      = "/keys"
	pathDevice    = "/device/code"
	pathToken     = "/token"
	pathVerify    = "/device"
	pathAuthorize = "/authorize"
)

// Audience is what the tokens are for, unless their claims say something else.
const Audience = "ai-agents-console"

// Provider is a running fake.
type Provider struct {
	server *httptest.Server

	mu       sync.Mutex
	keys     []signingKey // the newest last; the earlier ones are still published
	faults   Faults
	requests map[string]int // by path
	sessions []*session
	interval time.Duration
	refresh  map[string]grant
	codes    map[string]code
	// person is who sits at the browser; nil for somebody who refuses.
	person Claims
}

// Faults are what is wrong with the provider.
type Faults struct {
	// Down has every request answered with 503.
	Down bool
	// Delay holds up every answer, or until the client goes.
	Delay time.Duration
	// Issuer is announced in the discovery document in place of the right one.
	Issuer string
	// KeysURL is announced in place of the right one.
	KeysURL string
	// Algorithms are announced in place of RS256 and ES256.
	Algorithms []string
	// KeysStatus is what requests for keys are answered with; 0 for the keys.
	KeysStatus int
	// KeysRedirect is where requests for keys are sent on to.
	KeysRedirect string
	// KeysBody is answered in place of the keys.
	KeysBody string
	// SlowDown has so many polls of a device answered with slow_down.
	SlowDown int
	// Nonce is in the id tokens of sign-ins with a browser in place of the one that was asked for.
	Nonce string
	// NoRefresh has no refresh token given.
	NoRefresh bool
	// TokenStatus is what the token endpoint answers with, and no JSON; 0 for what is right.
	TokenStatus int
}

// Start runs a provider for the test, on loopback.
func Start(t testing.TB) *Provider {
	t.Helper()
	p := &Provider{requests: map[string]int{}, interval: time.Second, refresh: map[string]grant{}, codes: map[string]code{}}
	p.Rotate()
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+pathDiscovery, p.discovery)
	mux.HandleFunc("GET "+pathKeys, p.publicKeys)
	mux.HandleFunc("POST "+pathDevice, p.deviceCode)
	mux.HandleFunc("POST "+pathToken, p.token)
	mux.HandleFunc("GET "+pathAuthorize, p.authorize)
	p.server = httptest.NewServer(p.faulty(mux))
	t.Cleanup(p.server.Close)
	return p
}

// Issuer is the provider's URL, and what its tokens have in iss.
func (p *Provider) Issuer() string { return p.server.URL }

// Break sets what is wrong from now on; the zero Faults repair all.
func (p *Provider) Break(f Faults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = f
}

// CloseConnections cuts off the requests that are under way.
func (p *Provider) CloseConnections() { p.server.CloseClientConnections() }

// KeyRequests is how often the keys were asked for.
func (p *Provider) KeyRequests() int { return p.count(pathKeys) }

// DiscoveryRequests is how often the discovery document was asked for.
func (p *Provider) DiscoveryRequests() int { return p.count(pathDiscovery) }

func (p *Provider) count(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests[path]
}

func (p *Provider) fault() Faults {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults
}

func (p *Provider) faulty(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.requests[r.URL.Path]++
		p.mu.Unlock()
		faults := p.fault()
		if faults.Delay > 0 {
			select {
			case <-time.After(faults.Delay):
			case <-r.Context().Done():
				return
			}
		}
		if faults.Down {
			http.Error(w, "down for maintenance", http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	faults := p.fault()
	issuer, keys, algorithms := p.Issuer(), p.Issuer()+pathKeys, []string{"RS256", "ES256"}
	if faults.Issuer != "" {
		issuer = faults.Issuer
	}
	if faults.KeysURL != "" {
		keys = faults.KeysURL
	}
	if faults.Algorithms != nil {
		algorithms = faults.Algorithms
	}
	answer(w, http.StatusOK, map[string]any{
		"issuer":                                issuer,
		"jwks_uri":                              keys,
		"authorization_endpoint":                p.Issuer() + pathAuthorize,
		"token_endpoint":                        p.Issuer() + pathToken,
		"device_authorization_endpoint":         p.Issuer() + pathDevice,
		"id_token_signing_alg_values_supported": algorithms,
		"response_types_supported":              []string{"code"},
		"subject_types_supported":               []string{"public"},
		"grant_types_supported":                 []string{grantCode, grantDevice, grantRefresh},
		"code_challenge_methods_supported":      []string{"S256"},
	})
}

func (p *Provider) publicKeys(w http.ResponseWriter, _ *http.Request) {
	faults := p.fault()
	switch {
	case faults.KeysStatus != 0:
		http.Error(w, "out of order", faults.KeysStatus)
	case faults.KeysRedirect != "":
		w.Header().Set("Location", faults.KeysRedirect)
		w.WriteHeader(http.StatusTemporaryRedirect)
		_, _ = w.Write([]byte("{}"))
	case faults.KeysBody != "":
		_, _ = w.Write([]byte(faults.KeysBody))
	default:
		var set jose.JSONWebKeySet
		p.mu.Lock()
		for _, key := range p.keys {
			set.Keys = append(set.Keys, key.public()...)
		}
		p.mu.Unlock()
		answer(w, http.StatusOK, set)
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
