// Package console owns the admin API: its routes, what each requires of a client, what is checked in which order, how an
// error is told, and the entry in the audit log for every change. Its document is made from its types (OpenAPI 3.1), which
// are those of adminapi.
package console

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humamux"
	"github.com/gorilla/mux"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/access/tokenstore"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/budget"
	"github.com/ai-agents/ai-agents/internal/console/reach"
	"github.com/ai-agents/ai-agents/internal/crew"
	"github.com/ai-agents/ai-agents/internal/enhancement/deadletter"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/mirror"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/report/reportstore"
	"github.com/ai-agents/ai-agents/internal/suspension"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
	"github.com/ai-agents/ai-agents/internal/webhook/origin"
)

const (
	// requestTimeout bounds what is no stream. It is shorter than the listener's, so that there is an answer.
	requestTimeout = 30 * time.Second
	// deniedPerSecond and deniedBurst bound the entries about refusals of each audit.Class: below a hundred thousand a day,
	// whatever comes.
	deniedPerSecond, deniedBurst = 1, 50
	// tokenlessMore is how many times as many requests without a token an address may send as with wrong ones: they guess
	// nothing, and browsers and probes send them.
	tokenlessMore = 10
)

// Config is how the API behaves.
type Config struct {
	// Proxies are those whose word on a client's address is taken.
	Proxies origin.Proxies
	// BadTokens is how many an address may show in a minute before it is refused unheard.
	BadTokens int
	// GatewayURL is where test webhooks are sent.
	GatewayURL string
	// Bootstrap is the present bootstrap token; empty for none.
	Bootstrap tenant.Secret
	// TLS says that clients reach the console by TLS alone.
	TLS bool
}

// Authenticator tells who sends a request.
type Authenticator interface {
	Authenticate(ctx context.Context, authorization string) (*access.Principal, error)
}

// Importer imports from a tenant's ServiceDesk Plus.
type Importer interface {
	Import(ctx context.Context, tenantID string, feed mirror.Feed, opts mirror.Options) (mirror.Summary, error)
}

// Deps are what the API works on. DB is connected as console_user.
type Deps struct {
	DB            *postgres.DB
	Tenants       *tenantstore.Store
	Sealer        *tenant.Sealer
	Authenticator Authenticator
	Publisher     Publisher
	Importer      Importer
	Reach         *reach.Tester
	// Models are those that tenants may choose; nil for any.
	Models   Models
	Previews Previewer
	// Gateway sends test webhooks; http.DefaultClient's kind, without the guard for tenants' URLs, since the gateway is ours.
	Gateway *http.Client
	Metrics *telemetry.Metrics
	Logger  *slog.Logger
	Now     func() time.Time
}

// Server is the admin API.
type Server struct {
	cfg           Config
	tenants       *tenantstore.Store
	sealer        *tenant.Sealer
	authenticator Authenticator
	publisher     Publisher
	importer      Importer
	reach         *reach.Tester
	models        Models
	previewer     Previewer
	gateway       *http.Client
	metrics       *telemetry.Metrics
	logger        *slog.Logger
	now           func() time.Time

	audit    *audit.Log
	tokens   *tokenstore.Tokens
	jobs     *ledger.Ledger
	votes    *feedback.Store
	letters  *deadletter.Letters
	pauses   *suspension.Store
	workers  *crew.Register
	usage    *budget.Books
	reports  *reportstore.Store
	tickets  *history.Store
	articles *knowledge.Store
	systems  *inventory.Store

	// failures are the requests with a wrong token, by address, and tokenless those without any.
	failures, tokenless *origin.Failures

	sparse  *audit.Sparse
	reads   *audit.Reads
	bodies  *slots
	uploads chan struct{}
	// streams are those of tenants; exports of the audit log and its verifications do not wait for them.
	streams, exports, verifications, tests, previews *slots

	stopping context.Context //nolint:containedctx // it is the process's, and ends streams
	stop     context.CancelFunc

	api     huma.API
	handler http.Handler
}

