package main

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func newTestDesks(t *testing.T) (*desks, *tenantstore.Store) {
	t.Helper()
	test := postgrestest.New(t)
	db, err := postgres.Open(t.Context(), test.AppURL, postgres.Config{MaxConns: 2, ConnectTimeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	keyset, err := tenant.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := tenant.NewSealer(keyset)
	if err != nil {
		t.Fatal(err)
	}
	store := tenantstore.New(db, sealer)
	return newDesks(store, time.Second, slog.New(slog.DiscardHandler)), store
}

func TestDesks(t *testing.T) {
	d, store := newTestDesks(t)
	onPrem := tenant.Tenant{
		ID: "alpha", Name: "Example", ServiceDeskURL: "https://sdp.example.com/api/v3", Profile: tenant.ProfileOnPrem,
		KnowledgeURL: "https://kb.example.com", Preferences: tenant.Preferences{Format: tenant.FormatMarkdown},
	}
	secrets := tenant.Credentials{APIKey: "key", SigningSecret: "example-signing-secret", KnowledgeAPIKey: "kb-key"}
	if err := store.Save(t.Context(), onPrem, secrets); err != nil {
		t.Fatal(err)
	}
	first, format, err := d.Desk(t.Context(), "alpha")
	if err != nil || format != tenant.FormatMarkdown {
		t.Fatalf("format %q, %v", format, err)
	}
	if again, _, err := d.Desk(t.Context(), "alpha"); err != nil || again != first {
		t.Errorf("an unchanged tenant gets another client, with its connections and token lost: %v", err)
	}
	if err := store.Save(t.Context(), onPrem, secrets); err != nil {
		t.Fatal(err)
	}
	if changed, _, err := d.Desk(t.Context(), "alpha"); err != nil || changed == first {
		t.Errorf("a changed tenant keeps the old client: %v", err)
	}
	endpoint, err := d.KnowledgeEndpoint(t.Context(), "alpha")
	if err != nil || endpoint.BaseURL != "https://kb.example.com" || endpoint.APIKey != "kb-key" {
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
		if err := store.Save(t.Context(), cloud, tenant.Credentials{APIKey: key, SigningSecret: "example-signing-secret"}); err != nil {
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
