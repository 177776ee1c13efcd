package knowledge_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge/knowledgetest"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

const apiKey = "example-key-not-to-be-logged"

// endpoints are the knowledge bases by tenant.
type endpoints map[string]knowledge.Endpoint

func (e endpoints) KnowledgeEndpoint(_ context.Context, tenantID string) (knowledge.Endpoint, error) {
	endpoint, ok := e[tenantID]
	if !ok {
		return knowledge.Endpoint{}, errors.New("no such tenant")
	}
	return endpoint, nil
}

// mapCache is a cache that never forgets by itself.
type mapCache struct {
	mu      sync.Mutex
	entries map[string][]byte
	ttl     time.Duration
}

func (c *mapCache) Get(_ context.Context, key string) ([]byte, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	value, found := c.entries[key]
	return value, found, nil
}

func (c *mapCache) Set(_ context.Context, key string, value []byte, ttl time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil {
		c.entries = make(map[string][]byte)
	}
	c.entries[key], c.ttl = value, ttl
	return nil
}

// inProcess is a transport that asks a handler without a network, so that tests can run on fake time.
type inProcess struct{ handler http.Handler }

func (p inProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	answered := make(chan *http.Response, 1)
	go func() {
		rec := httptest.NewRecorder()
		p.handler.ServeHTTP(rec, req)
		answered <- rec.Result()
	}()
	select {
	case resp := <-answered:
		return resp, nil
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

// world is a source with all that it depends on.
type world struct {
	source *knowledge.Live
	base   *knowledgetest.Server
	cache  *mapCache
	gave   []telemetry.CacheResult
	log    *strings.Builder
	now    time.Time
}

func vpnTicket() ticket.Ticket {
	return ticket.Ticket{ID: "1", Subject: "VPN drops", Description: "Secretword: the tunnel drops at noon"}
}

func newWorld(articles ...knowledgetest.Article) *world {
	w := &world{
		base:  knowledgetest.New(knowledgetest.Options{APIKey: apiKey, Articles: articles}),
		cache: &mapCache{}, log: &strings.Builder{}, now: time.Date(2025, time.March, 1, 10, 12, 0, 0, time.UTC),
	}
	w.source = w.sourceWith(w.cache, w.base)
	return w
}

func (w *world) sourceWith(cache knowledge.Cache, base http.Handler) *knowledge.Live {
	known := endpoints{
		"north": {BaseURL: "https://kb.example.com", APIKey: apiKey},
		"south": {BaseURL: "https://kb.example.com", APIKey: apiKey},
		"bare":  {},
	}
	return knowledge.NewLive(known, cache, knowledge.Options{
		Transport: inProcess{base}, Logger: slog.New(slog.NewTextHandler(w.log, nil)), Clock: func() time.Time { return w.now },
		Count: func(gave telemetry.CacheResult) { w.gave = append(w.gave, gave) },
	})
}

func (w *world) find(ctx context.Context, tenantID string) (gather.Result, error) {
	return w.source.Find(ctx, gather.Query{TenantID: tenantID, Ticket: vpnTicket()})
}

func (w *world) mustFind(t *testing.T, tenantID string) gather.Result {
	t.Helper()
	result, err := w.find(t.Context(), tenantID)
	if err != nil {
		t.Fatalf("Find for %s: %v", tenantID, err)
	}
	return result
}

func (w *world) setFaults(t *testing.T, f knowledgetest.Faults) {
	t.Helper()
	if err := w.base.SetFaults(f); err != nil {
		t.Fatal(err)
	}
}

func vpnArticle() knowledgetest.Article {
	return knowledgetest.Article{
		ID: "kb-1", Title: "VPN tunnel drops", Summary: "Lower the <b>MTU</b> &amp; reconnect.", URL: "https://kb.example.com/1",
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	gathertest.Run(t, func(t *testing.T) gathertest.Fixture {
		t.Helper()
		bases := map[string]*knowledgetest.Server{}
		known := endpoints{}
		for _, tenantID := range []string{gathertest.Tenant, gathertest.Neighbour} {
			bases[tenantID] = knowledgetest.New(knowledgetest.Options{APIKey: tenantID + "-key"})
			server := httptest.NewServer(bases[tenantID])
			t.Cleanup(server.Close)
			known[tenantID] = knowledge.Endpoint{BaseURL: server.URL, APIKey: tenantID + "-key"}
		}
		return gathertest.Fixture{
			Source: knowledge.NewLive(known, &mapCache{}, knowledge.Options{Transport: http.DefaultTransport}),
			Kind:   gather.KindArticle, MaxItems: knowledge.MaxArticles,
			Tenant: gathertest.Tenant, Neighbour: gathertest.Neighbour, Ticket: vpnTicket(),
			Seed: func(_ *testing.T, tenantID string, n int) []string {
				ids := make([]string, n)
				for i := range n {
					a := vpnArticle()
					a.ID = fmt.Sprintf("%s-%d", tenantID, i)
					bases[tenantID].AddArticle(a)
					ids[i] = a.ID
				}
				return ids
			},
			Stall: func(t *testing.T) {
				t.Helper()
				for _, base := range bases {
					if err := base.SetFaults(knowledgetest.Faults{Hang: true}); err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { _ = base.SetFaults(knowledgetest.Faults{}) })
				}
			},
		}
	})
}

func TestFindGivesAllOfAnArticle(t *testing.T) {
	t.Parallel()
	w := newWorld(vpnArticle())
	want := gather.Result{Items: []gather.Item{{
		Kind: gather.KindArticle, ID: "kb-1", Title: "VPN tunnel drops", Text: "Lower the MTU & reconnect.",
		URL: "https://kb.example.com/1", Relevance: 0.7,
	}}}
	if diff := cmp.Diff(want, w.mustFind(t, "north"), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("Find (-want +got):\n%s", diff)
	}
	calls := w.base.Calls()
	if len(calls) != 1 || calls[0].Query != "vpn drops secretword tunnel noon" || calls[0].Limit != knowledge.MaxArticles {
		t.Errorf("calls %+v", calls)
	}
}

func TestFindWithoutKnowledgeBase(t *testing.T) {
	t.Parallel()
	w := newWorld(vpnArticle())
	if diff := cmp.Diff(gather.Result{}, w.mustFind(t, "bare")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := w.find(t.Context(), "nobody"); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("Find for an unknown tenant: %v, want an error that names it", err)
	}
	if calls := w.base.Calls(); len(calls) != 0 {
		t.Errorf("calls %+v, want none", calls)
	}
}
