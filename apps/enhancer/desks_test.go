package main

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/desk"
	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func newClients(store *tenantstore.Store) *desk.Desks {
	logger := slog.New(slog.DiscardHandler)
	return desk.New(store, outbound.New(outbound.Config{}, logger), time.Second, telemetry.NewMetrics(), logger)
}

func TestDesks(t *testing.T) {
	store := tenantstoretest.New(t)
	clients := newClients(store.Store)
	d := desks{tenants: store.Store, clients: clients}
	example, credentials := tenantstoretest.Example("alpha")
	example.Preferences.TicketURL, example.Preferences.ArticleURL = "https://sdp.example.com/t/{id}", "https://sdp.example.com/a/{id}"
	store.Put(t, example, credentials)
	if _, format, err := d.Desk(t.Context(), "alpha"); err != nil || format != tenant.FormatMarkdown {
		t.Errorf("format %q, %v", format, err)
	}
	if _, err := (mirrored{clients}).Mirrored(t.Context(), "alpha"); err != nil {
		t.Error(err)
	}
	endpoint, err := d.KnowledgeEndpoint(t.Context(), "alpha")
	if err != nil || endpoint.BaseURL != "https://kb.example.com/alpha" || endpoint.APIKey != "kb-key-of-alpha" {
		t.Errorf("endpoint %q, %v", endpoint.BaseURL, err)
	}
	ticketURL, ticketErr := d.TicketURL(t.Context(), "alpha")
	articleURL, articleErr := d.ArticleURL(t.Context(), "alpha")
	if err := errors.Join(ticketErr, articleErr); err != nil || ticketURL != example.Preferences.TicketURL || articleURL != example.Preferences.ArticleURL {
		t.Errorf("links %q and %q, %v", ticketURL, articleURL, err)
	}
}

func TestDesksOfAnUnknownTenant(t *testing.T) {
	store := tenantstoretest.New(t)
	clients := newClients(store.Store)
	d := desks{tenants: store.Store, clients: clients}
	_, _, deskErr := d.Desk(t.Context(), "unknown")
	_, mirrorErr := mirrored{clients}.Mirrored(t.Context(), "unknown")
	_, endpointErr := d.KnowledgeEndpoint(t.Context(), "unknown")
	_, ticketErr := d.TicketURL(t.Context(), "unknown")
	_, articleErr := d.ArticleURL(t.Context(), "unknown")
	for _, err := range []error{deskErr, mirrorErr, endpointErr, ticketErr, articleErr} {
		if !errors.Is(err, tenant.ErrNotFound) {
			t.Errorf("%v, want %v", err, tenant.ErrNotFound)
		}
	}
}

func TestNewLLM(t *testing.T) {
	cfg, err := configFrom(t, map[string]string{"APP_PORT": "1", "LLM_BASE_URL": "http://127.0.0.1:1/v1", "LLM_MODEL": "example"})
	if err != nil {
		t.Fatal(err)
	}
	if llm, err := newLLM(cfg.LLM, nil, telemetry.NewMetrics(), slog.New(slog.DiscardHandler)); llm != nil || err != nil {
		t.Errorf("without a key: %v, %v", llm, err)
	}
	if llm, err := newLLM(cfg.LLM, sidecar.Secrets{sidecar.SecretLLMAPIKey: "key"}, telemetry.NewMetrics(), slog.New(slog.DiscardHandler)); llm == nil || err != nil {
		t.Errorf("with a key: %v, %v", llm, err)
	}
	if _, err := configFrom(t, map[string]string{"SHUTDOWN_GRACE": "soon", "APP_PORT": "1"}); err == nil {
		t.Error("a wrong setting was taken")
	}
}

func configFrom(t *testing.T, env map[string]string) (config, error) {
	t.Helper()
	for key, value := range env {
		t.Setenv(key, value)
	}
	return loadConfig()
}
