package console

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/access/tokenstore"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func (s *Server) tokenRoutes() {
	register(s, operation{
		id: "list-tokens", method: http.MethodGet, path: "/tokens", needs: permission(access.TokensRead),
		summary: "List API tokens", detail: "The newest first, those that have ended in the last 90 days included. No token is shown.",
	}, s.listTokens)
	register(s, operation{
		id: "create-token", method: http.MethodPost, path: "/tokens", needs: permission(access.TokensWrite), status: http.StatusCreated,
		summary: "Make an API token",
		detail:  "It cannot have more permissions, or reach more tenants, than who makes it, nor outlive another token that makes it. The answer is the only one that holds it.",
		errors:  bodyErrors(),
	}, s.createToken)
	register(s, operation{
		id: "revoke-token", method: http.MethodDelete, path: "/tokens/{token_id}", needs: permission(access.TokensWrite),
		summary: "Revoke an API token", detail: "At once and for good. To revoke it again changes nothing.", errors: []int{http.StatusNotFound},
	}, s.revokeToken)
}

type tokenPage struct {
	Body adminapi.Page[adminapi.Token]
}

const listOfTokens = "tokens"

func (s *Server) listTokens(ctx context.Context, in *Paging) (*tokenPage, error) {
	after, err := decodeCursor[string](listOfTokens, in.Cursor)
	if err != nil {
		return nil, err
	}
	tokens, next, err := s.tokens.List(ctx, after, in.Limit)
	if err != nil {
		return nil, err
	}
	page := &tokenPage{}
	page.Body.Items = make([]adminapi.Token, len(tokens))
	for i := range tokens {
		page.Body.Items[i] = showToken(tokens[i])
	}
	if next != "" {
		page.Body.Next = encodeCursor(listOfTokens, next)
	}
	return page, nil
}

type createToken struct {
	Body adminapi.CreateToken
}

type issuedToken struct {
	Location string `header:"Location"`
	Body     adminapi.IssuedToken
}

func (s *Server) createToken(ctx context.Context, in *createToken) (*issuedToken, error) {
	permissions, err := access.ParsePermissions(in.Body.Permissions)
	if err != nil {
		return nil, invalid(FieldProblem{Location: "body.permissions", Message: err.Error()})
	}
	wanted := access.NewToken{
		Name: in.Body.Name, Permissions: permissions, Tenants: in.Body.Tenants, Valid: time.Duration(in.Body.ValidSeconds) * time.Second,
	}
	token, secret, err := s.tokens.Create(ctx, visiting(ctx).principal, wanted, s.tokenEntry(ctx, audit.OperationTokenCreate))
	if errors.Is(err, access.ErrInvalid) {
		return nil, invalid(FieldProblem{Location: "body", Message: err.Error()})
	}
	if err != nil {
		return nil, err
	}
	return issued(token, secret), nil
}

func issued(token access.Token, secret tenant.Secret) *issuedToken {
	return &issuedToken{
		Location: adminapi.Prefix + "/tokens/" + token.ID,
		Body:     adminapi.IssuedToken{Token: showToken(token), Secret: secret.Reveal()},
	}
}

// tokenEntry enters into the audit log what was made or revoked. It is not who, but the token, that is the target.
func (s *Server) tokenEntry(ctx context.Context, op audit.Operation) tokenstore.Also {
	return func(ctx2 context.Context, tx postgres.Tx, t access.Token) error {
		return s.audit.AppendIn(ctx2, tx, s.event(ctx, op, audit.StatusOK, "", t.ID, map[string]string{
			"name": t.Name, "permissions": strings.Join(names(t.Permissions), " "), "tenants": strings.Join(t.Tenants, " "),
			"expires_at": t.ExpiresAt.UTC().Format(time.RFC3339),
		}))
	}
}

// TokenPath names a token.
type TokenPath struct {
	TokenID string `path:"token_id" doc:"The token's id." maxLength:"64"`
}

type tokenAnswer struct {
	Body adminapi.Token
}

func (s *Server) revokeToken(ctx context.Context, in *TokenPath) (*tokenAnswer, error) {
	token, err := s.tokens.Revoke(ctx, in.TokenID, s.tokenEntry(ctx, audit.OperationTokenRevoke))
	if err != nil {
		return nil, err
	}
	return &tokenAnswer{Body: showToken(token)}, nil
}

func showToken(t access.Token) adminapi.Token {
	return adminapi.Token{
		ID: t.ID, Name: t.Name, Permissions: names(t.Permissions), Tenants: t.Tenants, CreatedBy: t.CreatedBy, CreatedAt: t.CreatedAt,
		ExpiresAt: t.ExpiresAt, LastUsedAt: t.LastUsedAt, RevokedAt: t.RevokedAt,
	}
}

// names gives the texts of permissions or roles; not nil, which JSON would write as null.
func names[T ~string](values []T) []string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return texts
}
