package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
	"github.com/ai-agents/ai-agents/workflows"
)

// desks keeps one ServiceDesk Plus client per tenant, because a client holds connections and, in the
// cloud, the access token. A changed tenant gets a new one.
type desks struct {
	store   *tenantstore.Store
	timeout time.Duration
	logger  *slog.Logger

	mu      sync.Mutex
	clients map[string]deskEntry
}

type deskEntry struct {
	client    *servicedesk.Client
	updatedAt time.Time
}

func newDesks(store *tenantstore.Store, timeout time.Duration, logger *slog.Logger) *desks {
	return &desks{store: store, timeout: timeout, logger: logger, clients: make(map[string]deskEntry)}
}

// Desk implements workflows.Desks.
func (d *desks) Desk(ctx context.Context, tenantID string) (workflows.Desk, tenant.Format, error) {
	t, credentials, err := d.store.Get(ctx, tenantID)
	if err != nil {
		return nil, "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	entry, ok := d.clients[tenantID]
	if !ok || !entry.updatedAt.Equal(t.UpdatedAt) {
		client, err := d.newClient(t, credentials)
		if err != nil {
			return nil, "", err
		}
		entry = deskEntry{client, t.UpdatedAt}
		d.clients[tenantID] = entry
	}
	return entry.client, t.Preferences.NoteFormat(), nil
}

func (d *desks) newClient(t tenant.Tenant, credentials tenant.Credentials) (*servicedesk.Client, error) {
	cfg := servicedesk.Config{
		BaseURL: t.ServiceDeskURL, Profile: servicedesk.Profile(t.Profile), TechnicianID: t.TechnicianID,
		Timeout: d.timeout, Logger: d.logger,
	}
	if t.Profile == tenant.ProfileCloud {
		if err := json.Unmarshal([]byte(credentials.APIKey.Reveal()), &cfg.OAuth); err != nil {
			return nil, fmt.Errorf("the OAuth grant of tenant %s is not the expected JSON", t.ID)
		}
	} else {
		cfg.APIKey = credentials.APIKey.Reveal()
	}
	client, err := servicedesk.New(cfg, nil)
	if err != nil {
		return nil, fmt.Errorf("configure ServiceDesk Plus of tenant %s: %w", t.ID, err)
	}
	return client, nil
}

// KnowledgeEndpoint implements knowledge.Endpoints.
func (d *desks) KnowledgeEndpoint(ctx context.Context, tenantID string) (knowledge.Endpoint, error) {
	t, credentials, err := d.store.Get(ctx, tenantID)
	if err != nil {
		return knowledge.Endpoint{}, err
	}
	return knowledge.Endpoint{BaseURL: t.KnowledgeURL, APIKey: credentials.KnowledgeAPIKey.Reveal()}, nil
}
