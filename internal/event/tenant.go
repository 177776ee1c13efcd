package event

import (
	"fmt"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// TopicTenantChanged tells those that keep tenants in memory that one has changed.
const TopicTenantChanged = "tenant:changed"

// TenantChanged says that a tenant has a new version, or is gone. It may be lost, come twice or late: what is kept has to
// run out by itself, and the tenant's row is the authority.
type TenantChanged struct {
	TenantID string `json:"tenant_id"`
	// Version is what the change made of it; 0 when the tenant was purged.
	Version int64 `json:"version"`
}

// Validate says what a receiver cannot work with. What fails here would fail again.
func (e TenantChanged) Validate() error {
	if !tenant.ValidID(e.TenantID) {
		return fmt.Errorf("tenant_id %q is no tenant id", e.TenantID)
	}
	return nil
}
