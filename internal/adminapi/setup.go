package adminapi

import (
	"context"
	"net/url"

	"github.com/ai-agents/ai-agents/internal/servicedesk/sender"
)

// Setup is what to enter in a tenant's ServiceDesk Plus so that it tells of tickets. The signing secret is never part of it:
// where it belongs, there is Placeholder.
type Setup struct {
	Way         sender.Way  `json:"way"         doc:"How its webhooks are proven: by a script on its server, a function in the cloud, or the secret in a header." enum:"script,function,static_header"`
	GatewayURL  string      `json:"gateway_url" doc:"Where the webhooks go, as the texts have it."`
	Placeholder string      `json:"placeholder" doc:"What stands in the texts where the signing secret belongs."`
	Steps       []string    `json:"steps"       doc:"What to do, in this order."`
	Files       []SetupFile `json:"files"       doc:"The texts to copy."`
}

// SetupFile is one text to copy.
type SetupFile struct {
	Name        string      `json:"name"         doc:"Its name as a file, or what it is pasted into."`
	Form        sender.Form `json:"form"         enum:"python,json,deluge,text"`
	Text        string      `json:"text"`
	HoldsSecret bool        `json:"holds_secret" doc:"The signing secret has to be put in place of the placeholder, and the text kept from others then."`
}

// Setup gives what to enter in the tenant's ServiceDesk Plus. gatewayURL is how that reaches the gateway; with an empty one, it is
// how the console does.
func (c *Client) Setup(ctx context.Context, id, gatewayURL string) (Setup, error) {
	query := url.Values{}
	if gatewayURL != "" {
		query.Set("gateway_url", gatewayURL)
	}
	var out Setup
	err := c.do(ctx, get(tenantPath(id, "setup"), query), &out)
	return out, err
}
