package console

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

const (
	// purgeTimeout bounds a purge. One that is cut off goes on when it is asked for again.
	purgeTimeout = 10 * time.Minute
	// countTimeout is how long the answer to a deletion is held back for the counts.
	countTimeout = 5 * time.Second
)

// MaybeMatch is If-Match where it is not required.
type MaybeMatch struct {
	TenantPath

	IfMatch string `header:"If-Match" doc:"ETag of the tenant that is to be changed; any when there is none."`
}

func (s *Server) lifecycleRoutes() {
	changing := []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed}
	for _, step := range []struct {
		id, path, summary, detail string
		needs                     access.Permission
		change                    func(context.Context, *MaybeMatch) (*tenantAnswer, error)
	}{
		{
			"enable-tenant", "/enable", "Enable a tenant", "Webhooks are accepted from then on.", access.TenantsWrite,
			s.setStatus(audit.OperationTenantEnable, tenantstore.StatusEnabled),
		},
		{
			"disable-tenant", "/disable", "Disable a tenant", "Webhooks are refused as if there were no such tenant; its data stays.",
			access.TenantsWrite, s.setStatus(audit.OperationTenantDisable, tenantstore.StatusDisabled),
		},
		{
			"restore-tenant", "/restore", "Bring a deleted tenant back", "It is disabled then. What a purge has removed does not come back.",
			access.TenantsDelete, s.restoreTenant,
		},
	} {
		register(s, operation{
			id: step.id, method: http.MethodPost, path: pathTenant + step.path, needs: permission(step.needs),
			summary: step.summary, detail: step.detail, errors: changing,
		}, step.change)
	}
	register(s, operation{
		id: "delete-tenant", method: http.MethodDelete, path: pathTenant, needs: permission(access.TenantsDelete),
		summary: "Mark a tenant as deleted",
		detail: "It is disabled, and nothing goes: it can be restored until it is purged. The answer counts what a purge would remove, " +
			"unless that takes too long.",
		errors: changing,
	}, s.deleteTenant)
	register(s, operation{
		id: "purge-tenant", method: http.MethodPost, path: pathTenant + "/purge", needs: permission(access.TenantsDelete),
		summary:  "Remove a deleted tenant and all of its data",
		detail:   "For good. If-Match is required, and the tenant's id once more in the body. A purge that was cut off is asked for again.",
		errors:   bodyErrors(append(changing, http.StatusPreconditionRequired)...),
		patience: purgeTimeout,
	}, s.purgeTenant)
}

func (s *Server) setStatus(op audit.Operation, status tenantstore.Status) func(context.Context, *MaybeMatch) (*tenantAnswer, error) {
	return func(ctx context.Context, in *MaybeMatch) (*tenantAnswer, error) {
		return s.step(ctx, in, op, func(version int64, also tenantstore.Also) (tenantstore.Record, error) {
			return s.tenants.SetStatus(ctx, in.TenantID, status, version, also)
		})
	}
}

func (s *Server) restoreTenant(ctx context.Context, in *MaybeMatch) (*tenantAnswer, error) {
	return s.step(ctx, in, audit.OperationTenantRestore, func(version int64, also tenantstore.Also) (tenantstore.Record, error) {
		return s.tenants.Restore(ctx, in.TenantID, version, also)
	})
}

// step is one step of a tenant's life.
func (s *Server) step(ctx context.Context, in *MaybeMatch, op audit.Operation,
	change func(version int64, also tenantstore.Also) (tenantstore.Record, error),
) (*tenantAnswer, error) {
	before, err := s.matching(ctx, in.TenantID, in.IfMatch)
	if err != nil {
		return nil, err
	}
	detail := map[string]string{"status_before": string(before.Status)}
	record, err := change(pinned(in.IfMatch, before), s.also(s.event(ctx, op, audit.StatusOK, in.TenantID, "", detail)))
	if err != nil {
		return nil, stale(err)
	}
	s.changed(ctx, record.ID, record.Version)
	return answerTenant(http.StatusOK, record), nil
}

type deletionAnswer struct {
	ETag string `header:"ETag" doc:"For the purge's If-Match."`
	Body adminapi.Deletion
}

func (s *Server) deleteTenant(ctx context.Context, in *MaybeMatch) (*deletionAnswer, error) {
	deleted, err := s.setStatus(audit.OperationTenantDelete, tenantstore.StatusDeleted)(ctx, in)
	if err != nil {
		return nil, err
	}
	answer := &deletionAnswer{ETag: deleted.ETag, Body: adminapi.Deletion{Tenant: *deleted.Body, Rows: map[string]int64{}}}
	// The tenant is deleted by now, so an error would say what is not so.
	bounded, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	rows, err := s.tenants.Count(bounded, in.TenantID)
	if err != nil {
		s.logger.WarnContext(ctx, "the rows of a deleted tenant were not counted", "error", err)
		answer.Body.Uncounted = true
		return answer, nil
	}
	answer.Body.Rows, answer.Body.Total = rows, total(rows)
	return answer, nil
}

type purgeTenant struct {
	TenantPath

	IfMatch string `header:"If-Match" doc:"ETag of the deleted tenant; required."`
	Body    adminapi.PurgeTenant
}

type purgeAnswer struct {
	Body adminapi.Purged
}

func (s *Server) purgeTenant(ctx context.Context, in *purgeTenant) (*purgeAnswer, error) {
	if in.IfMatch == "" {
		return nil, errRequired()
	}
	before, err := s.matching(ctx, in.TenantID, in.IfMatch)
	if err != nil {
		return nil, err
	}
	if in.Body.Confirm != in.TenantID {
		return nil, invalid(FieldProblem{Location: "body.confirm", Message: "has to be the tenant's id"})
	}
	if before.Status != tenantstore.StatusDeleted {
		return nil, tenantstore.ErrNotDeleted
	}
	return s.purge(ctx, in.TenantID, before.Version)
}

// purge goes in several transactions: what it is about to remove is entered into the audit log before, and its end together
// with the tenant's.
func (s *Server) purge(ctx context.Context, tenantID string, version int64) (*purgeAnswer, error) {
	counted, err := s.tenants.Count(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	begin := s.event(ctx, audit.OperationTenantPurge, audit.StatusOK, tenantID, "", rowCounts("begin", counted))
	if err := s.announce(ctx, begin); err != nil {
		return nil, err
	}
	end := s.event(ctx, audit.OperationTenantPurge, audit.StatusOK, tenantID, "", rowCounts("end", counted))
	rows, err := s.tenants.Purge(ctx, tenantID, version, s.also(end))
	if err != nil {
		end.Status, end.Detail = audit.StatusFailed, rowCounts("end", rows)
		s.conclude(ctx, end)
		return nil, stale(err)
	}
	s.changed(ctx, tenantID, 0)
	s.metrics.ForgetTenant(tenantID)
	return &purgeAnswer{Body: adminapi.Purged{TenantID: tenantID, Rows: rows, Total: total(rows)}}, nil
}

func total(rows map[string]int64) (n int64) {
	for _, count := range rows {
		n += count
	}
	return n
}

// rowCounts is rows as an entry of the audit log has them.
func rowCounts(phase string, rows map[string]int64) map[string]string {
	detail := map[string]string{"phase": phase, "total": strconv.FormatInt(total(rows), 10)}
	for table, n := range rows {
		detail[table] = strconv.FormatInt(n, 10)
	}
	return detail
}
