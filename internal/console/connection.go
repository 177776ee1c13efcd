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
		detail: "Its ServiceDesk Plus, its knowledge base, the language model and its fallback are asked side by side, ten seconds each, with the " +
			"tenant's stored settings and keys. It works for a disabled tenant, too. One at a time for each tenant.",
		errors: []int{http.StatusNotFound, http.StatusConflict},
	}, s.testConnection)
}

type connectionAnswer struct {
	Body adminapi.ConnectionTest
}

func (s *Server) testConnection(ctx context.Context, in *TenantPath) (*connectionAnswer, error) {
	if err := s.takesContent(ctx, in.TenantID); err != nil {
		return nil, err
	}
	release, got := s.tests.take(ofTenant(in.TenantID, 1))
	switch got {
	case taken:
	case shareTaken:
		return nil, problem(http.StatusTooManyRequests, "another test of this tenant's connections is under way: wait for its result").later(soon)
	case allTaken:
		return nil, problem(http.StatusServiceUnavailable, "too many tests of connections are under way: try again later").later(soon)
	}
	defer release()
	tested, err := s.reach.Test(ctx, in.TenantID)
	if err != nil {
		return nil, err
	}
	entry := s.event(ctx, audit.OperationConnectionTest, audit.StatusOK, in.TenantID, "", map[string]string{
		"servicedesk": string(tested.ServiceDesk.Outcome), "kb": string(tested.Knowledge.Outcome), "llm": string(tested.LLM.Outcome),
		"llm_fallback": string(tested.LLMFallback.Outcome),
	})
	if err := s.audit.Append(ctx, entry); err != nil {
		return nil, err
	}
	return &connectionAnswer{Body: tested}, nil
}
