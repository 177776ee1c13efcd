package mirror

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

// Config is what the enhancer can be set to, and what the mirror works with. The zero value will do for Import.
type Config struct {
	// How often what has changed is brought in; 0 turns a feed off. They concern Run only.
	Tickets  time.Duration `envconfig:"MIRROR_TICKETS_INTERVAL" default:"2m"`
	Articles time.Duration `envconfig:"MIRROR_KB_INTERVAL" default:"5m"`
	Assets   time.Duration `envconfig:"MIRROR_ASSETS_INTERVAL" default:"60m"`
	// Complete is how often all tickets are compared with the server's; it is a list of all of them, 100 a call.
	Complete time.Duration `envconfig:"MIRROR_COMPLETE_INTERVAL" default:"24h"`
	// FirstWindow is how far back the schedule begins with a tenant that it does not know. What is older is the operator's
	// to import: ten years at this pace take days.
	FirstWindow time.Duration `envconfig:"MIRROR_FIRST_WINDOW" default:"168h"`
	// Calls a minute to one tenant's server, by all processes together. In the cloud fewer than 30 are said to be safe, and
	// some have to be left to the tickets that are enhanced.
	CloudCalls  int `envconfig:"MIRROR_CLOUD_CALLS_PER_MINUTE" default:"25"`
	OnPremCalls int `envconfig:"MIRROR_ONPREM_CALLS_PER_MINUTE" default:"30"`
	// Concurrency is how many tenants a replica works for at once; those that wait for their pace do not count.
	Concurrency int `envconfig:"MIRROR_CONCURRENCY" default:"16"`
	// ResolvedStatuses are the statuses of tickets that are done, by internal name or by name, in any case.
	ResolvedStatuses []string `envconfig:"MIRROR_RESOLVED_STATUSES" default:"Resolved,Closed"`

	// StepCalls is how many calls one step of the schedule makes at most; 100 when 0.
	StepCalls int `ignored:"true"`
	// Block is how long the first wait after a rate limit is; 5 minutes when 0. It doubles up to an hour.
	Block time.Duration `ignored:"true"`
	// Tenants lists those that Run works for.
	Tenants Tenants `ignored:"true"`
	// Logger is slog's discarding one when nil.
	Logger *slog.Logger `ignored:"true"`
	// Clock is for tests. When nil, time is the database's, which is the same for all replicas.
	Clock func() time.Time `ignored:"true"`
	// Sleep waits for d, or less and gives the reason when ctx ends first; by a timer when nil.
	Sleep func(ctx context.Context, d time.Duration) error `ignored:"true"`

	lease time.Duration
}

// Tenants knows which tenants there are to work for.
type Tenants interface {
	Enabled(ctx context.Context) ([]string, error)
}

const (
	defaultCloudCalls  = 25
	defaultOnPremCalls = 30
	defaultConcurrency = 16
	defaultStepCalls   = 100
	defaultWindow      = 7 * 24 * time.Hour
	defaultComplete    = 24 * time.Hour
	defaultBlock       = 5 * time.Minute
	defaultLease       = 2 * time.Minute

	// longest is what waits that grow end at.
	longest = time.Hour
)

func (c Config) withDefaults() Config {
	c.Concurrency = cmp.Or(max(c.Concurrency, 0), defaultConcurrency)
	c.StepCalls = cmp.Or(c.StepCalls, defaultStepCalls)
	c.FirstWindow = cmp.Or(c.FirstWindow, defaultWindow)
	c.Complete = cmp.Or(c.Complete, defaultComplete)
	c.Block = cmp.Or(c.Block, defaultBlock)
	c.lease = cmp.Or(c.lease, defaultLease)
	if len(c.ResolvedStatuses) == 0 {
		c.ResolvedStatuses = []string{"Resolved", "Closed"}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
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

// interval is how often a feed is refreshed, 0 for never.
func (c Config) interval(feed Feed) time.Duration {
	return map[Feed]time.Duration{FeedTickets: c.Tickets, FeedArticles: c.Articles, FeedAssets: c.Assets}[feed]
}

// CallsPerMinute is how many calls may be made to a server of the edition.
func (c Config) CallsPerMinute(profile servicedesk.Profile) int {
	// A pace of none would be no pace at all.
	if profile == servicedesk.ProfileCloud {
		return cmp.Or(max(c.CloudCalls, 0), defaultCloudCalls)
	}
	return cmp.Or(max(c.OnPremCalls, 0), defaultOnPremCalls)
}
