// Package servicedesktest is a stateful fake of ServiceDesk Plus, for tests and for local
// runs. It owns one instance in memory, on-premises or cloud, and behaves like the real
// server where that is known: strict about its input, irregular in its answers, and with
// every fault that has been seen in the field available on demand.
package servicedesktest

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/mux"
	"github.com/microcosm-cc/bluemonday"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

const (
	defaultPortal       = "itdesk"
	defaultTechnician   = "4"
	defaultTechnicianAs = "Example Technician"
	maxCalls            = 1000
)

// Options configure the instance. Empty fields have usable defaults, credentials excepted:
// an instance without them accepts nobody.
type Options struct {
	Profile servicedesk.Profile // on-premises when empty
	// APIKey is accepted in the authtoken and TECHNICIAN_KEY headers, on-premises.
	APIKey string
	// OAuth holds the client and refresh token accepted in the cloud; AccountsURL is not used.
	OAuth servicedesk.OAuth
	// TechnicianID and TechnicianName are the author of notes written with the credentials.
	TechnicianID   string
	TechnicianName string
	// Portal is part of the path in the cloud.
	Portal string
	// NewAssets has assets answer as newer builds do, under /asset_assets and with primary_ip.
	NewAssets bool
	Clock     func() time.Time
	Logger    *slog.Logger
	// Changed hears of every change of tickets and notes, one at a time and before the caller has its answer; it must not
	// call the server.
	Changed func(Change)
}

// Server is one instance. It implements http.Handler and is safe for concurrent use.
type Server struct {
	opts     Options
	router   http.Handler
	faults   *injector
	tokens   *issuer
	policy   *bluemonday.Policy
	noTags   *bluemonday.Policy
	closing  chan struct{}
	shutOnce sync.Once
	late     sync.RWMutex // held for reading by late commits, so that Close can draw a line

	mu           sync.Mutex
	lastRequest  int64
	lastNote     int64
	lastSolution int64
	lastAsset    int64
	requests     []*Request // in the order they were added
	notes        map[string][]*Note
	solutions    []Solution
	workstations []Workstation
	calls        []*Call
}

// New returns an empty instance.
func New(o Options) *Server {
	if o.Profile == "" {
		o.Profile = servicedesk.ProfileOnPrem
	}
	if o.Portal == "" {
		o.Portal = defaultPortal
	}
	if o.TechnicianID == "" {
		o.TechnicianID = defaultTechnician
	}
	if o.TechnicianName == "" {
		o.TechnicianName = defaultTechnicianAs
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		opts:    o,
		faults:  newInjector(o.Clock),
		tokens:  newIssuer(o.OAuth, o.Clock),
		policy:  newPolicy(),
		noTags:  newNoTags(),
		closing: make(chan struct{}),
		notes:   make(map[string][]*Note),
	}
	s.router = s.routes()
	return s
}

// BasePath is the path of the API below the server's root: append it to the root's URL to
// get a client's base URL.
func (s *Server) BasePath() string {
	if s.cloud() {
		return "/app/" + s.opts.Portal + "/api/v3"
	}
	return "/api/v3"
}

// Close lets calls that hang on purpose end, so that an http.Server can shut down. Writes
// that were to be committed late are dropped: none is committed once Close has returned.
func (s *Server) Close() {
	s.shutOnce.Do(func() {
		s.late.Lock()
		defer s.late.Unlock()
		close(s.closing)
	})
}

func (s *Server) cloud() bool { return s.opts.Profile == servicedesk.ProfileCloud }

func (s *Server) routes() http.Handler {
	root := mux.NewRouter().UseEncodedPath()
	root.NotFoundHandler = http.HandlerFunc(s.invalidURL)
	if s.cloud() {
		root.HandleFunc(tokenPath, s.issueToken).Methods(http.MethodPost)
	}
	api := root.PathPrefix(s.BasePath()).Subrouter()
	handle := func(path, method string, h http.HandlerFunc) {
		api.Handle(path, s.authenticated(h)).Methods(method)
	}
	handle("/requests", http.MethodGet, s.listRequests)
	handle("/requests/{id:[0-9]+}", http.MethodGet, s.onRequest(s.getRequest))
	handle("/archive_requests/{id:[0-9]+}", http.MethodGet, s.getArchived)
	handle("/requests/{id:[0-9]+}/resolutions", http.MethodGet, s.onRequest(s.getResolution))
	handle("/requests/{id:[0-9]+}/notes", http.MethodGet, s.onRequest(s.listNotes))
	handle("/requests/{id:[0-9]+}/notes", http.MethodPost, s.onRequest(s.addNote))
	handle("/requests/{id:[0-9]+}/notes/{note:[0-9]+}", http.MethodGet, s.onRequest(s.getNote))
	handle("/requests/{id:[0-9]+}/notes/{note:[0-9]+}", http.MethodPut, s.onRequest(s.editNote))
	handle("/requests/{id:[0-9]+}/notes/{note:[0-9]+}", http.MethodDelete, s.onRequest(s.deleteNote))
	handle("/solutions", http.MethodGet, s.listSolutions)
	handle("/solutions/{id:[0-9]+}", http.MethodGet, s.getSolution)
	folder := "/workstations"
	if s.opts.NewAssets {
		folder = "/asset_assets"
	}
	handle(folder, http.MethodGet, s.listAssets)
	handle(folder+"/{id:[0-9]+}", http.MethodGet, s.getAsset)
	// Anything else needs the key, too, before it is told that it does not exist.
	notFound := s.authenticated(http.HandlerFunc(s.invalidURL))
	api.NotFoundHandler = notFound
	root.MethodNotAllowedHandler = notFound
	api.MethodNotAllowedHandler = notFound
	return root
}

// ServeHTTP answers one call, with the faults in force.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := s.record(r)
	rec := &recorder{ResponseWriter: w, done: func(status int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		call.Status = status
	}}
	rec.Header().Set("Date", s.opts.Clock().UTC().Format(http.TimeFormat))
	s.faults.serve(s, rec, r, s.router)
	s.opts.Logger.DebugContext(r.Context(), "servicedesk fake answered", "method", r.Method, "path", r.URL.Path, "status", rec.status)
}

func (s *Server) record(r *http.Request) *Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	call := &Call{Method: r.Method, Path: r.URL.Path, Time: s.opts.Clock()}
	if len(s.calls) == maxCalls {
		s.calls = s.calls[1:]
	}
	s.calls = append(s.calls, call)
	return call
}

// Calls returns the latest calls, oldest first, at most 1000 of them.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := make([]Call, len(s.calls))
	for i, c := range s.calls {
		calls[i] = *c
	}
	return calls
}

// SetFaults replaces the faults in force. f is expected to be valid, see Faults.Validate;
// faults of unknown kinds never happen.
func (s *Server) SetFaults(f Faults) { s.faults.set(f) }

// Faults returns the faults still in force, with what remains of their counts.
func (s *Server) Faults() Faults { return s.faults.snapshot() }

// WebhookCopies tells a sender how many times to deliver the next webhook: 0 when it is to
// be dropped, 2 when it is to be duplicated, otherwise 1.
func (s *Server) WebhookCopies() int {
	if _, ok := s.faults.take(OperationWebhook, FaultDropWebhook); ok {
		return 0
	}
	if _, ok := s.faults.take(OperationWebhook, FaultDuplicateWebhook); ok {
		return 2
	}
	return 1
}

// recorder notes the status of an answer and keeps the way to the connection open.
type recorder struct {
	http.ResponseWriter

	status int
	done   func(status int)
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
		r.done(status)
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap serves http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
