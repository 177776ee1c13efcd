// Package reconcile owns catching what webhooks missed. ServiceDesk Plus sends each at most once, so the recent requests of
// every tenant are listed again and again, and those of which the ledger knows nothing become jobs.
//
// # What is caught
//
// A request that was created since its tenant was enabled, is older than Config.Grace and younger than Config.MaxAge, is
// neither in the trash nor closed, and has no row in the ledger, of whatever event. Its job is the one that its webhook
// would have made, under the same id, so a webhook that comes after all is a repeated delivery. Its text is fetched.
//
// # How nothing gets lost, and nothing gets stuck
//
// Lists are followed in the order of creation by a position that is a time of the server's; it moves after the jobs of what
// lies before it are in the ledger, and each poll looks back a little behind it. Nothing that the server says is
// trusted: what has no valid id or time is passed over, times of the future do not move the position, and a list that does not
// keep to what was asked for ends the poll. Each poll makes a bounded number of calls, and no job while many of the tenant's
// wait.
package reconcile

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/ai-agents/ai-agents/internal/desk/pace"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
)

// Config is what the enhancer can be set to.
type Config struct {
	// Interval is how often a tenant's requests are listed; 0 turns it off.
	Interval time.Duration `envconfig:"RECONCILE_INTERVAL" default:"1m"`
	// Grace is how long a request's webhook may be on its way.
	Grace time.Duration `envconfig:"RECONCILE_GRACE" default:"2m"`
	// MaxAge is how old a request may be that is still worth enhancing, as after an outage. Rows of the ledger have to be kept
	// for longer.
	MaxAge time.Duration `envconfig:"RECONCILE_MAX_AGE" default:"72h"`

	// Done are the statuses of requests that need no note any more, by internal name or by name, in any case. Cancelled ones need
	// none either.
	Done []string `ignored:"true"`
	// CallsPerMinute is the pace of calls to a server of the edition, which is shared with the mirror.
	CallsPerMinute func(servicedesk.Profile) int `ignored:"true"`
	// Enhancer is whose tenants are polled; see tenant.EnhancerOf.
	Enhancer string `ignored:"true"`
	// Block is how long the first wait after a rate limit is; 5 minutes when 0. It doubles up to an hour.
	Block time.Duration `ignored:"true"`
	// Pages is how many lists one poll asks for at most; 10 when 0.
	Pages int `ignored:"true"`
	// Backlog is how many jobs of a tenant may wait before no more are added; 500 when 0.
	Backlog int `ignored:"true"`
	// Concurrency is how many tenants a replica polls at once; those that wait for their pace do not count. 32 when 0.
	Concurrency int `ignored:"true"`
	// Clock is for tests. When nil, time is the database's for leases, and the process' own for all else.
	Clock func() time.Time `ignored:"true"`
	// Sleep waits for d, or less and gives the reason when ctx ends first; by a timer when nil.
	Sleep func(ctx context.Context, d time.Duration) error `ignored:"true"`
}

const (
	defaultBlock       = 5 * time.Minute
	defaultPages       = 10
	defaultBacklog     = 500
	defaultConcurrency = 32
)

// cancelled are statuses that the setting of the mirror does not name: its tickets have to be resolved to be of help.
func cancelled() []string { return []string{"Canceled", "Cancelled"} }

func (c Config) withDefaults() Config {
	c.Block = cmp.Or(c.Block, defaultBlock)
	c.Pages = cmp.Or(c.Pages, defaultPages)
	c.Backlog = cmp.Or(c.Backlog, defaultBacklog)
	c.Concurrency = cmp.Or(c.Concurrency, defaultConcurrency)
	c.Done = slices.Concat(c.Done, cancelled())
	if c.Sleep == nil {
		c.Sleep = pause.For
	}
	return c
}

func (c Config) now() time.Time {
	if c.Clock != nil {
		return c.Clock()
	}
	return time.Now()
}

// Desk is what is needed of a tenant's ServiceDesk Plus; *servicedesk.Client is one.
type Desk interface {
	Profile() servicedesk.Profile
	Host() string
	ListRequests(ctx context.Context, q servicedesk.ListQuery) (servicedesk.RequestPage, error)
}

// Desks knows the tenants' ServiceDesk Plus.
type Desks interface {
	Polled(ctx context.Context, tenantID string) (Desk, error)
}

// Ledger is what is needed of the account of jobs.
type Ledger interface {
	Unknown(ctx context.Context, tenantID string, ticketIDs []string) ([]string, error)
	Backlog(ctx context.Context, tenantID string, most int) (int, error)
	AcceptQueued(ctx context.Context, job enhancement.Job) (bool, error)
}

// Deps are what a Reconciler works with.
type Deps struct {
	DB     *postgres.DB
	Desks  Desks
	Ledger Ledger
	// Wake says that jobs of a tenant wait.
	Wake    func(tenantID string)
	Metrics *telemetry.Metrics
	Tracer  *tracing.Tracer // nil: nothing is traced
	Logger  *slog.Logger
}

// Reconciler polls. It is safe for concurrent use.
type Reconciler struct {
	Deps

	cfg  Config
	rows *rows
	pace *pace.Pace

	running sync.WaitGroup
	// places are as many as are taken, woken says that one has become free.
	places chan struct{}
	woken  chan struct{}
	mu     sync.Mutex
	busy   map[string]bool // tenants that are polled
}

// New makes a Reconciler.
func New(cfg Config, deps Deps) *Reconciler {
	cfg = cfg.withDefaults()
	return &Reconciler{
		Deps: deps, cfg: cfg, rows: &rows{db: deps.DB, clock: cfg.Clock, enhancer: cfg.Enhancer}, pace: pace.New(deps.DB, cfg.Clock),
		places: make(chan struct{}, cfg.Concurrency), woken: make(chan struct{}, 1), busy: make(map[string]bool),
	}
}
