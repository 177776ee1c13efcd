package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/access/oidc"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/console/sessionstore"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

const (
	// validity is how long a session lasts at most: a working day. A token that ends or is revoked ends it sooner.
	validity = 10 * time.Hour
	// maxToken is how long an API token is at most that somebody pastes.
	maxToken = 2 << 10
	// renewBefore is how long before its end a token is exchanged for another one.
	renewBefore = time.Minute
	// untilClosed and atOnce are ages of a cookie in seconds, as http.Cookie has them.
	untilClosed, atOnce = 0, -1
)

// session is somebody who is signed in.
type session = sessionstore.Session

// cookie makes one that no script reads and, where browsers come by TLS, that is held to TLS and to this host alone by its name's prefix
// (RFC 6265bis, section 4.1.3.2).
func (s *Site) cookie(name, value string, age int) *http.Cookie {
	// Lax, so that a link in a mail or a chat leads to the page and not to the sign-in; forms are guarded by where they come from.
	return &http.Cookie{ //nolint:gosec // without TLS the console listens on this machine alone
		Name: s.cookieName(name), Value: value, Path: "/", HttpOnly: true, Secure: s.cfg.Secure, SameSite: http.SameSiteLaxMode, MaxAge: age,
	}
}

func (s *Site) cookieName(name string) string {
	if s.cfg.Secure {
		return "__Host-" + name
	}
	return name
}

// The cookies: who is signed in, and the sign-in that an identity provider is to come back from.
const (
	cookieSession = "session"
	cookieAttempt = "sign-in"
)

// sessionID is what the browser keeps of its session; empty for none.
func (s *Site) sessionID(r *http.Request) tenant.Secret {
	c, err := r.Cookie(s.cookieName(cookieSession))
	if err != nil {
		return ""
	}
	return tenant.Secret(c.Value)
}

// begin has the browser signed in, and whoever was it before is not any more.
func (s *Site) begin(w http.ResponseWriter, r *http.Request, here session) error {
	if before := s.sessionID(r); before != "" {
		if err := s.cfg.Sessions.End(r.Context(), before); err != nil {
			return fmt.Errorf("sign in: %w", err)
		}
	}
	id, err := s.cfg.Sessions.Begin(r.Context(), here)
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	http.SetCookie(w, s.cookie(cookieSession, id.Reveal(), untilClosed))
	return nil
}

// present gives who is signed in, with a token that is good for a while; sessionstore.ErrNone for nobody.
func (s *Site) present(w http.ResponseWriter, r *http.Request) (session, error) {
	id := s.sessionID(r)
	if id == "" {
		return session{}, sessionstore.ErrNone
	}
	here, err := s.cfg.Sessions.Find(r.Context(), id)
	if err != nil || here.Refresh == "" || s.cfg.SignIn == nil || s.cfg.Now().Before(here.TokenEnds.Add(-renewBefore)) {
		return here, err //nolint:wrapcheck // it says what it is
	}
	renewed, err := s.cfg.Sessions.Renew(r.Context(), id, here, func(old session) (session, error) { return s.renew(w, r, old) })
	switch {
	case errors.Is(err, oidc.ErrSignIn):
		return session{}, sessionstore.ErrNone
	case errors.Is(err, access.ErrProviderUnavailable) && s.cfg.Now().Before(here.TokenEnds):
		return here, nil
	}
	return renewed, err //nolint:wrapcheck // as above
}

// renew exchanges the token of a session for the next one. The person's roles may be others by then.
func (s *Site) renew(w http.ResponseWriter, r *http.Request, old session) (session, error) {
	tokens, err := s.cfg.SignIn.Renew(r.Context(), old.Refresh)
	if err != nil {
		return session{}, err //nolint:wrapcheck // it says what it is
	}
	next, err := s.recognise(w, r, tokens.Access)
	next.Refresh, next.Ends = tokens.Refresh, old.Ends
	return next, err
}

// askToSignIn leads to the sign-in, and from there back to the page that was asked for.
func (s *Site) askToSignIn(w http.ResponseWriter, r *http.Request) {
	target := pathSignIn
	if r.Method == http.MethodGet && r.URL.Path != "/" {
		target += "?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
}

// signInPage is what the form for the sign-in shows.
type signInPage struct {
	Next    string
	Problem string
	// Organisation is where persons sign in with the identity provider; empty where there is none.
	Organisation string
}

func (s *Site) signInForm(w http.ResponseWriter, r *http.Request) {
	s.showSignIn(w, http.StatusOK, signInPage{Next: within(r.URL.Query().Get("next"))})
}

func (s *Site) showSignIn(w http.ResponseWriter, status int, p signInPage) {
	if s.cfg.SignIn != nil {
		p.Organisation = pathOrganisation + "?" + url.Values{"next": {p.Next}}.Encode()
	}
	s.views.write(s.cfg.Logger, w, status, "signin", frame{Title: "Sign in", Data: p})
}

// within is next if it is a page of the console, and the overview otherwise: a sign-in that leads elsewhere is a gift to who
// imitates the console. Browsers take a backslash for a slash, and skip control characters.
func within(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}

func (s *Site) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		s.showSignIn(w, http.StatusBadRequest, signInPage{Next: "/", Problem: "That could not be read. Paste the token alone."})
		return
	}
	shown := signInPage{Next: within(r.PostForm.Get("next"))}
	token := tenant.Secret(strings.TrimSpace(r.PostForm.Get("token")))
	if wrong := plausible(token); wrong != "" {
		shown.Problem = wrong
		s.showSignIn(w, http.StatusUnprocessableEntity, shown)
		return
	}
	first, err := s.exchanged(w, r, &token)
	var here session
	if err == nil {
		here, err = s.recognise(w, r, token)
	}
	if err == nil {
		err = s.begin(w, r, here)
	}
	if err != nil {
		told := failure(err)
		if told.Status == http.StatusUnauthorized {
			told.Text = "The token is not accepted: it may be incomplete, have expired, or have been revoked. `agentctl token create` makes one."
		}
		shown.Problem = told.Text
		s.showSignIn(w, told.Status, shown)
		return
	}
	if first == nil {
		http.Redirect(w, r, shown.Next, http.StatusSeeOther)
		return
	}
	s.views.write(s.cfg.Logger, w, http.StatusOK, "bootstrapped", frame{Title: "Your first token", Data: bootstrappedPage{IssuedToken: *first, Next: shown.Next}})
}

