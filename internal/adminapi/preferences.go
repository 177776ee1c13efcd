package adminapi

import (
	"context"
	"iter"
	"net/http"
	"strconv"
	"time"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// PreferencesVersion is what a tenant's preferences were from one change of them to the next.
type PreferencesVersion struct {
	Version     int64              `json:"version"              doc:"That of the tenant from which on they held. The account of a draft names the tenant's version, which may be a later one."`
	ChangedAt   time.Time          `json:"changed_at"`
	ChangedBy   string             `json:"changed_by,omitempty" doc:"Who made the change, as the audit log names them; none when that is not known."`
	Preferences tenant.Preferences `json:"preferences"`
}

// SetPreferences replaces all preferences of a tenant, and nothing else of it.
func (c *Client) SetPreferences(ctx context.Context, id, etag string, p tenant.Preferences) (Tenant, error) {
	var out Tenant
	err := c.do(ctx, call{method: http.MethodPut, path: tenantPath(id, "preferences"), in: p, ifMatch: etag}, &out)
	return out, err
}

// PreferencesHistory lists the versions of a tenant's preferences, the newest first.
func (c *Client) PreferencesHistory(ctx context.Context, id string) iter.Seq2[PreferencesVersion, error] {
	return pages[PreferencesVersion](ctx, c, tenantPath(id, "preferences", "versions"), nil)
}

// PreferencesAt shows the preferences that held in a version of the tenant.
func (c *Client) PreferencesAt(ctx context.Context, id string, version int64) (PreferencesVersion, error) {
	var out PreferencesVersion
	err := c.do(ctx, get(tenantPath(id, "preferences", "versions", strconv.FormatInt(version, 10)), nil), &out)
	return out, err
}
