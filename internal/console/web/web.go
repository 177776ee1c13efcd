// Package web owns the console's pages: how an operator signs in with a browser, what each page shows and what can be done on
// it. The pages are a client of the admin API, as agentctl is, with the token of whoever looks at them; so what the API
// refuses or writes into the audit log is the same for both, and no page can show what its reader may not read.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/ai-agents/ai-agents/internal/access/oidc"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/console/sessionstore"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// maxForm is how long a form may be, in bytes.
const maxForm = 64 << 10

// TracePlace stands for the id in Config.TraceURL.
const TracePlace = "{trace_id}"

// day is how far the overview looks back.
const day = 24 * time.Hour

// Config is what the pages need.
type Config struct {
	// API is the admin API's handler. Pages ask it in the same process.
	API http.Handler
	// Sessions keeps who is signed in.
	Sessions *sessionstore.Store
	// SignIn signs persons in with their identity provider; nil where there is none.
	SignIn *oidc.SignIn
	// Sealer seals what a browser keeps while it is there.
	Sealer *tenant.Sealer
	// Secure says that browsers reach the console by TLS alone, at its listener or at a proxy before it.
	Secure bool
	// TraceURL is where a trace is shown, with TracePlace in place of its id; empty where none is.
	TraceURL string
	Now      func() time.Time
	Logger   *slog.Logger
}

// Site is the pages. It is safe for concurrent use.
type Site struct {
	cfg     Config
	views   *views
	handler http.Handler
}

// New makes a Site, which serves the API below its prefix too.
func New(cfg Config) (*Site, error) {
	v, err := newViews()
	if err != nil {
		return nil, err
	}
	s := &Site{cfg: cfg, views: v}
	router := mux.NewRouter().SkipClean(true)
	s.routes(router)
	router.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.say(w, http.StatusNotFound, "There is no such page", "The address may be incomplete. The overview leads to all pages.")
	})
	router.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.say(w, http.StatusMethodNotAllowed, "This cannot be done", "Use the buttons of the pages.")
	})
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.say(w, http.StatusForbidden, "This came from another site", "Nothing was done. Open the page in the console itself and try again.")
	}))
	s.handler = s.harden(protection.Handler(router))
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, adminapi.Prefix+"/") {
		s.cfg.API.ServeHTTP(w, r)
		return
	}
	s.handler.ServeHTTP(w, r)
}

func (s *Site) routes(r *mux.Router) {
	r.Handle(pathAssets+"{name}", style()).Methods(http.MethodGet, http.MethodHead)
	r.HandleFunc(pathSignIn, s.signInForm).Methods(http.MethodGet)
	r.HandleFunc(pathSignIn, s.signIn).Methods(http.MethodPost)
	r.HandleFunc(pathOrganisation, s.toOrganisation).Methods(http.MethodGet)
	r.HandleFunc(PathCallback, s.fromOrganisation).Methods(http.MethodGet)
	r.HandleFunc(pathSignOut, s.signOut).Methods(http.MethodPost)
	s.page(r, http.MethodGet, "/", s.overview)
	s.page(r, http.MethodGet, pathJobs, s.listJobs)
	s.page(r, http.MethodGet, pathAudit, s.listAudit)
	s.page(r, http.MethodGet, pathQueue, s.showQueue)
	s.page(r, http.MethodPost, pathPauses, s.beginPause)
	s.page(r, http.MethodPost, pathPauses+"/end", s.endPause)
	s.page(r, http.MethodPost, pathWorkers+"/{replica}/{action:drain|undrain}", s.changeWorker)
	s.page(r, http.MethodGet, pathTenants, s.listTenants)
	s.page(r, http.MethodPost, pathTenants, s.createTenant)
	s.page(r, http.MethodGet, pathNewTenant, s.newTenant)
	const tenant = pathTenants + "/{tenant}"
	s.page(r, http.MethodGet, tenant, s.showTenant)
	s.page(r, http.MethodPost, tenant+"/connection-test", s.testConnection)
	s.page(r, http.MethodGet, tenant+"/setup", s.showSetup)
	s.page(r, http.MethodGet, tenant+"/edit", s.editTenant)
	s.page(r, http.MethodPost, tenant+"/edit", s.updateTenant)
	s.page(r, http.MethodGet, tenant+"/preferences", s.showPreferences)
	s.page(r, http.MethodPost, tenant+"/preferences", s.setPreferences)
	s.page(r, http.MethodGet, tenant+"/secrets", s.showSecrets)
	s.page(r, http.MethodPost, tenant+"/secrets/{secret:"+secretAPIKey+"|"+secretSigning+"|"+secretKnowledge+"}", s.replaceSecret)
	s.page(r, http.MethodPost, tenant+"/{action:enable|disable|delete|restore|purge}", s.moveTenant)
	s.page(r, http.MethodGet, tenant+"/jobs", s.listJobs)
	s.page(r, http.MethodGet, tenant+"/jobs/{job}", s.showJob)
	s.page(r, http.MethodPost, tenant+"/jobs/{job}/{action:retry|rerun|cancel}", s.changeJob)
	s.page(r, http.MethodGet, tenant+"/queue", s.showTenantQueue)
	s.page(r, http.MethodGet, tenant+"/onboarding", s.showOnboarding)
	s.page(r, http.MethodPost, tenant+"/import", s.importSome)
	s.page(r, http.MethodPost, tenant+"/test-webhook", s.testWebhook)
	s.page(r, http.MethodGet, tenant+"/reports", s.currentReport)
	s.page(r, http.MethodGet, tenant+"/reports/{week}.csv", s.downloadReport)
	s.page(r, http.MethodGet, tenant+"/reports/{week}", s.showReport)
	s.page(r, http.MethodPost, tenant+"/queue/{action:retry|drop}", s.changeTenantQueue)
}

