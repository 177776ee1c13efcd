package console

import (
	"context"
	"net/http"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
)

func (s *Server) connectionRoutes() {
	register(s, operation{
		id: "test-connection", method: http.MethodPost, path: pathTenant + "/connection-test", needs: permission(access.ConnectionsTest),
		summary: "Try whether what a tenant depends on can be reached",
		detail: "Its ServiceDesk Plus, its knowledge base and the language model are asked side by side, ten seconds each, with the " +
			"tenant's stored settings and keys. It works for a disabled tenant, too.",
		errors: []int{http.StatusNotFound},
	}, s.testConnection)
}

type connectionAnswer struct {
	Body adminapi.ConnectionTest
}

func (s *Server) testConnection(ctx context.Context, in *TenantPath) (*connectionAnswer, error) {
	tested, err := s.reach.Test(ctx, in.TenantID)
	if err != nil {
		return nil, err
	}
	entry := s.event(ctx, audit.OperationConnectionTest, audit.StatusOK, in.TenantID, "", map[string]string{
		"servicedesk": string(tested.ServiceDesk.Outcome), "kb": string(tested.Knowledge.Outcome), "llm": string(tested.LLM.Outcome),
	})
	if err := s.audit.Append(ctx, entry); err != nil {
		return nil, err
	}
	return &connectionAnswer{Body: tested}, nil
}