// bootstrappedPage is the token that the bootstrap token was exchanged for; it is shown this once.
type bootstrappedPage struct {
	adminapi.IssuedToken

	Next string
}

// exchanged takes what is no API token for the bootstrap token, and puts the API token in its place that it is exchanged for.
func (s *Site) exchanged(w http.ResponseWriter, r *http.Request, token *tenant.Secret) (*adminapi.IssuedToken, error) {
	if strings.HasPrefix(token.Reveal(), access.SecretPrefix) {
		return nil, nil //nolint:nilnil // nothing was to be exchanged
	}
	client, err := s.client(w, r, *token)
	if err != nil {
		return nil, err
	}
	issued, err := client.Bootstrap(r.Context())
	if adminapi.StatusOf(err) == http.StatusUnauthorized {
		return nil, &adminapi.Problem{
			Status: http.StatusUnprocessableEntity,
			Detail: "This is neither an API token, which begins with " + access.SecretPrefix + ", nor the bootstrap token. `agentctl token create` makes one.",
		}
	}
	if err != nil {
		return nil, fmt.Errorf("exchange the bootstrap token: %w", err)
	}
	*token = tenant.Secret(issued.Secret)
	return &issued, nil
}

// plausible says what is wrong with a token before the API is asked.
func plausible(token tenant.Secret) string {
	switch text := token.Reveal(); {
	case text == "":
		return "Paste an API token. `agentctl token create` makes one."
	case len(text) > maxToken:
		return "This is longer than any API token. Paste the token alone."
	default:
		return ""
	}
}

// recognise asks the API whose token it is.
func (s *Site) recognise(w http.ResponseWriter, r *http.Request, token tenant.Secret) (session, error) {
	client, err := s.client(w, r, token)
	if err != nil {
		return session{}, err
	}
	who, err := client.WhoAmI(r.Context())
	if err != nil {
		return session{}, fmt.Errorf("sign in: %w", err)
	}
	here := session{
		Token: token, Subject: who.Subject, Tenants: who.Tenants, Permissions: who.Permissions, Ends: s.cfg.Now().Add(validity),
	}
	here.TokenEnds = here.Ends
	if who.ExpiresAt != nil {
		here.TokenEnds = *who.ExpiresAt
	}
	if here.TokenEnds.Before(here.Ends) {
		here.Ends = here.TokenEnds
	}
	return here, nil
}

func (s *Site) signOut(w http.ResponseWriter, r *http.Request) {
	if id := s.sessionID(r); id != "" {
		if err := s.cfg.Sessions.End(r.Context(), id); err != nil {
			s.fail(w, r, session{}, fmt.Errorf("sign out: %w", err))
			return
		}
	}
	http.SetCookie(w, s.cookie(cookieSession, "", atOnce))
	http.Redirect(w, r, pathSignIn, http.StatusSeeOther)
}

// failure tells an error as a page does.
func failure(err error) message {
	if problem, is := errors.AsType[*adminapi.Problem](err); is {
		told := message{Status: problem.Status, Title: cmp.Or(problem.Title, http.StatusText(problem.Status)), Text: problem.Detail, Correlation: problem.CorrelationID}
		if told.Text == "" {
			told.Text = problem.Title
		}
		for _, f := range problem.Errors {
			told.Items = append(told.Items, f.String())
		}
		switch problem.Status {
		case http.StatusForbidden:
			told.Title = "You may not do this"
		case http.StatusNotFound:
			told.Title = "There is no such thing"
		case http.StatusPreconditionFailed:
			told.Title = "It was changed meanwhile"
		}
		return told
	}
	if errors.Is(err, access.ErrProviderUnavailable) {
		return message{
			Status: http.StatusServiceUnavailable, Title: "Your organisation's sign-in does not answer",
			Text: "Your sign-in has to be renewed there. Try again in a minute; API tokens work all the same.",
		}
	}
	if _, is := errors.AsType[*http.MaxBytesError](err); is {
		return message{Status: http.StatusRequestEntityTooLarge, Title: "That is too long", Text: "The form holds more than the console reads."}
	}
	return message{
		Status: http.StatusInternalServerError, Title: "This does not work at the moment",
		Text: "The console could not do it. Its log says why; try again in a minute.",
	}
}
