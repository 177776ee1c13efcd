// Package simulator is the outside world for local runs and end-to-end tests: a ServiceDesk Plus and a
// knowledge base for each tenant, and a language model for all, as stateful fakes with faults on demand.
// It owns how they are reached (one HTTP handler), the credentials they accept (derived from one secret),
// the webhooks that they send, the admin API that drives them, the pages on which a person reads a ticket
// with its notes, and the sample data.
package simulator

import (
	"cmp"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai/openaitest"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// webhookTimeout bounds one delivery: longer than the gateway may take, shorter than the 60 s that a
// handler has.
const webhookTimeout = 20 * time.Second

// Options configure a World.
type Options struct {
	Keys Keys
	// LLMKey is the bearer token that the language model expects; it takes any when empty.
	LLMKey string
	// GatewayURL is where webhooks are sent, without a path.
	GatewayURL string
	// BaseURL is how others reach this World.
	BaseURL string
	Logger  *slog.Logger
	// Clock is time.Now when nil.
	Clock func() time.Time
	// HTTPClient sends the webhooks; one with a time limit when nil.
	HTTPClient *http.Client
}

// World is the simulated outside world. It implements http.Handler and is safe for concurrent use.
type World struct {
	opts   Options
	llm    *openaitest.Server
	pages  *pages
	router http.Handler
	state  *state

	mu    sync.RWMutex
	desks map[string]*desk
}

var _ http.Handler = (*World)(nil)

// New makes a world without tenants.
func New(o Options) *World {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.HTTPClient == nil {
		o.HTTPClient = &http.Client{Timeout: webhookTimeout}
	}
	o.BaseURL = strings.TrimRight(o.BaseURL, "/")
	o.GatewayURL = strings.TrimRight(o.GatewayURL, "/")
	w := &World{
		opts:  o,
		llm:   openaitest.New(o.LLMKey, o.Clock),
		pages: newPages(),
		desks: make(map[string]*desk),
		state: &state{logger: o.Logger},
	}
	w.router = w.routes()
	return w
}

// AddTenant gives a tenant its ServiceDesk Plus and knowledge base, and reports whether they are new. A
// tenant that exists stays as it is; asking for another profile is an error.
func (w *World) AddTenant(id string, profile servicedesk.Profile) (created bool, err error) {
	if !tenant.ValidID(id) {
		return false, refuse(http.StatusBadRequest,
			"%q is not a tenant id: use 1 to 63 lower-case letters, digits and hyphens", id)
	}
	if profile != servicedesk.ProfileOnPrem && profile != servicedesk.ProfileCloud {
		return false, refuse(http.StatusBadRequest,
			"profile %q: use %q or %q", profile, servicedesk.ProfileOnPrem, servicedesk.ProfileCloud)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if have, ok := w.desks[id]; ok {
		if have.profile != profile {
			return false, refuse(http.StatusConflict,
				"tenant %s exists with profile %q: choose another id", id, have.profile)
		}
		return false, nil
	}
	w.desks[id] = newDesk(id, profile, w.opts, w.state)
	w.state.note(entry{TenantID: id, Profile: profile})
	return true, nil
}

// ServeHTTP implements http.Handler.
func (w *World) ServeHTTP(rw http.ResponseWriter, r *http.Request) { w.router.ServeHTTP(rw, r) }

// Close ends the calls that hang on purpose, so that a server can shut down.
func (w *World) Close() {
	w.llm.Close()
	for _, d := range w.sorted() {
		d.close()
	}
}

func (w *World) desk(id string) (*desk, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	d, ok := w.desks[id]
	if !ok {
		return nil, refuse(http.StatusNotFound, "there is no tenant %q: create it with PUT /api/tenants/%s", id, id)
	}
	return d, nil
}

// sorted gives the tenants by id.
func (w *World) sorted() []*desk {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return slices.SortedFunc(maps.Values(w.desks), func(a, b *desk) int { return cmp.Compare(a.id, b.id) })
}

func (w *World) endpoints(d *desk) Endpoints {
	return NewEndpoints(w.opts.BaseURL, d.id, d.profile)
}
