package desk_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/desk"
	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func newDesks(t *testing.T) (*desk.Desks, *tenantstoretest.Store) {
	t.Helper()
	store := tenantstoretest.New(t)
	logger := slog.New(slog.DiscardHandler)
	return desk.New(store.Store, outbound.New(outbound.Config{}, logger), time.Second, telemetry.NewMetrics(), logger), store
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

// The live work, the mirror and the poll of one process are one account to the token endpoint, which locks it out after five
// refreshes in a minute.
func TestWorkOnTheSameServersSharesTheToken(t *testing.T) {
	t.Parallel()
	fetched := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oauth/v2/token" {
			fetched++
			_, _ = w.Write([]byte(`{"access_token":"example","expires_in":"3600"}`))
			return
		}
		_, _ = w.Write([]byte(`{"request":{"id":"1"}}`))
	}))
	t.Cleanup(server.Close)
	logger := slog.New(slog.DiscardHandler)
	tenants := cloud{server.URL}
	live := desk.New(tenants, outbound.New(outbound.Config{AllowedNetworks: outbound.Networks{netip.MustParsePrefix("127.0.0.0/8")}}, logger), time.Second, telemetry.NewMetrics(), logger)
	for _, desks := range []*desk.Desks{live, live.Beside(tenants, time.Minute), live.Beside(tenants, time.Hour)} {
		client, _, err := desks.Client(t.Context(), "alpha")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Request(t.Context(), "1"); err != nil {
			t.Fatal(err)
		}
	}
	if fetched != 1 {
		t.Errorf("the token was fetched %d times", fetched)
	}
}

// cloud is a tenant in the cloud, with token endpoint and API on the server.
type cloud struct{ server string }

func (c cloud) Get(_ context.Context, id string) (tenant.Tenant, tenant.Credentials, error) {
	grant := fmt.Sprintf(`{"accounts_url":%q,"client_id":"example","client_secret":"example","refresh_token":"example"}`, c.server)
	return tenant.Tenant{ID: id, Profile: tenant.ProfileCloud, ServiceDeskURL: c.server + "/app/example/api/v3", Version: 1},
		tenant.Credentials{APIKey: tenant.Secret(grant)}, nil
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
		desks := desk.New(tenants, outbound.New(outbound.Config{}, logger), time.Second, telemetry.NewMetrics(), logger)
		if _, _, err := desks.Client(t.Context(), "beta"); (err == nil) != ok {
			t.Errorf("grant %s: %v", key.Reveal(), err)
		}
		// What may be stored and what a client can be made of are the same.
		if err := tenants.credentials.Validate(cloud); (err == nil) != ok {
			t.Errorf("grant %s, to be stored: %v", key.Reveal(), err)
		}
	}
}
