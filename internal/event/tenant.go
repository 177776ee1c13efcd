package event

import (
	"fmt"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// TopicTenantChanged is where the console says which tenants it changed, so that nobody goes on with an old copy.
const TopicTenantChanged = "tenant:changed"

// RouteTenantChanged is where an app's sidecar delivers TopicTenantChanged, as named in the subscription.
const RouteTenantChanged = "/events/tenant"

// TenantChanged says that a tenant is not any more what it was. It is published after the change was committed.
type TenantChanged struct {
	TenantID string `json:"tenant_id"`
	Version  int64  `json:"version"` // since the change
}

// Validate says what the receiver cannot work with. What fails here would fail again.
func (e TenantChanged) Validate() error {
	if !tenant.ValidID(e.TenantID) {
		return fmt.Errorf("tenant_id %q is no tenant id", e.TenantID)
	}
	return nil
}
