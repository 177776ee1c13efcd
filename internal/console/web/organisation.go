package web

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/access/oidc"
)

const (
	// attemptPurpose keeps what else is sealed with the keyset from passing for a sign-in that has begun.
	attemptPurpose = "console-sign-in"
	// attemptLasts is how long a person may take at the identity provider.
	attemptLasts = 10 * time.Minute
)

// attempt is a sign-in that has begun, as the browser keeps it, sealed, until the provider sends it back.
type attempt struct {
	oidc.Attempt

	Next string    `json:"next"`
	Ends time.Time `json:"ends"`
}

// toOrganisation sends the browser to the identity provider.
func (s *Site) toOrganisation(w http.ResponseWriter, r *http.Request) {
	next := within(r.URL.Query().Get("next"))
	if s.cfg.SignIn == nil {
		s.showSignIn(w, http.StatusNotFound, signInPage{Next: next, Problem: "Nobody signs in here with an organisation: OIDC_CLIENT_ID is not set."})
		return
	}
	address, begun, err := s.cfg.SignIn.Begin()
	if err == nil {
		var cookie *http.Cookie
		if cookie, err = s.keep(attempt{Attempt: begun, Next: next, Ends: s.cfg.Now().Add(attemptLasts)}); err == nil {
			http.SetCookie(w, cookie)
			http.Redirect(w, r, address, http.StatusSeeOther)
			return
		}
	}
	s.notSignedIn(w, r, next, err)
}

func (s *Site) keep(a attempt) (*http.Cookie, error) {
	text, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("begin a sign-in: %w", err)
	}
	sealed, err := s.cfg.Sealer.SealFor(attemptPurpose, text)
	if err != nil {
		return nil, fmt.Errorf("begin a sign-in: %w", err)
	}
	return s.cookie(cookieAttempt, base64.RawURLEncoding.EncodeToString(sealed), int(attemptLasts.Seconds())), nil
}

// begun gives the sign-in that this browser has begun.
func (s *Site) begun(r *http.Request) (a attempt, ok bool) {
	c, err := r.Cookie(s.cookieName(cookieAttempt))
	if err != nil {
		return a, false
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(c.Value)
	if err != nil {
		return a, false
	}
	text, err := s.cfg.Sealer.OpenFor(attemptPurpose, sealed)
	if err != nil || json.Unmarshal(text, &a) != nil || !s.cfg.Now().Before(a.Ends) {
		return attempt{}, false
	}
	return a, true
}

// fromOrganisation is where the identity provider sends the browser back to.
func (s *Site) fromOrganisation(w http.ResponseWriter, r *http.Request) {
	brought := r.URL.Query()
	begun, ok := s.begun(r)
	http.SetCookie(w, s.cookie(cookieAttempt, "", atOnce)) // it is good once
	// Another state is another browser's sign-in, which somebody wants this one to have.
	if s.cfg.SignIn == nil || !ok || subtle.ConstantTimeCompare([]byte(brought.Get("state")), []byte(begun.State)) != 1 {
		s.showSignIn(w, http.StatusBadRequest, signInPage{Next: "/", Problem: "This sign-in was not begun in this browser, or too long ago. Sign in again."})
		return
	}
	if refusal := brought.Get("error"); refusal != "" || brought.Get("code") == "" {
		s.cfg.Logger.InfoContext(r.Context(), "a sign-in was refused by the identity provider", "error", refusal)
		s.showSignIn(w, http.StatusForbidden, signInPage{Next: begun.Next, Problem: "Your organisation did not let you in, or you did not want to. Sign in again, or with an API token."})
		return
	}
	tokens, err := s.cfg.SignIn.Finish(r.Context(), begun.Attempt, brought.Get("code"))
	if err != nil {
		s.notSignedIn(w, r, begun.Next, err)
		return
	}
	here, err := s.recognise(w, r, tokens.Access)
	if err == nil {
		if here.Refresh = tokens.Refresh; here.Refresh != "" {
			here.Ends = s.cfg.Now().Add(validity)
		}
		if len(here.Permissions) == 0 {
			s.showSignIn(w, http.StatusForbidden, signInPage{
				Next: begun.Next, Problem: "You have none of the roles that the console knows, and may do nothing: ask who looks after your organisation's sign-in.",
			})
			return
		}
		err = s.begin(w, r, here)
	}
	if err != nil {
		s.notSignedIn(w, r, begun.Next, err)
		return
	}
	http.Redirect(w, r, begun.Next, http.StatusSeeOther)
}

// notSignedIn shows the sign-in with the reason why it came to nothing.
func (s *Site) notSignedIn(w http.ResponseWriter, r *http.Request, next string, err error) {
	told := failure(err)
	switch {
	case errors.Is(err, oidc.ErrSignIn):
		told.Status, told.Text = http.StatusForbidden, "Your organisation's answer was not accepted. Sign in again."
	case errors.Is(err, access.ErrProviderUnavailable):
		told.Text = "Your organisation's sign-in does not answer. Try again in a minute, or sign in with an API token."
	case told.Status == http.StatusUnauthorized:
		told.Status = http.StatusForbidden
		told.Text = "You are signed in with your organisation, but its token is not for this console: OIDC_AUDIENCE has to be in it. The audit log has the reason."
	case told.Status == http.StatusInternalServerError:
		s.cfg.Logger.ErrorContext(r.Context(), "a sign-in came to nothing", "error", err)
	}
	s.showSignIn(w, told.Status, signInPage{Next: next, Problem: told.Text})
}
