package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humamux"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// requirement is what an operation asks of its client: a permission, or one of those below.
type requirement string

const (
	// identified lets in everybody who has shown who they are.
	identified requirement = "authenticated"
	// bootstrapping is for whoever has the bootstrap token, which the operation itself checks.
	bootstrapping requirement = "bootstrap"
)

// permission is the requirement of a permission.
func permission(p access.Permission) requirement { return requirement(p) }

// valid says whether there is such a requirement.
func (r requirement) valid() bool {
	return r == identified || r == bootstrapping || slices.Contains(access.All(), access.Permission(r))
}

// What the operations carry in huma's metadata.
const (
	metaRequirement = "requirement"
	// metaTenantQuery: the tenant that is asked for is in the query, for there is none in the path.
	metaTenantQuery = "tenant_query"
	// metaPatience is how long the operation may take; negative for a stream, which sees to that itself.
	metaPatience = "patience"
	// metaUpload: the body is large, and only some are taken at a time.
	metaUpload = "upload"
)

// guarded is the way from the router to the operations. There is no other, so an operation that does not say what it
// requires cannot be reached, and none begins to read a body before its client was let in.
type guarded struct {
	huma.Adapter

	admit func(ctx huma.Context, op *huma.Operation, needs requirement) (huma.Context, *Problem)
	// uploads has room for those that are taken at a time.
	uploads    chan struct{}
	undeclared []string
}

// Handle implements huma.Adapter.
func (g *guarded) Handle(op *huma.Operation, handler func(huma.Context)) {
	needs, _ := op.Metadata[metaRequirement].(requirement)
	if !needs.valid() {
		g.undeclared = append(g.undeclared, op.Method+" "+op.Path)
		return
	}
	g.Adapter.Handle(op, func(ctx huma.Context) {
		ctx, refused := g.admit(ctx, op, needs)
		if upload, _ := op.Metadata[metaUpload].(bool); upload && refused == nil {
			var done func()
			if done, refused = g.turn(ctx.Context()); refused == nil {
				defer done()
			}
		}
		if refused != nil {
			_, w := humamux.Unwrap(ctx)
			// Or the server would read the body after all, to keep the connection.
			w.Header().Set("Connection", "close")
			refused.write(w)
			return
		}
		allowTime(ctx.Context(), op)
		handler(ctx)
	})
}

// answerTime is for the way of the answer.
const answerTime = 15 * time.Second

// allowTime gives the answer its time from now on: the listener's own limit is too short for some operations.
func allowTime(ctx context.Context, op *huma.Operation) {
	patience, _ := op.Metadata[metaPatience].(time.Duration)
	if patience > 0 {
		visiting(ctx).answerBy(time.Now().Add(op.BodyReadTimeout + patience + answerTime))
	}
}

// turn waits until the upload may begin: each is in memory as a whole.
func (g *guarded) turn(ctx context.Context) (done func(), refused *Problem) {
	wait := time.NewTimer(uploadWait)
	defer wait.Stop()
	select {
	case g.uploads <- struct{}{}:
		return func() { <-g.uploads }, nil
	case <-ctx.Done():
	case <-wait.C:
	}
	return nil, problem(http.StatusServiceUnavailable, "too many uploads are under way: try again later").later(soon)
}

