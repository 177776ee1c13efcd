package web

import (
	"fmt"
	"strings"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

// auditPage is a page of the audit log, with what it is filtered by.
type auditPage struct {
	listPage[adminapi.AuditRecord]

	Filters []field
}

func (s *Site) listAudit(v *visit) error {
	asked := v.r.URL.Query()
	query := adminapi.AuditQuery{
		TenantID: strings.TrimSpace(asked.Get("tenant_id")), Operation: strings.TrimSpace(asked.Get("operation")), Actor: strings.TrimSpace(asked.Get("actor")),
	}
	var err error
	if query.Since, err = moment(asked.Get("since")); err != nil {
		return err
	}
	if query.Until, err = moment(asked.Get("until")); err != nil {
		return err
	}
	if own := v.session.Tenants; query.TenantID == "" && len(own) > 0 {
		query.TenantID = own[0]
	}
	found, err := v.api.AuditPage(v.ctx, query, adminapi.Slice{Cursor: asked.Get("cursor"), Limit: rowsPerPage})
	if err != nil {
		return fmt.Errorf("list the audit log: %w", err)
	}
	return s.show(v, "audit", "Audit log", auditPage{
		listPage: listing(v, found),
		Filters: []field{
			tenantFilter(v.session.Tenants, query.TenantID),
			{Name: "operation", Label: "Operation", Kind: kindText, Value: query.Operation, MaxLength: maxTicket},
			{Name: "actor", Label: "Actor", Kind: kindText, Value: query.Actor, MaxLength: maxActor},
			{Name: "since", Label: "From (UTC)", Kind: kindTime, Value: asked.Get("since")},
			{Name: "until", Label: "until (UTC)", Kind: kindTime, Value: asked.Get("until")},
		},
	})
}
