package knowledge

import (
	"cmp"
	"log/slog"
	"net/http"
	"time"

	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// Options may be left zero, each on its own.
type Options struct {
	// Timeout bounds one request to a knowledge base; 10 s. Callers of Find should be more patient by
	// twice the CacheTimeout, or they leave before the older copy is looked up.
	Timeout time.Duration
	// CacheTimeout bounds one access to the cache; 500 ms.
	CacheTimeout time.Duration
	// Fresh is how long an answer is given again without asking; 1 h.
	Fresh time.Duration
	// Stale is how long an answer stands in for one that cannot be had; 24 h.
	Stale time.Duration
	// Transport sends the requests; one that reaches public addresses only. Redirects are followed by outbound.Redirects.
	Transport http.RoundTripper
	// Switched is told when a tenant's knowledge base is not asked any more for a while, because it failed again and again, and
	// when it answers again; see package breaker.
	Switched func(tenantID string, off bool)
	// Count hears what was remembered of each question; by default nobody does.
	Count func(gave telemetry.CacheResult)
	// Logger gets what was survived; by default nobody does.
	Logger *slog.Logger
	// Clock tells the age of answers; time.Now.
	Clock func() time.Time
}

const (
	defaultTimeout      = 10 * time.Second
	defaultCacheTimeout = 500 * time.Millisecond
	defaultFresh        = time.Hour
	defaultStale        = 24 * time.Hour
)

func (o Options) withDefaults() Options {
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	o.CacheTimeout = cmp.Or(o.CacheTimeout, defaultCacheTimeout)
	o.Fresh = cmp.Or(o.Fresh, defaultFresh)
	o.Stale = cmp.Or(o.Stale, defaultStale)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Transport == nil {
		o.Transport = outbound.New(outbound.Config{}, o.Logger).Transport()
	}
	if o.Switched == nil {
		o.Switched = func(string, bool) {}
	}
	if o.Count == nil {
		o.Count = func(telemetry.CacheResult) {}
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return o
}