// New makes the API. It fails when an operation does not say what it requires.
func New(cfg Config, d Deps) (*Server, error) {
	return newServer(cfg, d, (*Server).routes)
}

func newServer(cfg Config, d Deps, routes func(*Server)) (*Server, error) {
	failures, err := origin.NewFailures(cfg.BadTokens, d.Now)
	if err != nil {
		return nil, err
	}
	tokenless, err := origin.NewFailures(tokenlessMore*cfg.BadTokens, d.Now)
	if err != nil {
		return nil, err
	}
	sparse, err := audit.NewSparse(deniedPerSecond, deniedBurst, d.Now)
	if err != nil {
		return nil, err
	}
	reads, err := audit.NewReads(d.Now)
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, tenants: d.Tenants, sealer: d.Sealer, authenticator: d.Authenticator, publisher: d.Publisher, importer: d.Importer,
		reach: d.Reach, models: d.Models, previewer: d.Previews, gateway: d.Gateway, metrics: d.Metrics, logger: d.Logger, now: d.Now,
		audit: audit.New(d.DB), tokens: tokenstore.New(d.DB, d.Now), jobs: ledger.New(d.DB), votes: feedback.NewStore(d.DB), letters: deadletter.NewLetters(d.DB),
		usage: budget.New(d.DB), reports: reportstore.New(d.DB), pauses: suspension.New(d.DB), workers: crew.NewRegister(d.DB),
		tickets: history.NewStore(d.DB), articles: knowledge.NewStore(d.DB), systems: inventory.NewStore(d.DB),
		failures: failures, tokenless: tokenless, sparse: sparse, reads: reads, bodies: newSlots(mostBodies), uploads: make(chan struct{}, mostUploads),
		streams: newSlots(mostStreams), exports: newSlots(mostExports), verifications: newSlots(mostVerifications), tests: newSlots(mostTests),
		previews: newSlots(mostPreviews),
	}
	s.stopping, s.stop = context.WithCancel(context.Background())
	useProblems()
	router := mux.NewRouter().SkipClean(true)
	guard := &guarded{Adapter: humamux.NewAdapter(router), admit: s.admit, upload: s.bodySlot}
	s.api = huma.NewAPI(description(), guard)
	routes(s)
	if len(guard.undeclared) > 0 {
		return nil, fmt.Errorf("operations of the admin API do not say what they require: %s", strings.Join(guard.undeclared, ", "))
	}
	if err := s.serveDocument(router); err != nil {
		return nil, err
	}
	router.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		problem(http.StatusNotFound, "there is nothing at this path").write(w)
	})
	router.MethodNotAllowedHandler = methodNotAllowed(router)
	s.handler = s.arrive(router)
	return s, nil
}

// routes registers all operations.
func (s *Server) routes() {
	s.tenantRoutes()
	s.preferencesRoutes()
	s.lifecycleRoutes()
	s.secretRoutes()
	s.connectionRoutes()
	s.webhookRoutes()
	s.setupRoutes()
	s.jobRoutes()
	s.jobNoteRoutes()
	s.previewRoutes()
	s.queueRoutes()
	s.pauseRoutes()
	s.reportRoutes()
	s.workerRoutes()
	s.moveRoutes()
	s.errorRoutes()
	s.usageRoutes()
	s.batchRoutes()
	s.importRoutes()
	s.reindexRoutes()
	s.tokenRoutes()
	s.identityRoutes()
	s.auditRoutes()
	s.keysetRoutes()
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Drain ends the streams under way, each with a line that says so, since nobody can wait for their end.
func (s *Server) Drain() { s.stop() }

// methodNotAllowed answers with the methods that there are.
func methodNotAllowed(router *mux.Router) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
			other := r.Clone(r.Context())
			other.Method = method
			var match mux.RouteMatch
			if router.Match(other, &match) && match.MatchErr == nil {
				allowed = append(allowed, method)
			}
		}
		methods := strings.Join(allowed, ", ")
		problem(http.StatusMethodNotAllowed, "this path takes "+methods).with("Allow", methods).write(w)
	})
}
