package desk_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/desk"
	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
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

// A client has the key, the address and, in the cloud, the token of the tenant that it was made for.
func TestATenantThatIsCreatedAnewGetsAnotherClient(t *testing.T) {
	t.Parallel()
	desks, store := newDesks(t)
	var clients []*servicedesk.Client
	for _, key := range []tenant.Secret{"first-key", "second-key"} {
		example, credentials := tenantstoretest.Example("alpha")
		example.ServiceDeskURL, credentials.APIKey = "https://sdp.example.com/"+key.Reveal()+"/api/v3", key
		if _, err := store.Console.Create(t.Context(), example, credentials, nil); err != nil {
			t.Fatal(err)
		}
		client, _, err := desks.Client(t.Context(), "alpha")
		if err != nil {
			t.Fatal(err)
		}
		clients = append(clients, client)
		if _, err := store.Console.SetStatus(t.Context(), "alpha", tenantstore.StatusDeleted, 0, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Console.Purge(t.Context(), "alpha", 0, nil); err != nil {
			t.Fatal(err)
		}
	}
	if clients[0] == clients[1] {
		t.Error("the new tenant's calls go to the old one's desk, with its key")
	}
}

// stored is a tenant as it was stored by a release that asked for less of it.
type stored struct {
	tenant      tenant.Tenant
	credentials tenant.Credentials
}

func (s stored) Get(context.Context, string) (tenant.Tenant, tenant.Credentials, error) {
	return s.tenant, s.credentials, nil
}

func TestClientInTheCloud(t *testing.T) {
	t.Parallel()
	cloud := tenant.Tenant{ID: "beta", Name: "Example", ServiceDeskURL: "https://sdp.example.com/app/x/api/v3", Profile: tenant.ProfileCloud}
	logger := slog.New(slog.DiscardHandler)
	for key, ok := range map[tenant.Secret]bool{
		`{"accounts_url":"https://accounts.example.com","client_id":"a","client_secret":"b","refresh_token":"c"}`: true,
		`{"client_id":"a"}`:     false,
		`["not", "a", "grant"]`: false,
	} {
		tenants := stored{cloud, tenant.Credentials{APIKey: key, SigningSecret: "example-signing-secret"}}
		desks := desk.New(tenants, outbound.New(outbound.Config{}, logger), time.Second, logger)
		if _, _, err := desks.Client(t.Context(), "beta"); (err == nil) != ok {
			t.Errorf("grant %s: %v", key.Reveal(), err)
		}
		// What may be stored and what a client can be made of are the same.
		if err := tenants.credentials.Validate(cloud); (err == nil) != ok {
			t.Errorf("grant %s, to be stored: %v", key.Reveal(), err)
		}
	}
}