// admit decides whether a request may go on to its operation.
func (s *Server) admit(ctx huma.Context, op *huma.Operation, needs requirement) (huma.Context, *Problem) {
	v := visiting(ctx.Context())
	v.operation = op.OperationID
	tenantID := ctx.Param("tenant_id")
	if byQuery, _ := op.Metadata[metaTenantQuery].(bool); byQuery {
		tenantID = ctx.Query("tenant_id")
	}
	if _, wait := s.failures.Admit(v.from); wait > 0 {
		s.deny(ctx.Context(), reasonSuspected, tenantID, nil)
		return ctx, problem(http.StatusTooManyRequests,
			"too many requests with a wrong token came from your address: check the token and try again later").later(wait)
	}
	if needs == bootstrapping {
		return ctx, nil
	}
	principal, err := s.authenticator.Authenticate(ctx.Context(), ctx.Header("Authorization"))
	if err != nil {
		return ctx, s.unauthenticated(ctx.Context(), tenantID, err)
	}
	s.failures.Succeeded(v.from)
	v.principal = principal
	ctx = huma.WithContext(ctx, telemetry.With(ctx.Context(), slog.String(telemetry.KeyUser, principal.Subject)))
	if needs == identified {
		return ctx, nil
	}
	if !principal.May(access.Permission(needs), tenantID) {
		s.deny(ctx.Context(), reasonPermission, tenantID, map[string]string{"permission": string(needs)})
		return ctx, forbidden(needs, principal, tenantID)
	}
	if tenantID != "" {
		ctx = huma.WithContext(ctx, telemetry.With(ctx.Context(), slog.String(telemetry.KeyTenant, tenantID)))
	}
	return ctx, nil
}

// unauthenticated answers one who has not shown who they are. A request without any token is not a failed attempt: a
// client that learns that it needs one begins so.
func (s *Server) unauthenticated(ctx context.Context, tenantID string, err error) *Problem {
	if errors.Is(err, access.ErrProviderUnavailable) {
		s.logger.WarnContext(ctx, "a person could not be recognised", "error", err)
		return problem(http.StatusServiceUnavailable, access.ErrProviderUnavailable.Error()).later(soon)
	}
	if !errors.Is(err, access.ErrUnauthenticated) {
		return s.explain(ctx, err)
	}
	reason, tokenID := access.ReasonOf(err)
	challenge := `Bearer realm="console"`
	if reason != access.ReasonMissing {
		s.failures.Failed(visiting(ctx).from)
		challenge += `, error="invalid_token"`
	}
	detail := map[string]string{}
	if tokenID != "" {
		detail["token_id"] = tokenID
	}
	s.deny(ctx, string(reason), tenantID, detail)
	return problem(http.StatusUnauthorized, access.ErrUnauthenticated.Error()).with("WWW-Authenticate", challenge)
}

// forbidden names what is missing.
func forbidden(needs requirement, principal *access.Principal, tenantID string) *Problem {
	detail := fmt.Sprintf("this takes the permission %s, which you do not have: GET %s/identity lists those you have", needs, adminapi.Prefix)
	if slices.Contains(principal.Permissions, access.Permission(needs)) {
		detail = fmt.Sprintf("your permission %s is restricted to some tenants: it does not reach %s", needs, scope(tenantID))
	}
	return problem(http.StatusForbidden, detail).
		with("WWW-Authenticate", fmt.Sprintf(`Bearer realm="console", error="insufficient_scope", scope=%q`, string(needs)))
}

func scope(tenantID string) string {
	if tenantID == "" {
		return "the platform as a whole"
	}
	return "this one"
}

// The reasons of refusals besides access.Reason.
const (
	reasonSuspected     = "too many wrong tokens"
	reasonPermission    = "missing permission"
	reasonBootstrapUsed = "bootstrap token used before"
)

// deny writes a refusal into log and audit log, as far as that is bounded; the metrics have all of them.
func (s *Server) deny(ctx context.Context, reason, tenantID string, detail map[string]string) {
	v := visiting(ctx)
	s.metrics.ConsoleDenied(reason)
	unsaid, due := s.sparse.Due(audit.Refusal{Reason: reason, TenantID: tenantID, From: v.from})
	if !due {
		return
	}
	e := s.event(ctx, audit.OperationAccessDeny, audit.StatusRefused, tenantID, v.operation, detail)
	if e.Detail == nil {
		e.Detail = map[string]string{}
	}
	e.Detail["reason"] = reason
	if unsaid > 0 {
		e.Detail["unsaid"] = strconv.Itoa(unsaid)
	}
	s.logger.WarnContext(ctx, "access denied", "security_event", true, "reason", reason, "address", e.Address,
		telemetry.KeyOperation, v.operation, "unsaid", unsaid)
	if err := s.audit.Append(ctx, e); err != nil {
		s.logger.ErrorContext(ctx, "a refusal is missing in the audit log", "error", err)
	}
}
