package oidctest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
)

const grantCode = "authorization_code"

// code is one that a browser brings to the client, good once.
type code struct {
	client, redirect, challenge, nonce string
	claims                             Claims
}

// AtTheBrowser says who sits there from now on: whoever a client sends is signed in with these claims at once; nil refuses.
func (p *Provider) AtTheBrowser(c Claims) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.person = c
}

// Revoke has no refresh token be good any more.
func (p *Provider) Revoke() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.refresh)
}

// authorize is what a browser is sent to (RFC 6749, section 4.1.1). Clients of this provider have to use PKCE with S256.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query()
	back, err := url.Parse(asked.Get("redirect_uri"))
	if err != nil || back.Host == "" || asked.Get("client_id") == "" {
		http.Error(w, "no such client", http.StatusBadRequest)
		return
	}
	answer := url.Values{"state": {asked.Get("state")}, "iss": {p.Issuer()}}
	p.mu.Lock()
	switch {
	case asked.Get("response_type") != "code" || asked.Get("code_challenge_method") != "S256" || asked.Get("code_challenge") == "":
		answer.Set("error", "invalid_request")
	case p.person == nil:
		answer.Set("error", "access_denied")
	default:
		given := rand.Text()
		p.codes[given] = code{
			client: asked.Get("client_id"), redirect: asked.Get("redirect_uri"), challenge: asked.Get("code_challenge"), nonce: asked.Get("nonce"), claims: p.person,
		}
		answer.Set("code", given)
	}
	p.mu.Unlock()
	back.RawQuery = answer.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound) //nolint:gosec // the fake knows no clients: it sends back to whoever asks
}

// exchange gives the claims for a code, which is good once and for who has the proof, or the error code.
func (p *Provider) exchange(client string, r *http.Request) (c Claims, nonce, problem string) {
	proof := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	p.mu.Lock()
	defer p.mu.Unlock()
	known, ok := p.codes[r.PostFormValue("code")]
	delete(p.codes, r.PostFormValue("code"))
	if !ok || known.client != client || known.redirect != r.PostFormValue("redirect_uri") || known.challenge != base64.RawURLEncoding.EncodeToString(proof[:]) {
		return nil, "", "invalid_grant"
	}
	if p.faults.Nonce != "" {
		known.nonce = p.faults.Nonce
	}
	return known.claims, known.nonce, ""
}
