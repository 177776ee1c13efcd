package adminapi

import (
	"context"
	"net/http"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
)

// LongestPause is how long a pause may be that ends by itself.
const LongestPause = 30 * 24 * time.Hour

// Pause is one that stands.
type Pause struct {
	TenantID string                 `json:"tenant_id,omitempty" doc:"Absent for that of all tenants."`
	Scope    enhancement.PauseScope `json:"scope"               enum:"intake,processing" doc:"intake: webhooks are answered 503. processing: jobs are accepted, and wait."`
	Reason   string                 `json:"reason,omitempty"    doc:"Absent, as by is, for the pause of all when your token is restricted to tenants."`
	By       string                 `json:"by,omitempty"        doc:"Who paused, as the audit log names them."`
	Since    time.Time              `json:"since"`
	Until    *time.Time             `json:"until,omitempty"     doc:"When it ends by itself; absent when somebody has to end it."`
}

// BeginPause asks for a pause.
type BeginPause struct {
	Reason  string `json:"reason"            doc:"Why, as others will read it." maxLength:"200" minLength:"3"`
	Seconds int    `json:"seconds,omitempty" doc:"How long it lasts; until it is ended when absent." maximum:"2592000" minimum:"1"`
}

// BegunPause is a pause, and what to know about it.
type BegunPause struct {
	Pause

	Notes []string `json:"notes" doc:"What to know: what is lost meanwhile, if anything, and how long is safe."`
}

// EndedPause is what a pause was.
type EndedPause struct {
	Pause

	StillPaused bool `json:"still_paused" doc:"The tenant is under the pause of all tenants, which goes on."`
}

// Pauses lists the pauses that stand: all of them, or those that one tenant is under.
func (c *Client) Pauses(ctx context.Context, tenantID string) ([]Pause, error) {
	var out Page[Pause]
	err := c.do(ctx, get("/pauses", filter("tenant_id", tenantID)), &out)
	return out.Items, err
}

// Pause begins a pause of a tenant, or of all ("").
func (c *Client) Pause(ctx context.Context, tenantID string, scope enhancement.PauseScope, in BeginPause) (BegunPause, error) {
	var out BegunPause
	err := c.do(ctx, call{method: http.MethodPut, path: pausePath(tenantID, scope), in: in, again: true}, &out)
	return out, err
}

// Resume ends one.
func (c *Client) Resume(ctx context.Context, tenantID string, scope enhancement.PauseScope) (EndedPause, error) {
	var out EndedPause
	err := c.do(ctx, call{method: http.MethodDelete, path: pausePath(tenantID, scope)}, &out)
	return out, err
}

func pausePath(tenantID string, scope enhancement.PauseScope) string {
	if tenantID == "" {
		return below("pauses", string(scope))
	}
	return tenantPath(tenantID, "pauses", string(scope))
}
