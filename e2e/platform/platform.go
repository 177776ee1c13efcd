// Package platform uses a running stack as its people do: an operator who onboards a client, a requester who
// opens a ticket, a technician who reads the note. The demo and the end-to-end tests are written in it.
package platform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/simulator"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

// poll is how often something that is waited for is looked at.
const poll = 25 * time.Millisecond

const (
	// maxConns is enough for the 20 users of the burst test, who mostly wait.
	maxConns    = 8
	callTimeout = 30 * time.Second
)

// ErrJobFailed says that a job ended without a note.
var ErrJobFailed = errors.New("the ticket was not enhanced")

// Platform is a running stack and the keys to it.
type Platform struct {
	gatewayURL, simulatorURL string
	keys                     simulator.Keys
	db                       *postgres.DB
	tenants                  *tenantstore.Store
	ledger                   *ledger.Ledger
	http                     *http.Client
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
	sealer, err := tenant.NewSealer(secrets[sidecar.SecretTenantKeyset])
	if err != nil {
		return nil, fmt.Errorf("read the stack's secrets: %w", err)
	}
	db, err := postgres.Open(ctx, s.ConsoleDatabaseURL(), postgres.Config{MaxConns: maxConns, ConnectTimeout: 10 * time.Second})
	if err != nil {
		return nil, fmt.Errorf("open the stack's database: %w", err)
	}
	return &Platform{
		gatewayURL: s.GatewayURL(), simulatorURL: s.SimulatorURL(), keys: simulator.NewKeys(secrets[sidecar.SecretSimulatorKey]),
		db: db, tenants: tenantstore.New(db, sealer), ledger: ledger.New(db), http: &http.Client{Timeout: callTimeout},
	}, nil
}

// Close gives back the database connections.
func (p *Platform) Close() { p.db.Close() }

// Client is a client of the provider, as the operator enters it.
type Client struct {
	ID      string
	Name    string
	Profile servicedesk.Profile
	Format  tenant.Format
	// WebhooksPerMinute is the limit of its own; 0 for the gateway's.
	WebhooksPerMinute int
	Tickets           []history.PastTicket
	Systems           []inventory.System
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

// Onboard gives c its simulated systems, enters it as a tenant with matching credentials, and imports
// its history and inventory. Onboarding it again replaces what was there.
func (p *Platform) Onboard(ctx context.Context, c Client) error {
	err := p.call(ctx, http.MethodPut, "/api/tenants/"+c.ID, map[string]any{"profile": c.Profile}, nil)
	if err != nil {
		return fmt.Errorf("simulate the systems of %s: %w", c.ID, err)
	}
	endpoints := simulator.NewEndpoints(p.simulatorURL, c.ID, c.Profile)
	key := p.keys.APIKey(c.ID)
	if c.Profile == servicedesk.ProfileCloud {
		grant, err := json.Marshal(p.keys.OAuth(c.ID, p.simulatorURL)) //nolint:gosec // to be sealed
		if err != nil {
			return fmt.Errorf("encode the OAuth grant of %s: %w", c.ID, err)
		}
		key = string(grant)
	}
	err = p.tenants.Save(ctx, tenant.Tenant{
		ID: c.ID, Name: c.Name, ServiceDeskURL: endpoints.ServiceDeskURL, Profile: tenant.Profile(c.Profile),
		TechnicianID: endpoints.TechnicianID, KnowledgeURL: endpoints.KnowledgeURL, Preferences: tenant.Preferences{Format: c.Format, WebhooksPerMinute: c.WebhooksPerMinute},
	}, tenant.Credentials{
		APIKey: tenant.Secret(key), SigningSecret: tenant.Secret(p.keys.SigningSecret(c.ID)),
		KnowledgeAPIKey: tenant.Secret(p.keys.KnowledgeAPIKey(c.ID)),
	})
	if err != nil {
		return fmt.Errorf("onboard %s: %w", c.ID, err)
	}
	for i := range c.Tickets {
		c.Tickets[i].URL = endpoints.TicketPage(c.Tickets[i].ID)
	}
	if _, err := history.NewStore(p.db).Put(ctx, c.ID, gather.OriginFile, c.Tickets); err != nil {
		return fmt.Errorf("onboard %s: %w", c.ID, err)
	}
	if _, err := inventory.NewStore(p.db).Put(ctx, c.ID, gather.OriginFile, c.Systems); err != nil {
		return fmt.Errorf("onboard %s: %w", c.ID, err)
	}
	return nil
}

// Job loads a job from the ledger.
func (p *Platform) Job(ctx context.Context, tenantID, jobID string) (enhancement.Job, error) {
	job, err := p.ledger.Job(ctx, tenantID, jobID)
	if err != nil {
		return enhancement.Job{}, fmt.Errorf("look at job %s: %w", jobID, err)
	}
	return job, nil
}

// Steps loads what a job's steps left in the ledger.
func (p *Platform) Steps(ctx context.Context, tenantID, jobID string) (map[enhancement.Step]enhancement.StepRecord, error) {
	steps, err := p.ledger.Steps(ctx, tenantID, jobID)
	if err != nil {
		return nil, fmt.Errorf("look at job %s: %w", jobID, err)
	}
	return steps, nil
}

// LLMCalls loads what the model was asked for a job.
func (p *Platform) LLMCalls(ctx context.Context, tenantID, jobID string) ([]enhancement.LLMCall, error) {
	calls, err := p.ledger.LLMCalls(ctx, tenantID, jobID)
	if err != nil {
		return nil, fmt.Errorf("look at job %s: %w", jobID, err)
	}
	return calls, nil
}

// AwaitJob waits until the job has ended, as long as ctx allows. A job that ended without a note is
// returned with ErrJobFailed and its reason.
func (p *Platform) AwaitJob(ctx context.Context, tenantID, jobID string) (enhancement.Job, error) {
	again := time.NewTicker(poll)
	defer again.Stop()
	for {
		job, err := p.Job(ctx, tenantID, jobID)
		switch {
		case ctx.Err() != nil:
			return job, fmt.Errorf("job %s did not end in time: %w", jobID, context.Cause(ctx))
		case err != nil:
			return job, err
		case job.Status == enhancement.StatusFailed:
			return job, fmt.Errorf("%w: %s", ErrJobFailed, job.FailureReason)
		case job.Status == enhancement.StatusCompleted:
			return job, nil
		}
		select {
		case <-ctx.Done():
			return job, fmt.Errorf("job %s is still %s: %w", jobID, job.Status, context.Cause(ctx))
		case <-again.C:
		}
	}
}
