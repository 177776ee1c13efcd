package adminapi

import (
	"context"
	"net/http"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// MoveTenant says whose enhancer is to work for a tenant.
type MoveTenant struct {
	To                 tenant.Isolation `json:"to"                             enum:"shared,dedicated"`
	EvenWithoutWorkers bool             `json:"even_without_workers,omitempty" doc:"Also when no worker of that enhancer takes work: the tenant's jobs wait until one does."`
	TakeOver           bool             `json:"take_over,omitempty"            doc:"The other enhancer is gone for good: what it has begun is begun again here. Refused while a worker of it is heard of."`
}

// MovedTenant is a tenant after its move, and where its unfinished jobs are.
type MovedTenant struct {
	Tenant    Tenant           `json:"tenant"`
	From      tenant.Isolation `json:"from"       enum:"shared,dedicated"`
	Waiting   int              `json:"waiting"    doc:"Jobs that its enhancer begins from now on, the held ones among them."`
	Held      int              `json:"held"       doc:"Those of them that wait for a server of the tenant's."`
	Running   int              `json:"running"    doc:"Jobs that its enhancer has begun."`
	Elsewhere int              `json:"elsewhere"  doc:"Jobs that the other enhancer has begun, and ends."`
	TakenOver int              `json:"taken_over" doc:"Runs of the other enhancer that were given up. Their jobs are among those that wait."`
}

// MoveTenant has another enhancer work for a tenant. Moved there already, it is no error.
func (c *Client) MoveTenant(ctx context.Context, id, etag string, in MoveTenant) (MovedTenant, error) {
	var out MovedTenant
	err := c.do(ctx, call{method: http.MethodPost, path: tenantPath(id, "move"), in: in, ifMatch: etag}, &out)
	return out, err
}
