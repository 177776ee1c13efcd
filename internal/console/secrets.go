package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

func (s *Server) secretRoutes() {
	statuses := bodyErrors(http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	register(s, operation{
		id: "rotate-signing-secret", method: http.MethodPut, path: pathTenant + "/signing-secret", needs: permission(access.SecretsWrite),
		summary: "Replace the secret that a tenant's webhooks are signed with",
		detail:  "The one before is accepted for the overlap as well. No answer holds a secret.", errors: statuses,
	}, s.rotateSigningSecret)
	register(s, operation{
		id: "replace-api-key", method: http.MethodPut, path: pathTenant + "/api-key", needs: permission(access.SecretsWrite),
		summary: "Replace the key of a tenant's ServiceDesk Plus", detail: "No answer holds a secret.", errors: statuses,
	}, s.replaceAPIKey)
	register(s, operation{
		id: "replace-kb-api-key", method: http.MethodPut, path: pathTenant + "/kb-api-key", needs: permission(access.SecretsWrite),
		summary: "Replace or remove the key of a tenant's knowledge base", detail: "No answer holds a secret.", errors: statuses,
	}, s.replaceKnowledgeKey)
}

type rotateSigningSecret struct {
	MaybeMatch

	Body adminapi.RotateSigningSecret
}

func (s *Server) rotateSigningSecret(ctx context.Context, in *rotateSigningSecret) (*tenantAnswer, error) {
	overlap := time.Duration(in.Body.OverlapSeconds) * time.Second
	detail := map[string]string{"overlap_seconds": strconv.Itoa(in.Body.OverlapSeconds)}
	return s.replace(ctx, in.MaybeMatch, audit.OperationSecretRotate, "signing_secret", detail,
		func(version int64, also tenantstore.Also) (tenantstore.Record, error) {
			return s.tenants.RotateSigningSecret(ctx, in.TenantID, tenant.Secret(in.Body.Secret), overlap, version, also)
		})
}

type replaceSecret struct {
	MaybeMatch

	Body adminapi.ReplaceSecret
}

func (s *Server) replaceAPIKey(ctx context.Context, in *replaceSecret) (*tenantAnswer, error) {
	return s.replace(ctx, in.MaybeMatch, audit.OperationSecretReplace, "api_key", nil,
		func(version int64, also tenantstore.Also) (tenantstore.Record, error) {
			return s.tenants.ReplaceAPIKey(ctx, in.TenantID, tenant.Secret(in.Body.Secret), version, also)
		})
}

func (s *Server) replaceKnowledgeKey(ctx context.Context, in *replaceSecret) (*tenantAnswer, error) {
	var detail map[string]string
	if in.Body.Secret == "" {
		detail = map[string]string{"removed": "true"}
	}
	return s.replace(ctx, in.MaybeMatch, audit.OperationSecretReplace, "kb_api_key", detail,
		func(version int64, also tenantstore.Also) (tenantstore.Record, error) {
			return s.tenants.ReplaceKnowledgeKey(ctx, in.TenantID, tenant.Secret(in.Body.Secret), version, also)
		})
}

// replace changes one secret; name is the tenant's word for it.
func (s *Server) replace(ctx context.Context, in MaybeMatch, op audit.Operation, name string, detail map[string]string,
	change func(version int64, also tenantstore.Also) (tenantstore.Record, error),
) (*tenantAnswer, error) {
	before, err := s.matching(ctx, in.TenantID, in.IfMatch)
	if err != nil {
		return nil, err
	}
	record, err := change(pinned(in.IfMatch, before), s.also(s.event(ctx, op, audit.StatusOK, in.TenantID, name, detail)))
	switch {
	case errors.Is(err, tenantstore.ErrInvalid):
		return nil, invalid(FieldProblem{Location: "body.secret", Message: unsuitable(name, before.Profile)})
	case err != nil:
		return nil, stale(err)
	}
	s.changed(ctx, record.ID, record.Version)
	return answerTenant(http.StatusOK, record), nil
}

// unsuitable says what a secret has to be. The store's own words are not repeated, since they are about the secret.
func unsuitable(name string, profile tenant.Profile) string {
	switch {
	case name == "signing_secret":
		return "use at least " + strconv.Itoa(tenant.MinSigningSecret) + " characters"
	case profile == tenant.ProfileCloud:
		return `for the cloud, give JSON with "accounts_url", "client_id", "client_secret" and "refresh_token"`
	default:
		return "is missing"
	}
}
