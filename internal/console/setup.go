package console

import (
	"cmp"
	"context"
	"net/http"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/servicedesk/sender"
)

func (s *Server) setupRoutes() {
	register(s, operation{
		id: "get-setup", method: http.MethodGet, path: pathTenant + "/setup", needs: permission(access.TenantsRead),
		summary: "Show what to enter in the tenant's ServiceDesk Plus",
		detail: "The script, function or webhook by which it tells of tickets, with this tenant's values, and the steps to enter it. The signing " +
			"secret is not part of it: a placeholder stands where it belongs.",
		errors: []int{http.StatusNotFound},
	}, s.getSetup)
}

type getSetup struct {
	TenantPath

	GatewayURL string `query:"gateway_url" doc:"How ServiceDesk Plus reaches the gateway, such as https://gateway.example.com; as the console does when left out." maxLength:"500"`
}

type setupAnswer struct {
	Body adminapi.Setup
}

func (s *Server) getSetup(ctx context.Context, in *getSetup) (*setupAnswer, error) {
	record, err := s.tenants.Read(ctx, in.TenantID)
	if err != nil {
		return nil, err
	}
	gateway, err := sender.ParseGateway(cmp.Or(in.GatewayURL, s.cfg.GatewayURL))
	if err != nil {
		return nil, invalid(FieldProblem{Location: "query.gateway_url", Message: err.Error()})
	}
	made, err := sender.New(sender.Params{
		GatewayURL: gateway, TenantID: record.ID, Profile: record.Profile, Auth: record.Preferences.Auth(),
	})
	if err != nil {
		return nil, err
	}
	answer := adminapi.Setup{Way: made.Way, GatewayURL: gateway, Placeholder: sender.Placeholder, Steps: made.Steps, Files: []adminapi.SetupFile{}}
	for _, f := range made.Files {
		answer.Files = append(answer.Files, adminapi.SetupFile{Name: f.Name, Form: f.Form, Text: f.Text, HoldsSecret: f.HoldsSecret()})
	}
	return &setupAnswer{Body: answer}, nil
}
