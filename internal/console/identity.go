package console

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

func (s *Server) identityRoutes() {
	register(s, operation{
		id: "get-identity", method: http.MethodGet, path: "/identity", needs: identified,
		summary: "Tell who you are and what you may do",
	}, s.identity)
	register(s, operation{
		id: "bootstrap", method: http.MethodPost, path: "/bootstrap", needs: bootstrapping, status: http.StatusCreated,
		summary: "Exchange the bootstrap token for an API token",
		detail: "Authorization has the bootstrap token, which the operator put into the secret store. It can be used once, and the API " +
			"token that it gives has all permissions.",
		errors: []int{http.StatusConflict},
	}, s.bootstrap)
}

type identityAnswer struct {
	Body adminapi.Identity
}

func (*Server) identity(ctx context.Context, _ *struct{}) (*identityAnswer, error) {
	p := visiting(ctx).principal
	return &identityAnswer{Body: adminapi.Identity{
		Subject: p.Subject, Kind: string(p.Kind), Roles: names(p.Roles), Permissions: names(p.Permissions), Tenants: p.Tenants,
		ExpiresAt: orNil(p.ExpiresAt),
	}}, nil
}

type bootstrapRequest struct {
	Authorization string `header:"Authorization" doc:"Bearer and the bootstrap token." hidden:"true"`
}

func (s *Server) bootstrap(ctx context.Context, in *bootstrapRequest) (*issuedToken, error) {
	scheme, shown, _ := strings.Cut(in.Authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") || len(shown) > access.MaxAuthorization {
		shown = ""
	}
	v := visiting(ctx)
	token, secret, err := s.tokens.Bootstrap(ctx, s.cfg.Bootstrap, strings.TrimSpace(shown),
		func(ctx2 context.Context, tx postgres.Tx, t access.Token) error {
			v.bootstrapped = true
			return s.tokenEntry(ctx, audit.OperationTokenBootstrap)(ctx2, tx, t)
		})
	switch {
	case errors.Is(err, access.ErrUnauthenticated):
		return nil, s.unauthenticated(ctx, "", err)
	case errors.Is(err, access.ErrBootstrapUsed):
		// Somebody has the right value after it was used: that is worth knowing.
		v.bootstrapped = true
		s.deny(ctx, reasonBootstrapUsed, "", nil)
		return nil, err
	case err != nil:
		return nil, err
	}
	s.failures.Succeeded(v.from)
	return issued(token, secret), nil
}
