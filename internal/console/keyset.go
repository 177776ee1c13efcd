package console

import (
	"context"
	"net/http"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
)

func (s *Server) keysetRoutes() {
	register(s, operation{
		id: "get-keyset", method: http.MethodGet, path: "/keyset", needs: permission(access.KeysetRead),
		summary: "Tell which keys seal the tenants' secrets",
		detail:  "And how many stored values each of them has sealed: one that is not primary and has none left can be removed. No key is shown.",
	}, s.keyset)
}

type keysetAnswer struct {
	Body adminapi.Keyset
}

func (s *Server) keyset(ctx context.Context, _ *struct{}) (*keysetAnswer, error) {
	counts, unreadable, err := s.tenants.SealedWith(ctx)
	if err != nil {
		return nil, err
	}
	answer := &keysetAnswer{Body: adminapi.Keyset{Keys: []adminapi.SealingKey{}, Unreadable: unreadable}}
	for _, key := range s.sealer.Keys() {
		answer.Body.Keys = append(answer.Body.Keys, adminapi.SealingKey{ID: key.ID, Primary: key.Primary, Values: counts[key.ID]})
	}
	return answer, nil
}
