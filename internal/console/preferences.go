package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

const pathPreferences = pathTenant + "/preferences"

// Models are the language models that the platform offers.
type Models interface {
	// Offered names them; none where any may be asked for.
	Offered() []string
}

func (s *Server) preferencesRoutes() {
	register(s, operation{
		id: "set-preferences", method: http.MethodPut, path: pathPreferences, needs: permission(access.TenantsWrite),
		summary: "Replace a tenant's preferences",
		detail: "All of them, and nothing else of the tenant: what is left out has its default. If-Match is required. The preferences that were " +
			"are kept as a version. The JSON Schema is at " + adminapi.Prefix + pathSchema + ".",
		errors: bodyErrors(http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed, http.StatusPreconditionRequired),
		body:   preferencesSchema(),
	}, s.setPreferences)
	register(s, operation{
		id: "list-preferences", method: http.MethodGet, path: pathPreferences + "/versions", needs: permission(access.TenantsRead),
		summary: "List the versions of a tenant's preferences", detail: "The newest first; it is the present one.", errors: []int{http.StatusNotFound},
	}, s.listPreferences)
	register(s, operation{
		id: "get-preferences", method: http.MethodGet, path: pathPreferences + "/versions/{version}", needs: permission(access.TenantsRead),
		summary: "Read the preferences of a version of a tenant", detail: "Those that held in it: changes of other settings have versions, too.",
		errors: []int{http.StatusNotFound},
	}, s.getPreferences)
}

type setPreferences struct {
	TenantPath

	IfMatch string `header:"If-Match" doc:"ETag of the tenant whose preferences this replaces; required."`
	RawBody []byte `contentType:"application/json"`
}

func (s *Server) setPreferences(ctx context.Context, in *setPreferences) (*tenantAnswer, error) {
	if in.IfMatch == "" {
		return nil, errRequired()
	}
	before, err := s.matching(ctx, in.TenantID, in.IfMatch)
	if err != nil {
		return nil, err
	}
	prefs, err := tenant.ParsePreferences(in.RawBody)
	if wrong := faults("body", errors.Join(err, s.offered(prefs))); len(wrong) > 0 {
		return nil, invalid(wrong...)
	}
	after := before.Tenant
	after.Preferences = prefs
	entry := s.event(ctx, audit.OperationTenantPreferences, audit.StatusOK, in.TenantID, "", updateDetail(before, after, tenantstore.NewKeys{}))
	record, err := s.tenants.UpdatePreferences(ctx, in.TenantID, prefs, before.Version, s.also(entry))
	if err != nil {
		return nil, stale(err)
	}
	s.changed(ctx, record.ID, record.Version)
	return answerTenant(http.StatusOK, record), nil
}

// offered says whether there is the model that is asked for.
func (s *Server) offered(p tenant.Preferences) error {
	if p.Model == "" || s.models == nil {
		return nil
	}
	offered := s.models.Offered()
	if len(offered) == 0 || slices.Contains(offered, p.Model) {
		return nil
	}
	return fmt.Errorf("model: the platform does not offer it: choose one of %s, or leave it out", strings.Join(offered, ", "))
}

// unoffered is offered for preferences that are part of a tenant.
func (s *Server) unoffered(p tenant.Preferences) error {
	if err := s.offered(p); err != nil {
		return fmt.Errorf("enhancement_prefs.%w", err)
	}
	return nil
}

type listPreferences struct {
	TenantPath
	Paging
}

type preferencesPage struct {
	Body adminapi.Page[adminapi.PreferencesVersion]
}

const listOfPreferences = "preferences"

func (s *Server) listPreferences(ctx context.Context, in *listPreferences) (*preferencesPage, error) {
	below, err := decodeCursor[int64](listOfPreferences+"/"+in.TenantID, in.Cursor)
	if err != nil {
		return nil, err
	}
	if _, err := s.tenants.Read(ctx, in.TenantID); err != nil {
		return nil, err
	}
	versions, err := s.tenants.PreferencesHistory(ctx, in.TenantID, below, in.Limit+1)
	if err != nil {
		return nil, err
	}
	versions, more := cut(versions, in.Limit)
	page := &preferencesPage{}
	page.Body.Items = make([]adminapi.PreferencesVersion, len(versions))
	for i, v := range versions {
		page.Body.Items[i] = adminapi.PreferencesVersion(v)
	}
	if more {
		page.Body.Next = encodeCursor(listOfPreferences+"/"+in.TenantID, versions[len(versions)-1].Version)
	}
	return page, nil
}

type getPreferences struct {
	TenantPath

	Version int64 `path:"version" doc:"A version of the tenant." minimum:"1"`
}

type preferencesAnswer struct {
	Body adminapi.PreferencesVersion
}

func (s *Server) getPreferences(ctx context.Context, in *getPreferences) (*preferencesAnswer, error) {
	if _, err := s.tenants.Read(ctx, in.TenantID); err != nil {
		return nil, err
	}
	found, err := s.tenants.PreferencesAt(ctx, in.TenantID, in.Version)
	if err != nil {
		return nil, err
	}
	return &preferencesAnswer{Body: adminapi.PreferencesVersion(found)}, nil
}
