package web

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

const (
	// purpose keeps what else is sealed with the keyset from passing for a session. It never changes, or everybody is signed out.
	purpose = "console-session"
	// validity is how long a session lasts at most: a working day. A token that ends or is revoked ends it sooner.
	validity = 10 * time.Hour
	// maxToken is the length of the longest token that fits into a cookie once it is sealed.
	maxToken = 2 << 10
	// untilClosed and atOnce are ages of a cookie in seconds, as http.Cookie has them.
	untilClosed, atOnce = 0, -1
)

// session is what a browser keeps, sealed: who has it can do what the token can, so it is for the console's own eyes.
type session struct {
	Token   tenant.Secret
	Subject string
	// Tenants are the only ones that the token reaches; empty for all.
	Tenants []string
	// Permissions are what the token may do, for pages to show what their reader can use.
	Permissions []string
	Expires     time.Time
}

// sealedSession is a session as it is sealed: a Secret does not let itself be written.
type sealedSession struct {
	Token       string    `json:"token"`
	Subject     string    `json:"subject"`
	Tenants     []string  `json:"tenants,omitempty"`
	Permissions []string  `json:"permissions"`
	Expires     time.Time `json:"expires"`
}

// sessions begins, reads and ends sessions. The console keeps none: any replica reads what another has sealed.
type sessions struct {
	sealer *tenant.Sealer
	now    func() time.Time
	secure bool
}

var errNoSession = errors.New("nobody is signed in")

// name has the prefix by which browsers hold a cookie to TLS and to this host alone (RFC 6265bis, section 4.1.3.2).
func (s *sessions) name() string {
	if s.secure {
		return "__Host-session"
	}
	return "session"
}

func (s *sessions) cookie(value string, age int) *http.Cookie {
	// Lax, so that a link in a mail or a chat leads to the page and not to the sign-in; forms are guarded by where they come from.
	return &http.Cookie{ //nolint:gosec // without TLS the console listens on this machine alone
		Name: s.name(), Value: value, Path: "/", HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
		MaxAge: age,
	}
}

func (s *sessions) begin(w http.ResponseWriter, here session) error {
	text, err := json.Marshal(sealedSession{Token: here.Token.Reveal(), Subject: here.Subject, Tenants: here.Tenants, Permissions: here.Permissions, Expires: here.Expires})
	if err != nil {
		return fmt.Errorf("begin a session: %w", err)
	}
	sealed, err := s.sealer.SealFor(purpose, text)
	if err != nil {
		return fmt.Errorf("begin a session: %w", err)
	}
	http.SetCookie(w, s.cookie(base64.RawURLEncoding.EncodeToString(sealed), untilClosed))
	return nil
}

func (s *sessions) end(w http.ResponseWriter) {
	http.SetCookie(w, s.cookie("", atOnce))
}

// read gives the session of a request, or errNoSession: also for one that is no longer good, or was never ours.
func (s *sessions) read(r *http.Request) (session, error) {
	c, err := r.Cookie(s.name())
	if err != nil {
		return session{}, errNoSession
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(c.Value)
	if err != nil {
		return session{}, errNoSession
	}
	text, err := s.sealer.OpenFor(purpose, sealed)
	if err != nil {
		return session{}, errNoSession
	}
	var kept sealedSession
	if json.Unmarshal(text, &kept) != nil || !s.now().Before(kept.Expires) {
		return session{}, errNoSession
	}
	return session{Token: tenant.Secret(kept.Token), Subject: kept.Subject, Tenants: kept.Tenants, Permissions: kept.Permissions, Expires: kept.Expires}, nil
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
}

func (s *Site) signInForm(w http.ResponseWriter, r *http.Request) {
	s.showSignIn(w, http.StatusOK, signInPage{Next: within(r.URL.Query().Get("next"))})
}

func (s *Site) showSignIn(w http.ResponseWriter, status int, p signInPage) {
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
		err = s.sessions.begin(w, here)
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
	here := session{Token: token, Subject: who.Subject, Tenants: who.Tenants, Permissions: who.Permissions, Expires: s.cfg.Now().Add(validity)}
	if who.ExpiresAt != nil && who.ExpiresAt.Before(here.Expires) {
		here.Expires = *who.ExpiresAt
	}
	return here, nil
}

func (s *Site) signOut(w http.ResponseWriter, r *http.Request) {
	s.sessions.end(w)
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
	if _, is := errors.AsType[*http.MaxBytesError](err); is {
		return message{Status: http.StatusRequestEntityTooLarge, Title: "That is too long", Text: "The form holds more than the console reads."}
	}
	return message{
		Status: http.StatusInternalServerError, Title: "This does not work at the moment",
		Text: "The console could not do it. Its log says why; try again in a minute.",
	}
}
