package console

import (
	"context"
	"errors"
	"net/http"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

// TenantPath is what operations about a tenant begin with.
type TenantPath struct {
	TenantID string `path:"tenant_id" doc:"The tenant's id." maxLength:"63"`
}

// tenantAnswer is a tenant with its ETag.
type tenantAnswer struct {
	Status   int
	ETag     string `header:"ETag"     doc:"The tenant's version, for If-Match."`
	Location string `header:"Location"`
	Body     *adminapi.Tenant
}

func answerTenant(status int, r tenantstore.Record) *tenantAnswer {
	shown := showTenant(r)
	return &tenantAnswer{Status: status, ETag: etag(r.Version), Body: &shown}
}

const pathTenant = "/tenants/{tenant_id}"

func (s *Server) tenantRoutes() {
	register(s, operation{
		id: "create-tenant", method: http.MethodPost, path: "/tenants", needs: permission(access.TenantsWrite), status: http.StatusCreated,
		summary: "Create a tenant", detail: "It is enabled at once: webhooks that are signed with its secret are accepted.",
		errors: bodyErrors(http.StatusConflict),
	}, s.createTenant)
	register(s, operation{
		id: "list-tenants", method: http.MethodGet, path: "/tenants", needs: permission(access.TenantsRead),
		summary: "List tenants", detail: "In the order of their ids.",
	}, s.listTenants)
	register(s, operation{
		id: "get-tenant", method: http.MethodGet, path: pathTenant, needs: permission(access.TenantsRead),
		summary: "Read a tenant", detail: "Also a disabled or deleted one. With If-None-Match the answer is 304 while it has not changed.",
		errors: []int{http.StatusNotModified, http.StatusNotFound},
	}, s.getTenant)
	register(s, operation{
		id: "update-tenant", method: http.MethodPut, path: pathTenant, needs: permission(access.TenantsWrite),
		summary: "Replace a tenant's settings",
		detail: "All of them, but for its signing secret and its status. If-Match is required. A key may come along, which takes the " +
			"permission secrets:write, too; it has to where another server or edition is named: a stored key is sent to no server but " +
			"the one that it was stored for.",
		errors: bodyErrors(http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed, http.StatusPreconditionRequired),
	}, s.updateTenant)
}

type createTenant struct {
	Body adminapi.CreateTenant
}

func (s *Server) createTenant(ctx context.Context, in *createTenant) (*tenantAnswer, error) {
	t := tenantOf(in.Body.TenantID, in.Body.TenantSpec)
	c := tenant.Credentials{
		APIKey: tenant.Secret(in.Body.APIKey), SigningSecret: tenant.Secret(in.Body.SigningSecret),
		KnowledgeAPIKey: tenant.Secret(in.Body.KnowledgeAPIKey),
	}
	if wrong := faults("body", errors.Join(t.Validate(), c.Validate(t), s.unoffered(t.Preferences))); len(wrong) > 0 {
		return nil, invalid(wrong...)
	}
	record, err := s.tenants.Create(ctx, t, c, s.also(s.event(ctx, audit.OperationTenantCreate, audit.StatusOK, t.ID, "", nil)))
	if err != nil {
		return nil, err
	}
	s.changed(ctx, record.ID, record.Version)
	answer := answerTenant(http.StatusCreated, record)
	answer.Location = adminapi.Prefix + "/tenants/" + record.ID
	return answer, nil
}

type listTenants struct {
	Paging

	Status adminapi.TenantStatus `query:"status" doc:"Only those of this status." enum:"enabled,disabled,deleted"`
}

type tenantPage struct {
	Body adminapi.Page[adminapi.Tenant]
}

const listOfTenants = "tenants"

func (s *Server) listTenants(ctx context.Context, in *listTenants) (*tenantPage, error) {
	after, err := decodeCursor[string](listOfTenants, in.Cursor)
	if err != nil {
		return nil, err
	}
	if after != "" && !tenant.ValidID(after) {
		return nil, badCursor()
	}
	records, err := s.tenants.List(ctx, tenantstore.List{After: after, Limit: in.Limit + 1, Status: tenantstore.Status(in.Status)})
	if err != nil {
		return nil, err
	}
	records, more := cut(records, in.Limit)
	page := &tenantPage{}
	page.Body.Items = make([]adminapi.Tenant, len(records))
	for i := range records {
		page.Body.Items[i] = showTenant(records[i])
	}
	if more {
		page.Body.Next = encodeCursor(listOfTenants, records[len(records)-1].ID)
	}
	return page, nil
}

type getTenant struct {
	TenantPath

	IfNoneMatch string `header:"If-None-Match" doc:"ETag of what you have."`
}

func (s *Server) getTenant(ctx context.Context, in *getTenant) (*tenantAnswer, error) {
	record, err := s.tenants.Read(ctx, in.TenantID)
	if err != nil {
		return nil, err
	}
	if in.IfNoneMatch != "" && !noneMatches(in.IfNoneMatch, record.Version) {
		return &tenantAnswer{Status: http.StatusNotModified, ETag: etag(record.Version)}, nil
	}
	return answerTenant(http.StatusOK, record), nil
}

type updateTenant struct {
	TenantPath

	IfMatch string `header:"If-Match" doc:"ETag of the tenant that this replaces; required."`
	Body    adminapi.UpdateTenant
}

func (s *Server) updateTenant(ctx context.Context, in *updateTenant) (*tenantAnswer, error) {
	if in.IfMatch == "" {
		return nil, errRequired()
	}
	before, err := s.matching(ctx, in.TenantID, in.IfMatch)
	if err != nil {
		return nil, err
	}
	t := tenantOf(in.TenantID, in.Body.TenantSpec)
	keys := tenantstore.NewKeys{APIKey: tenant.Secret(in.Body.APIKey), KnowledgeAPIKey: tenant.Secret(in.Body.KnowledgeAPIKey)}
	if wrong := faults("body", errors.Join(t.Validate(), keys.Validate(t), s.unoffered(t.Preferences))); len(wrong) > 0 {
		return nil, invalid(wrong...)
	}
	if refused := s.maySetKeys(ctx, keys, t.ID); refused != nil {
		return nil, refused
	}
	entry := s.event(ctx, audit.OperationTenantUpdate, audit.StatusOK, t.ID, "", updateDetail(before, t, keys))
	// The version that was compared, also when any was asked for: the entry names what this change changed.
	record, err := s.tenants.UpdateWithKeys(ctx, t, keys, before.Version, s.also(entry))
	if needed, ok := errors.AsType[*tenantstore.KeyNeededError](err); ok {
		return nil, keyNeeded(needed)
	}
	if err != nil {
		return nil, stale(err)
	}
	s.changed(ctx, record.ID, record.Version)
	return answerTenant(http.StatusOK, record), nil
}

// matching reads the tenant and compares its version with If-Match, if there is one.
func (s *Server) matching(ctx context.Context, tenantID, header string) (tenantstore.Record, error) {
	record, err := s.tenants.Read(ctx, tenantID)
	if err != nil {
		return tenantstore.Record{}, err
	}
	if header != "" && !parseIfMatch(header).matches(record.Version) {
		return tenantstore.Record{}, errStale(record.Version)
	}
	return record, nil
}

// pinned is the version to change, for the store to compare: that of record, unless the client did not say which.
func pinned(header string, record tenantstore.Record) int64 {
	if header == "" {
		return 0
	}
	return record.Version
}

// stale tells the current version to who had another.
func stale(err error) error {
	if outdated, ok := errors.AsType[*tenantstore.StaleError](err); ok {
		return errStale(outdated.Version)
	}
	return err
}

func tenantOf(id string, spec adminapi.TenantSpec) tenant.Tenant {
	return tenant.Tenant{
		ID: id, Name: spec.Name, ServiceDeskURL: spec.ServiceDeskURL, Profile: spec.Profile, TechnicianID: spec.TechnicianID,
		KnowledgeURL: spec.KnowledgeURL, Preferences: spec.Preferences.Normalized(),
	}
}

func showTenant(r tenantstore.Record) adminapi.Tenant {
	return adminapi.Tenant{
		TenantID: r.ID,
		TenantSpec: adminapi.TenantSpec{
			Name: r.Name, ServiceDeskURL: r.ServiceDeskURL, Profile: r.Profile, TechnicianID: r.TechnicianID,
			KnowledgeURL: r.KnowledgeURL, Preferences: r.Preferences,
		},
		Status: adminapi.TenantStatus(r.Status), Isolation: tenant.IsolationOf(r.Enhancer), Version: r.Version,
		Secrets: adminapi.TenantSecrets{
			APIKey: adminapi.SecretState(r.APIKey), SigningSecret: adminapi.SecretState(r.SigningSecret),
			KnowledgeAPIKey: adminapi.SecretState(r.KnowledgeAPIKey), PreviousSigningSecretUntil: r.PreviousSigningSecretUntil,
		},
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, DeletedAt: r.DeletedAt, PurgeStartedAt: r.PurgeStartedAt,
	}
}
