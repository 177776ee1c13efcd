// Package mirror owns keeping a tenant's ticket history, articles and systems in step with its ServiceDesk Plus:
// the import of what is there, the steps that bring in what changes afterwards, the removal of what is gone, and the schedule
// on which all of it happens.
//
// # What is kept
//
// A ticket is kept while its status is one of Config.ResolvedStatuses, by internal name or by name, and it has a resolution
// with any text. It goes when it is reopened, loses its resolution, is moved to the trash, merged or deleted; one that the
// server has archived stays. An article is kept while it is approved, an asset until it is disposed of.
//
// # How nothing gets lost
//
// Lists are read sorted by time, and the next page begins at the time where the last one ended, so records that appear or
// change meanwhile move no others out of sight. What a page holds is stored before the cursor moves behind it, and storing
// is idempotent: wherever a process dies, the next one goes on without a gap. What a record's detail
// says is not asked again while its time of change stays the same.
//
// # How nothing gets wiped
//
// A record is removed because the server says so about that record, never because a list lacks it. And when it says so about
// more than a fifth of a feed, the schedule stops and leaves the rest to an import by hand.
package mirror

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ai-agents/ai-agents/internal/desk/pace"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

// Feed is one kind of record that is mirrored.
type Feed string

// The feeds. They are stored.
const (
	FeedTickets  Feed = "tickets"
	FeedArticles Feed = "kb"
	FeedAssets   Feed = "assets"
)

// Feeds are all of them.
func Feeds() []Feed { return []Feed{FeedTickets, FeedArticles, FeedAssets} }

// ErrBusy says that another process works on the feed right now.
var ErrBusy = errors.New("another process works on this feed of the tenant")

// Desk is what is needed of a tenant's ServiceDesk Plus; *servicedesk.Client is one.
type Desk interface {
	Profile() servicedesk.Profile
	Host() string
	ListRequests(ctx context.Context, q servicedesk.ListQuery) (servicedesk.RequestPage, error)
	Request(ctx context.Context, id string) (servicedesk.Request, error)
	ArchivedRequest(ctx context.Context, id string) (servicedesk.Request, error)
	Resolution(ctx context.Context, id string) (servicedesk.Resolution, error)
	ListSolutions(ctx context.Context, q servicedesk.PageQuery) (servicedesk.SolutionPage, error)
	Solution(ctx context.Context, id string) (servicedesk.Solution, error)
	ListWorkstations(ctx context.Context, q servicedesk.PageQuery) (servicedesk.WorkstationPage, error)
	Workstation(ctx context.Context, id string) (servicedesk.Workstation, error)
}

// Desks knows the tenants' ServiceDesk Plus.
type Desks interface {
	Mirrored(ctx context.Context, tenantID string) (Desk, error)
}

// store is where the records of one feed are kept.
type store[T any] interface {
	Put(ctx context.Context, tenantID string, origin gather.Origin, records []T) (gather.Change, error)
	Delete(ctx context.Context, tenantID string, origin gather.Origin, ids []string) (int, error)
	IDs(ctx context.Context, tenantID string, origin gather.Origin, after string, limit int) ([]string, error)
}

// versioned is one that knows when its records had last changed at their origin.
type versioned[T any] interface {
	store[T]
	Versions(ctx context.Context, tenantID string, ids []string) (map[string]time.Time, error)
}

// pastTickets is where tickets are kept, which have people.
type pastTickets interface {
	versioned[history.PastTicket]
	Name(ctx context.Context, tenantID string, people map[string][]string) (int, error)
}

// Mirror mirrors. It is safe for concurrent use.
type Mirror struct {
	cfg      Config
	desks    Desks
	rows     *rows
	pace     *pace.Pace
	tickets  pastTickets
	articles versioned[knowledge.Article]
	systems  store[inventory.System]
	logger   *slog.Logger
}

// New makes a Mirror.
func New(db *postgres.DB, desks Desks, opts Config) *Mirror {
	opts = opts.withDefaults()
	return &Mirror{
		cfg: opts, desks: desks, rows: &rows{db: db, clock: opts.Clock, lease: opts.lease}, pace: pace.New(db, opts.Clock),
		tickets: history.NewStore(db), articles: knowledge.NewStore(db), systems: inventory.NewStore(db),
		logger: opts.Logger,
	}
}

// Import brings in everything that opts ask for, in the foreground: it waits for the schedule to let go of the
// feed, and as long as the server's rate limits make it wait. One without Since and Limit is complete: it also removes what is gone.
// After an error, or when ctx ends, the next Import with the same Since goes on where this one stopped. The Summary
// is of use also with an error.
func (m *Mirror) Import(ctx context.Context, tenantID string, feed Feed, opts Options) (Summary, error) {
	if feed == FeedAssets && !opts.Since.IsZero() {
		return Summary{}, errors.New("assets have no time of change: import them without since")
	}
	r, err := m.newRun(ctx, tenantID, feed)
	if err != nil {
		return Summary{}, err
	}
	r.opts, r.foreground = opts, true
	return r.do(ctx, claimWait)
}

// Refresh does one step of the schedule, whether or not it is due: it brings in what has changed, as far as that is
// possible in Config.StepCalls calls, and does a part of the complete pass when that is due. ErrBusy when another
// process is at it.
func (m *Mirror) Refresh(ctx context.Context, tenantID string, feed Feed) (Summary, error) {
	r, err := m.newRun(ctx, tenantID, feed)
	if err != nil {
		return Summary{}, err
	}
	return r.do(ctx, claimNow)
}

func (m *Mirror) newRun(ctx context.Context, tenantID string, feed Feed) (*run, error) {
	switch feed {
	case FeedTickets, FeedArticles, FeedAssets:
	default:
		return nil, fmt.Errorf("there is no feed %q: use one of %q", feed, Feeds())
	}
	desk, err := m.desks.Mirrored(ctx, tenantID)
	if err != nil {
		return nil, fmt.Errorf("find the ServiceDesk Plus of tenant %s: %w", tenantID, err)
	}
	return &run{
		m: m, tenantID: tenantID, feed: feed, desk: desk, budget: m.cfg.StepCalls, rest: m.cfg.Sleep,
		log: m.logger.With("tenant_id", tenantID, "feed", string(feed)),
	}, nil
}
