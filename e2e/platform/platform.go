// Package platform uses a running stack as its people do: an operator who onboards a client, a requester who
// opens a ticket, a technician who reads the note. The demo and the end-to-end tests are written in it.
package platform

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/simulator"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// poll is how often something that is waited for is looked at.
const poll = 50 * time.Millisecond

const (
	// maxConns is enough for looking behind the scenes.
	maxConns    = 4
	callTimeout = 30 * time.Second
)

// Platform is a running stack and the keys to it.
type Platform struct {
	gatewayURL, simulatorURL string
	keys                     simulator.Keys
	admin                    *adminapi.Client
	http                     *http.Client
	// Behind the scenes, where the admin API shows less than a test has to see; as app_user.
	db     *postgres.DB
	ledger *ledger.Ledger
}

// Open connects to the stack. The caller closes the Platform.
func Open(ctx context.Context, s *stack.Stack) (*Platform, error) {
	data, err := os.ReadFile(s.SecretsFile())
	if err != nil {
		return nil, fmt.Errorf("read the stack's secrets: %w", err)
	}
	var secrets map[string]string
	if err := json.Unmarshal(data, &secrets); err != nil {
		return nil, fmt.Errorf("read the stack's secrets: %s is not a JSON object of strings", s.SecretsFile())
	}
	admin, err := s.Admin()
	if err != nil {
		return nil, fmt.Errorf("reach the stack's console: %w", err)
	}
	db, err := postgres.Open(ctx, s.DatabaseURL(), postgres.Config{MaxConns: maxConns, ConnectTimeout: 10 * time.Second})
	if err != nil {
		return nil, fmt.Errorf("open the stack's database: %w", err)
	}
	return &Platform{
		gatewayURL: s.GatewayURL(), simulatorURL: s.SimulatorURL(), keys: simulator.NewKeys(secrets[sidecar.SecretSimulatorKey]),
		admin: admin, db: db, ledger: ledger.New(db), http: &http.Client{Timeout: callTimeout},
	}, nil
}

// Close gives back the database connections.
func (p *Platform) Close() { p.db.Close() }

// Keys are the credentials of the simulated tenants.
func (p *Platform) Keys() simulator.Keys { return p.keys }

// Admin is the client of the console, which may do everything.
func (p *Platform) Admin() *adminapi.Client { return p.admin }

// Client is a client of the provider, as the operator enters it.
type Client struct {
	ID      string
	Name    string
	Profile servicedesk.Profile
	Format  tenant.Format
	// WebhooksPerMinute is the limit of its own; 0 for the gateway's.
	WebhooksPerMinute int
	// WebhookAuth is how its webhooks are proven; by signature when empty.
	WebhookAuth tenant.WebhookAuth
	Tickets     []history.PastTicket
	Systems     []inventory.System
}

// SampleClient is one of the simulator's sample tenants with its history and inventory.
func SampleClient(id string) (Client, error) {
	data, err := simulator.Sample(id)
	if err != nil {
		return Client{}, fmt.Errorf("sample client %s: %w", id, err)
	}
	c := Client{ID: id, Name: data.Tenant.Name, Profile: data.Tenant.Profile, Format: data.Tenant.Format}
	for _, t := range data.Tickets {
		c.Tickets = append(c.Tickets, history.PastTicket{
			ID: t.ID, Subject: t.Subject, Description: t.Description, Resolution: t.Resolution,
			CreatedAt: t.CreatedAt, ResolvedAt: t.ResolvedAt,
		})
	}
	for _, s := range data.Systems {
		c.Systems = append(c.Systems, inventory.System{
			Hostname: s.Hostname, Address: s.Address, Role: s.Role, Client: s.Client, Location: s.Location,
		})
	}
	return c, nil
}
