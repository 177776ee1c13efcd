package platform

import (
	"context"
	"fmt"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Switch has an operator say what becomes of the tenant's notes, and tells when the console had answered.
func (p *Platform) Switch(ctx context.Context, tenantID string, mode tenant.Mode) (answered time.Time, err error) {
	there, err := p.admin.Tenant(ctx, tenantID)
	if err != nil {
		return time.Time{}, fmt.Errorf("look at tenant %s: %w", tenantID, err)
	}
	spec := there.TenantSpec
	spec.Preferences.Mode = mode
	if _, err := p.admin.UpdateTenant(ctx, tenantID, there.ETag(), adminapi.UpdateTenant{TenantSpec: spec}); err != nil {
		return time.Time{}, fmt.Errorf("switch tenant %s to %s: %w", tenantID, mode, err)
	}
	return time.Now(), nil
}
