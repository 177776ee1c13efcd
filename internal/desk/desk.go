// Package desk owns the ServiceDesk Plus clients of the tenants: one for each, because a client holds connections and, in
// the cloud, the access token.
package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Tenants knows the tenants and opens their credentials.
type Tenants interface {
	Get(ctx context.Context, id string) (tenant.Tenant, tenant.Credentials, error)
}

// Meter hears of the calls to tenants' servers; *telemetry.Metrics is one.
type Meter interface {
	ServiceDeskCalled(ctx context.Context, tenantID, operation string, status telemetry.DeskStatus, took time.Duration)
}

// Desks makes clients and keeps them. It may be used concurrently.
type Desks struct {
	tenants Tenants
	guard   *outbound.Guard
	timeout time.Duration
	meter   Meter
	logger  *slog.Logger
	tokens  *servicedesk.Tokens

	mu      sync.Mutex
	clients map[string]kept
}

type kept struct {
	client  *servicedesk.Client
	version int64 // of the tenant it was made for
}

// New makes Desks whose clients are patient for timeout with one call, and reach what guard lets them.
func New(tenants Tenants, guard *outbound.Guard, timeout time.Duration, meter Meter, logger *slog.Logger) *Desks {
	return &Desks{
		tenants: tenants, guard: guard, timeout: timeout, meter: meter, logger: logger, tokens: &servicedesk.Tokens{}, clients: make(map[string]kept),
	}
}

// Beside makes Desks for other work on the same servers, with another patience: an account's access token, and how often it may
// be fetched, are the same for both.
func (d *Desks) Beside(tenants Tenants, timeout time.Duration) *Desks {
	other := New(tenants, d.guard, timeout, d.meter, d.logger)
	other.tokens = d.tokens
	return other
}

// Client gives the tenant and its client: the same as long as the tenant does not change. tenant.ErrNotFound says that
// there is no such tenant, or none that is enabled.
func (d *Desks) Client(ctx context.Context, tenantID string) (*servicedesk.Client, tenant.Tenant, error) {
	t, credentials, err := d.tenants.Get(ctx, tenantID)
	if err != nil {
		return nil, tenant.Tenant{}, fmt.Errorf("find the desk of tenant %s: %w", tenantID, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if have, ok := d.clients[t.ID]; ok && have.version == t.Version {
		return have.client, t, nil
	}
	client, err := newClient(t, credentials, d.guard, d.timeout, d.meter, d.logger, d.tokens)
	if err != nil {
		return nil, tenant.Tenant{}, err
	}
	d.clients[t.ID] = kept{client, t.Version}
	return client, t, nil
}

// NewClient makes a client for one use, of whatever status the tenant is; see New.
func NewClient(t tenant.Tenant, credentials tenant.Credentials, guard *outbound.Guard, timeout time.Duration, meter Meter, logger *slog.Logger,
) (*servicedesk.Client, error) {
	return newClient(t, credentials, guard, timeout, meter, logger, nil)
}

func newClient(t tenant.Tenant, credentials tenant.Credentials, guard *outbound.Guard, timeout time.Duration, meter Meter, logger *slog.Logger,
	tokens *servicedesk.Tokens,
) (*servicedesk.Client, error) {
	cfg := servicedesk.Config{
		BaseURL: t.ServiceDeskURL, Profile: servicedesk.Profile(t.Profile), TechnicianID: t.TechnicianID,
		Timeout: timeout, Logger: logger, Tokens: tokens,
		Observe: func(ctx context.Context, op string, status telemetry.DeskStatus, took time.Duration) {
			meter.ServiceDeskCalled(ctx, t.ID, op, status, took)
		},
	}
	if t.Profile == tenant.ProfileCloud {
		if err := json.Unmarshal([]byte(credentials.APIKey.Reveal()), &cfg.OAuth); err != nil {
			return nil, fmt.Errorf("the OAuth grant of tenant %s is not the expected JSON", t.ID)
		}
	} else {
		cfg.APIKey = credentials.APIKey.Reveal()
	}
	client, err := servicedesk.New(cfg, guard.Client())
	if err != nil {
		return nil, fmt.Errorf("configure ServiceDesk Plus of tenant %s: %w", t.ID, err)
	}
	return client, nil
}
