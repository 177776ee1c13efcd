package desk_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/desk"
	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func newDesks(t *testing.T) (*desk.Desks, *tenantstoretest.Store) {
	t.Helper()
	store := tenantstoretest.New(t)
	logger := slog.New(slog.DiscardHandler)
	return desk.New(store.Store, outbound.New(outbound.Config{}, logger), time.Second, logger), store
}

func TestClient(t *testing.T) {
	t.Parallel()
	desks, store := newDesks(t)
	store.Save(t, "alpha")
	first, found, err := desks.Client(t.Context(), "alpha")
	if err != nil || found.ID != "alpha" {
		t.Fatalf("tenant %q, %v", found.ID, err)
	}
	if again, _, err := desks.Client(t.Context(), "alpha"); err != nil || again != first {
		t.Errorf("an unchanged tenant gets another client, with its connections and token lost: %v", err)
	}
	store.Save(t, "alpha")
	if changed, _, err := desks.Client(t.Context(), "alpha"); err != nil || changed == first {
		t.Errorf("a changed tenant keeps the old client: %v", err)
	}
	if _, _, err := desks.Client(t.Context(), "unknown"); !errors.Is(err, tenant.ErrNotFound) {
		t.Errorf("an unknown tenant: %v", err)
	}
}

func TestClientInTheCloud(t *testing.T) {
	t.Parallel()
	desks, store := newDesks(t)
	cloud := tenant.Tenant{ID: "beta", Name: "Example", ServiceDeskURL: "https://sdp.example.com/app/x/api/v3", Profile: tenant.ProfileCloud}
	for key, ok := range map[tenant.Secret]bool{
		`{"accounts_url":"https://accounts.example.com","client_id":"a","client_secret":"b","refresh_token":"c"}`: true,
		`{"client_id":"a"}`:     false,
		`["not", "a", "grant"]`: false,
	} {
		store.Put(t, cloud, tenant.Credentials{APIKey: key, SigningSecret: "example-signing-secret"})
		if _, _, err := desks.Client(t.Context(), "beta"); (err == nil) != ok {
			t.Errorf("grant %s: %v", key.Reveal(), err)
		}
	}
}