// PathCallback is where the identity provider sends browsers back to, below the console's address.
const PathCallback = pathSignIn + "/callback"

// The paths of the pages.
const (
	// pathOrganisation leads to the identity provider.
	pathOrganisation = pathSignIn + "/organisation"

	pathAssets    = "/assets/"
	pathSignIn    = "/sign-in"
	pathSignOut   = "/sign-out"
	pathTenants   = "/tenants"
	pathNewTenant = "/new-tenant"
	pathJobs      = "/jobs"
	pathQueue     = "/queue"
	pathPauses    = "/pauses"
	pathWorkers   = "/workers"
	pathAudit     = "/audit"
)

// visit is one request of somebody who is signed in.
type visit struct {
	ctx     context.Context //nolint:containedctx // it is the request's, and as short-lived
	w       http.ResponseWriter
	r       *http.Request
	api     *adminapi.Client
	session session
}

func (v *visit) tenantID() string { return mux.Vars(v.r)["tenant"] }

// page adds a page that is shown to who is signed in. What show returns as error is told in its place.
func (s *Site) page(r *mux.Router, method, path string, show func(v *visit) error) {
	r.HandleFunc(path, func(w http.ResponseWriter, req *http.Request) {
		here, err := s.present(w, req)
		if errors.Is(err, sessionstore.ErrNone) {
			s.askToSignIn(w, req)
			return
		}
		if err != nil {
			s.fail(w, req, session{}, err)
			return
		}
		client, err := s.client(w, req, here.Token)
		if err != nil {
			s.fail(w, req, here, err)
			return
		}
		req.Body = http.MaxBytesReader(w, req.Body, maxForm)
		v := &visit{ctx: req.Context(), w: w, r: req, api: client, session: here}
		if err := show(v); err != nil {
			s.fail(w, req, here, err)
		}
	}).Methods(method)
}

// client asks the API in the name of whoever has the token. Only the API's own address is ever in the requests, which do not
// leave the process.
func (s *Site) client(w http.ResponseWriter, r *http.Request, token tenant.Secret) (*adminapi.Client, error) {
	client, err := adminapi.NewClient(adminapi.Options{
		BaseURL: "http://localhost", Token: token, Transport: inProcess{api: s.cfg.API, page: r, writer: w},
	})
	if err != nil {
		return nil, fmt.Errorf("ask the admin API: %w", err)
	}
	return client, nil
}

// fail tells what went wrong, in the API's words where they are the API's.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, here session, err error) {
	status := adminapi.StatusOf(err)
	if status == http.StatusUnauthorized {
		if err := s.cfg.Sessions.End(r.Context(), s.sessionID(r)); err != nil {
			s.cfg.Logger.WarnContext(r.Context(), "a session whose token is not accepted was not removed", "error", err)
		}
		http.SetCookie(w, s.cookie(cookieSession, "", atOnce))
		s.askToSignIn(w, r)
		return
	}
	told := failure(err)
	if told.Status == http.StatusInternalServerError && status == 0 {
		s.cfg.Logger.ErrorContext(r.Context(), "a page was not shown", "path", r.URL.Path, "error", err)
	}
	s.views.write(s.cfg.Logger, w, told.Status, "message", frame{
		Title: told.Title, Person: here.Subject, Path: r.URL.Path, permissions: here.Permissions, Data: told,
	})
}

// say shows a page that is no more than a message.
func (s *Site) say(w http.ResponseWriter, status int, title, text string) {
	s.views.write(s.cfg.Logger, w, status, "message", frame{Title: title, Data: message{Status: status, Title: title, Text: text}})
}

// harden sets the headers of every page. Only the console's own assets are loaded, nothing within a page runs, and nobody frames one.
func (s *Site) harden(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Robots-Tag", "noindex, nofollow")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}
