package main

import (
	"context"

	"github.com/ai-agents/ai-agents/internal/desk"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/mirror"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/workflows"
)

// desks answers what the parts of the enhancer ask about a tenant.
type desks struct {
	tenants desk.Tenants
	clients *desk.Desks
}

// Desk implements workflows.Desks.
func (d desks) Desk(ctx context.Context, tenantID string) (workflows.Desk, tenant.Format, error) {
	client, t, err := d.clients.Client(ctx, tenantID)
	if err != nil {
		return nil, "", err
	}
	return client, t.Preferences.NoteFormat(), nil
}

// Tenant implements drafting.Tenants.
func (d desks) Tenant(ctx context.Context, tenantID string) (tenant.Tenant, error) {
	t, _, err := d.tenants.Get(ctx, tenantID)
	return t, err
}

// KnowledgeEndpoint implements knowledge.Endpoints.
func (d desks) KnowledgeEndpoint(ctx context.Context, tenantID string) (knowledge.Endpoint, error) {
	t, credentials, err := d.tenants.Get(ctx, tenantID)
	if err != nil {
		return knowledge.Endpoint{}, err
	}
	return knowledge.Endpoint{BaseURL: t.KnowledgeURL, APIKey: credentials.KnowledgeAPIKey.Reveal()}, nil
}

// TicketURL implements history.Links.
func (d desks) TicketURL(ctx context.Context, tenantID string) (tenant.LinkTemplate, error) {
	t, _, err := d.tenants.Get(ctx, tenantID)
	return t.Preferences.TicketURL, err
}

// ArticleURL implements knowledge.Links.
func (d desks) ArticleURL(ctx context.Context, tenantID string) (tenant.LinkTemplate, error) {
	t, _, err := d.tenants.Get(ctx, tenantID)
	return t.Preferences.ArticleURL, err
}

// mirrored are the desks as the mirror sees them.
type mirrored struct{ clients *desk.Desks }

// Mirrored implements mirror.Desks.
func (m mirrored) Mirrored(ctx context.Context, tenantID string) (mirror.Desk, error) {
	client, _, err := m.clients.Client(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	return client, nil
}
