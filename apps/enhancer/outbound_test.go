package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/desk"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// noCache forgets.
type noCache struct{}

func (noCache) Get(context.Context, string) ([]byte, bool, error)        { return nil, false, nil }
func (noCache) Set(context.Context, string, []byte, time.Duration) error { return nil }

// Every request to a tenant's URL goes by the setting.
func TestSSRFTheEnhancerIsGuarded(t *testing.T) {
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"articles": [], "request": {"id": "1"}}`))
	}))
	t.Cleanup(server.Close)
	store := tenantstoretest.New(t)
	example, credentials := tenantstoretest.Example("alpha")
	example.ServiceDeskURL, example.KnowledgeURL = server.URL+"/api/v3", server.URL
	store.Put(t, example, credentials)
	for allowed, want := range map[string]int64{"": 0, "127.0.0.1": 3} {
		requests.Store(0)
		cfg, err := configFrom(t, map[string]string{"APP_PORT": "1", "OUTBOUND_ALLOWED_NETWORKS": allowed})
		if err != nil {
			t.Fatal(err)
		}
		logger := slog.New(slog.DiscardHandler)
		guard := outbound.New(cfg.Outbound, logger)
		d := desks{tenants: store.Store, clients: desk.New(store.Store, guard, time.Second, telemetry.NewMetrics(), logger)}
		client, _, clientErr := d.clients.Client(t.Context(), "alpha")
		mirrored, mirrorErr := mirrored{d.clients}.Mirrored(t.Context(), "alpha")
		if err := errors.Join(clientErr, mirrorErr); err != nil {
			t.Fatal(err)
		}
		_, firstErr := client.Request(t.Context(), "1")
		_, secondErr := mirrored.Request(t.Context(), "1")
		articles := newSources(cfg, store.DB, guard, d, noCache{}, nil, telemetry.NewMetrics(), logger)[enhancement.StepDocSearch]
		found, kbErr := articles.Find(t.Context(), gather.Query{TenantID: "alpha", Ticket: ticket.Ticket{ID: "1", Subject: "VPN drops"}})
		if n := requests.Load(); n != want {
			t.Errorf("allowed %q: %d requests arrived, want %d", allowed, n, want)
		}
		for _, err := range []error{firstErr, secondErr} {
			if _, refused := errors.AsType[*outbound.RefusedError](err); refused != (want == 0) {
				t.Errorf("allowed %q: %v", allowed, err)
			}
		}
		if (kbErr == nil && found.Note == "") != (want > 0) {
			t.Errorf("allowed %q: the knowledge base: %+v, %v", allowed, found, kbErr)
		}
	}
	if _, err := configFrom(t, map[string]string{"APP_PORT": "1", "OUTBOUND_ALLOWED_NETWORKS": "10.1.2.3/8"}); err == nil {
		t.Error("a wrong setting was taken")
	}
}
