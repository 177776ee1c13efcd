package servicedesktest

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

const (
	tokenPath     = "/oauth/v2/token" //nolint:gosec // a path
	tokenLife     = time.Hour
	tokensAMinute = 5
	mediaType     = "application/vnd.manageengine.sdp.v3+json"
)

// authenticated lets only calls with valid credentials through.
func (s *Server) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !s.accepts(r):
			s.unauthorized(w)
		case s.cloud() && !strings.Contains(r.Header.Get("Accept"), mediaType):
			s.fail(w, http.StatusNotAcceptable, codeInvalid, "", "Accept header is missing or not supported")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func (s *Server) accepts(r *http.Request) bool {
	if s.cloud() {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Zoho-oauthtoken ")
		return ok && s.tokens.valid(token)
	}
	key := r.Header.Get("Authtoken")
	if key == "" {
		key = r.Header.Get("Technician_key")
	}
	return same(key, s.opts.APIKey)
}

func same(given, want string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(given), []byte(want)) == 1
}

// issuer is the account server of the cloud.
type issuer struct {
	accepted servicedesk.OAuth
	clock    func() time.Time

	mu     sync.Mutex
	live   map[string]time.Time // access tokens and when they expire
	recent []time.Time          // calls within the last minute
}

func newIssuer(accepted servicedesk.OAuth, clock func() time.Time) *issuer {
	return &issuer{accepted: accepted, clock: clock, live: make(map[string]time.Time)}
}

func (i *issuer) valid(token string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	expires, ok := i.live[token]
	return ok && i.clock().Before(expires)
}

func (i *issuer) revoke() {
	i.mu.Lock()
	defer i.mu.Unlock()
	clear(i.live)
}

func (i *issuer) issue() string {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // never fails
	token := "1000." + hex.EncodeToString(raw)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.live[token] = i.clock().Add(tokenLife)
	return token
}

// busy counts one call against the limit.
func (i *issuer) busy() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	now := i.clock()
	i.recent = slices.DeleteFunc(i.recent, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	if len(i.recent) >= tokensAMinute {
		return true
	}
	i.recent = append(i.recent, now)
	return false
}

// issueToken reports bad credentials with 200 and an error, as the account server is known
// to do, and its lockout with 400.
func (s *Server) issueToken(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxInput)
	if err := r.ParseForm(); err != nil {
		s.answerToken(w, http.StatusBadRequest, object{"error": "invalid_request"})
		return
	}
	want := s.tokens.accepted
	switch {
	case s.tokens.busy():
		s.answerToken(w, http.StatusBadRequest, object{
			"error": "Access Denied", "status": "failure",
			"error_description": "You have made too many requests continuously. Please try again after some time.",
		})
	case r.Form.Get("grant_type") != "refresh_token":
		s.answerToken(w, http.StatusOK, object{"error": "unsupported_grant_type"})
	case !same(r.Form.Get("client_id"), want.ClientID) || !same(r.Form.Get("client_secret"), want.ClientSecret):
		s.answerToken(w, http.StatusOK, object{"error": "invalid_client"})
	case !same(r.Form.Get("refresh_token"), want.RefreshToken):
		s.answerToken(w, http.StatusOK, object{"error": "invalid_code"})
	default:
		s.answerToken(w, http.StatusOK, object{
			"access_token": s.tokens.issue(), "token_type": "Bearer", "scope": "SDPOnDemand.requests.ALL",
			"expires_in": int(tokenLife / time.Second),
		})
	}
}

func (s *Server) answerToken(w http.ResponseWriter, status int, body object) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		s.opts.Logger.Debug("servicedesk fake could not answer", "error", err)
	}
}
