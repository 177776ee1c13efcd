package main

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func newTestDesks(t *testing.T) (*desks, *tenantstoretest.Store) {
	t.Helper()
	store := tenantstoretest.New(t)
	return newDesks(store.Store, time.Second, slog.New(slog.DiscardHandler)), store
}

func TestDesks(t *testing.T) {
	d, store := newTestDesks(t)
	store.Save(t, "alpha")
	first, format, err := d.Desk(t.Context(), "alpha")
	if err != nil || format != tenant.FormatMarkdown {
		t.Fatalf("format %q, %v", format, err)
	}
	if again, _, err := d.Desk(t.Context(), "alpha"); err != nil || again != first {
		t.Errorf("an unchanged tenant gets another client, with its connections and token lost: %v", err)
	}
	store.Save(t, "alpha")
	if changed, _, err := d.Desk(t.Context(), "alpha"); err != nil || changed == first {
		t.Errorf("a changed tenant keeps the old client: %v", err)
	}
	endpoint, err := d.KnowledgeEndpoint(t.Context(), "alpha")
	if err != nil || endpoint.BaseURL != "https://kb.example.com/alpha" || endpoint.APIKey != "kb-key-of-alpha" {
		t.Errorf("endpoint %q, %v", endpoint.BaseURL, err)
	}
	for _, id := range []string{"unknown"} {
		if _, _, err := d.Desk(t.Context(), id); !errors.Is(err, tenant.ErrNotFound) {
			t.Errorf("desk of an unknown tenant: %v", err)
		}
		if _, err := d.KnowledgeEndpoint(t.Context(), id); !errors.Is(err, tenant.ErrNotFound) {
			t.Errorf("knowledge base of an unknown tenant: %v", err)
		}
	}
}

func TestDesksInTheCloud(t *testing.T) {
	d, store := newTestDesks(t)
	cloud := tenant.Tenant{ID: "beta", Name: "Example", ServiceDeskURL: "https://sdp.example.com/app/x/api/v3", Profile: tenant.ProfileCloud}
	for key, ok := range map[tenant.Secret]bool{
		`{"accounts_url":"https://accounts.example.com","client_id":"a","client_secret":"b","refresh_token":"c"}`: true,
		`{"client_id":"a"}`:     false,
		`["not", "a", "grant"]`: false,
	} {
		if err := store.Store.Save(t.Context(), cloud, tenant.Credentials{APIKey: key, SigningSecret: "example-signing-secret"}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.Desk(t.Context(), "beta"); (err == nil) != ok {
			t.Errorf("grant %s: %v", key.Reveal(), err)
		}
	}
}

func TestNewLLM(t *testing.T) {
	cfg, err := configFrom(t, map[string]string{"APP_PORT": "1", "LLM_BASE_URL": "http://127.0.0.1:1/v1", "LLM_MODEL": "example"})
	if err != nil {
		t.Fatal(err)
	}
	if llm, err := newLLM(cfg.LLM, "", slog.New(slog.DiscardHandler)); llm != nil || err != nil {
		t.Errorf("without a key: %v, %v", llm, err)
	}
	if llm, err := newLLM(cfg.LLM, "key", slog.New(slog.DiscardHandler)); llm == nil || err != nil {
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
