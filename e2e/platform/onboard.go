package platform

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Onboard gives c its simulated systems, enters it as a tenant with matching credentials, and imports
// its history and inventory. Onboarding it again replaces what was there.
func (p *Platform) Onboard(ctx context.Context, c Client) error {
	err := p.call(ctx, http.MethodPut, "/api/tenants/"+c.ID, map[string]any{"profile": c.Profile}, nil)
	if err != nil {
		return fmt.Errorf("simulate the systems of %s: %w", c.ID, err)
	}
	endpoints := simulator.NewEndpoints(p.simulatorURL, c.ID, c.Profile)
	if err := p.enter(ctx, c, endpoints); err != nil {
		return fmt.Errorf("onboard %s: %w", c.ID, err)
	}
	for i := range c.Tickets {
		c.Tickets[i].URL = endpoints.TicketPage(c.Tickets[i].ID)
	}
	for batch := range slices.Chunk(c.Tickets, adminapi.MaxBatch) {
		if _, err := p.admin.PutTickets(ctx, c.ID, batch); err != nil {
			return fmt.Errorf("import the tickets of %s: %w", c.ID, err)
		}
	}
	for batch := range slices.Chunk(c.Systems, adminapi.MaxBatch) {
		if _, err := p.admin.PutSystems(ctx, c.ID, batch); err != nil {
			return fmt.Errorf("import the systems of %s: %w", c.ID, err)
		}
	}
	return nil
}

// enter creates the tenant, or brings the one that is there to what c says.
func (p *Platform) enter(ctx context.Context, c Client, endpoints simulator.Endpoints) error {
	spec := adminapi.TenantSpec{
		Name: c.Name, ServiceDeskURL: endpoints.ServiceDeskURL, Profile: tenant.Profile(c.Profile),
		TechnicianID: endpoints.TechnicianID, KnowledgeURL: endpoints.KnowledgeURL,
		Preferences: tenant.Preferences{Format: c.Format, WebhooksPerMinute: c.WebhooksPerMinute, WebhookAuth: c.WebhookAuth},
	}
	key := p.keys.APIKey(c.ID)
	if c.Profile == servicedesk.ProfileCloud {
		grant, err := json.Marshal(p.keys.OAuth(c.ID, p.simulatorURL)) //nolint:gosec // to be sealed
		if err != nil {
			return fmt.Errorf("encode the OAuth grant: %w", err)
		}
		key = string(grant)
	}
	_, err := p.admin.CreateTenant(ctx, adminapi.CreateTenant{
		TenantID: c.ID, TenantSpec: spec,
		APIKey: key, SigningSecret: p.keys.SigningSecret(c.ID), KnowledgeAPIKey: p.keys.KnowledgeAPIKey(c.ID),
	})
	if adminapi.StatusOf(err) != http.StatusConflict {
		return err
	}
	there, err := p.admin.Tenant(ctx, c.ID)
	if err != nil {
		return err
	}
	there, err = p.admin.UpdateTenant(ctx, c.ID, there.ETag(), adminapi.UpdateTenant{
		TenantSpec: spec, APIKey: key, KnowledgeAPIKey: p.keys.KnowledgeAPIKey(c.ID),
	})
	if err != nil {
		return err
	}
	_, err = p.admin.RotateSigningSecret(ctx, c.ID, there.ETag(), adminapi.RotateSigningSecret{Secret: p.keys.SigningSecret(c.ID)})
	if err != nil && adminapi.StatusOf(err) != http.StatusConflict { // it is that already
		return err
	}
	_, err = p.admin.EnableTenant(ctx, c.ID, "")
	return err
}
