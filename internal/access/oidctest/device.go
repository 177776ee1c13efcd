package oidctest

import (
	"crypto/rand"
	"net/http"
	"time"
)

const (
	grantDevice  = "urn:ietf:params:oauth:grant-type:device_code"
	grantRefresh = "refresh_token"

	// slower is by how much a device has to wait longer after slow_down (RFC 8628, section 3.5).
	slower = 5 * time.Second

	deviceLife = 10 * time.Minute
	tokenLife  = time.Hour
)

// session is one sign-in on another device.
type session struct {
	deviceCode, userCode, client string
	expires, polled              time.Time
	interval                     time.Duration
	state                        state
	claims                       Claims
	taken                        bool
}

type state int

const (
	pending state = iota
	approved
	denied
	expired
)

// grant is what a refresh token stands for.
type grant struct {
	client string
	claims Claims
}

// SetPollInterval says how long devices that begin from now on have to wait between two polls, in whole seconds: one at
// first; 0 for tests that do not wait.
func (p *Provider) SetPollInterval(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.interval = d
}

// UserCodes gives the codes that wait for a person, in the order in which they were asked for.
func (p *Provider) UserCodes() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var codes []string
	for _, s := range p.sessions {
		if s.state == pending {
			codes = append(codes, s.userCode)
		}
	}
	return codes
}

// Approve is the person who enters the code and signs in: the device gets tokens with these claims. It says whether there
// was such a code waiting.
func (p *Provider) Approve(userCode string, c Claims) bool { return p.settle(userCode, approved, c) }

// Deny is the person who refuses.
func (p *Provider) Deny(userCode string) bool { return p.settle(userCode, denied, nil) }

// Expire has the code run out.
func (p *Provider) Expire(userCode string) bool { return p.settle(userCode, expired, nil) }

func (p *Provider) settle(userCode string, to state, c Claims) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.sessions {
		if s.userCode == userCode && s.state == pending {
			s.state, s.claims = to, c
			return true
		}
	}
	return false
}

func (p *Provider) deviceCode(w http.ResponseWriter, r *http.Request) {
	client := r.PostFormValue("client_id")
	if client == "" {
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	user := rand.Text()
	s := &session{
		deviceCode: rand.Text(), userCode: user[:4] + "-" + user[4:8], client: client, expires: time.Now().Add(deviceLife),
	}
	p.mu.Lock()
	s.interval = p.interval
	p.sessions = append(p.sessions, s)
	p.mu.Unlock()
	answer(w, http.StatusOK, map[string]any{
		"device_code": s.deviceCode, "user_code": s.userCode, "verification_uri": p.Issuer() + pathVerify,
		"verification_uri_complete": p.Issuer() + pathVerify + "?user_code=" + s.userCode,
		"expires_in":                int(deviceLife.Seconds()), "interval": int(s.interval.Seconds()),
	})
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if status := p.fault().TokenStatus; status != 0 {
		http.Error(w, "out of order", status)
		return
	}
	client := r.PostFormValue("client_id")
	switch r.PostFormValue("grant_type") {
	case grantDevice:
		c, problem := p.poll(client, r.PostFormValue("device_code"))
		p.grant(w, client, c, problem)
	case grantRefresh:
		c, problem := p.redeem(client, r.PostFormValue("refresh_token"))
		p.grant(w, client, c, problem)
	case grantCode:
		c, nonce, problem := p.exchange(client, r)
		p.grantWith(w, client, c, nonce, problem)
	default:
		refuse(w, http.StatusBadRequest, "unsupported_grant_type")
	}
}

// poll gives the claims of a sign-in that was approved, or the error code.
func (p *Provider) poll(client, deviceCode string) (Claims, string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.sessions {
		if s.deviceCode != deviceCode || s.client != client || s.taken {
			continue
		}
		now := time.Now()
		// Half of the interval is forgiven: a machine under load must not make a test fail.
		early := now.Sub(s.polled) < s.interval/2
		s.polled = now
		switch {
		case p.faults.SlowDown > 0:
			p.faults.SlowDown--
			return nil, "slow_down"
		case s.state == expired || now.After(s.expires):
			return nil, "expired_token"
		case s.state == denied:
			return nil, "access_denied"
		case early:
			s.interval += slower
			return nil, "slow_down"
		case s.state == pending:
			return nil, "authorization_pending"
		}
		s.taken = true
		return s.claims, ""
	}
	return nil, "invalid_grant"
}

// redeem exchanges a refresh token, which is good once.
func (p *Provider) redeem(client, token string) (Claims, string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, ok := p.refresh[token]
	if !ok || g.client != client {
		return nil, "invalid_grant"
	}
	delete(p.refresh, token)
	now := time.Now()
	return g.claims.With("iat", now.Unix()).With("exp", now.Add(tokenLife).Unix()), ""
}

func (p *Provider) grant(w http.ResponseWriter, client string, c Claims, problem string) {
	p.grantWith(w, client, c, "", problem)
}

// grantWith is grant with a nonce in the id token, unless it is empty.
func (p *Provider) grantWith(w http.ResponseWriter, client string, c Claims, nonce, problem string) {
	if problem != "" {
		refuse(w, http.StatusBadRequest, problem)
		return
	}
	identity := c.With("aud", client)
	if nonce != "" {
		identity = identity.With("nonce", nonce)
	}
	given := map[string]any{
		"access_token": p.Sign(c), "id_token": p.Sign(identity), "token_type": "Bearer", "expires_in": int(tokenLife.Seconds()),
	}
	p.mu.Lock()
	if !p.faults.NoRefresh {
		next := rand.Text()
		p.refresh[next] = grant{client: client, claims: c}
		given["refresh_token"] = next
	}
	p.mu.Unlock()
	answer(w, http.StatusOK, given)
}

func refuse(w http.ResponseWriter, status int, code string) {
	answer(w, status, map[string]string{"error": code, "error_description": "the example provider says " + code})
}
