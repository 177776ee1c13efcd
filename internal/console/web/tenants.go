package web

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// tenantsPage is a page of the tenants.
type tenantsPage struct {
	listPage[adminapi.Tenant]

	Filters []field
}

func (s *Site) listTenants(v *visit) error {
	if len(v.session.Tenants) > 0 {
		own, err := reached(v, func(id string) ([]adminapi.Tenant, error) {
			t, err := v.api.Tenant(v.ctx, id)
			return []adminapi.Tenant{t}, err
		})
		if err != nil {
			return fmt.Errorf("list the tenants: %w", err)
		}
		return s.show(v, "tenants", "Tenants", tenantsPage{listPage: listPage[adminapi.Tenant]{Items: own}})
	}
	query := v.r.URL.Query()
	if id := strings.TrimSpace(query.Get("tenant_id")); id != "" {
		return v.leadTo(tenantPath(id))
	}
	status := adminapi.TenantStatus(query.Get("status"))
	page, err := v.api.TenantsPage(v.ctx, status, adminapi.Slice{Cursor: query.Get("cursor"), Limit: rowsPerPage})
	if err != nil {
		return fmt.Errorf("list the tenants: %w", err)
	}
	known := []adminapi.TenantStatus{adminapi.TenantEnabled, adminapi.TenantDisabled, adminapi.TenantDeleted}
	return s.show(v, "tenants", "Tenants", tenantsPage{
		listPage: listing(v, page),
		Filters: []field{
			{Name: "tenant_id", Label: "Go to the tenant", Kind: kindText, MaxLength: maxID},
			{Name: "status", Label: "Status", Kind: kindSelect, Options: append([]option{{Label: "All"}}, options(known, status)...)},
		},
	})
}

// tenantPage is a tenant with what is known of it.
type tenantPage struct {
	Tenant adminapi.Tenant
	Usage  *adminapi.TenantUsage
	Chart  *chart
	// Tested is what a test of its connections found; nil when none was asked for.
	Tested []tested
}

// tested is one of the connections that were tried.
type tested struct {
	adminapi.Probe

	Name string
}

func (s *Site) showTenant(v *visit) error {
	page, err := s.tenantPage(v)
	if err != nil {
		return err
	}
	return s.show(v, "tenant", page.Tenant.Name, page)
}

func (*Site) tenantPage(v *visit) (page tenantPage, err error) {
	if page.Tenant, err = v.api.Tenant(v.ctx, v.tenantID()); err != nil {
		return page, fmt.Errorf("show a tenant: %w", err)
	}
	usage, err := v.api.Usage(v.ctx, v.tenantID(), "", "")
	switch {
	case err == nil:
		page.Usage = &usage
	case !refused(err):
		return page, fmt.Errorf("show what a tenant used: %w", err)
	}
	hours, err := v.api.Activity(v.ctx, v.tenantID(), hoursShown)
	if err != nil && !refused(err) {
		return page, fmt.Errorf("show what a tenant's jobs do: %w", err)
	}
	page.Chart = newChart(hours)
	return page, nil
}

func (s *Site) testConnection(v *visit) error {
	page, err := s.tenantPage(v)
	if err != nil {
		return err
	}
	found, err := v.api.TestConnections(v.ctx, v.tenantID())
	if err != nil {
		return fmt.Errorf("test the connections: %w", err)
	}
	page.Tested = []tested{
		{found.ServiceDesk, "ServiceDesk Plus"},
		{found.Knowledge, "Knowledge base"},
		{found.LLM, "Language model"},
		{found.LLMFallback, "Language model, second choice"},
	}
	return s.show(v, "tenant", page.Tenant.Name, page)
}

// formPage is a page that is a form.
type formPage struct {
	form

	// Action is where it is sent, and Back where nothing is done.
	Action, Back, Button string
	// Hidden are values that the form carries.
	Hidden map[string]string
	Note   string
}

// settings are the fields of a tenant that are no secret.
func settings(t adminapi.TenantSpec) []field {
	return []field{
		{Name: "name", Label: "Name", Kind: kindText, Value: t.Name, Required: true, MaxLength: maxLine},
		{
			Name: "servicedesk_url", Label: "ServiceDesk Plus", Kind: kindText, Value: t.ServiceDeskURL, Required: true, MaxLength: maxURL,
			Hint: "Base of its API, up to and including /api/v3: https://desk.example.com/api/v3",
		},
		{
			Name: "servicedesk_profile", Label: "Edition", Kind: kindSelect, Required: true,
			Options: []option{
				{Value: string(tenant.ProfileOnPrem), Label: "On premises", Chosen: t.Profile != tenant.ProfileCloud},
				{Value: string(tenant.ProfileCloud), Label: "Cloud", Chosen: t.Profile == tenant.ProfileCloud},
			},
		},
		{
			Name: "technician_id", Label: "Technician's id", Kind: kindText, Value: t.TechnicianID, MaxLength: maxTechnician,
			Hint: "ServiceDesk Plus's id of the technician whom the key belongs to: events of our own notes are known by it.",
		},
		{Name: "kb_url", Label: "Knowledge base", Kind: kindText, Value: t.KnowledgeURL, MaxLength: maxURL, Hint: "Base of its API; empty when there is none."},
	}
}

// spec reads what settings shows.
func spec(values url.Values) adminapi.TenantSpec {
	return adminapi.TenantSpec{
		Name: strings.TrimSpace(values.Get("name")), ServiceDeskURL: strings.TrimSpace(values.Get("servicedesk_url")),
		Profile: tenant.Profile(values.Get("servicedesk_profile")), TechnicianID: strings.TrimSpace(values.Get("technician_id")),
		KnowledgeURL: strings.TrimSpace(values.Get("kb_url")),
	}
}

const (
	hintAPIKey = "On premises the technician's authtoken. In the cloud the OAuth grant, a JSON object with accounts_url, client_id, client_secret and refresh_token."
	// secretBytes is how much randomness a signing secret has that the console makes up.
	maxSecret, maxSigning = 4000, 500
)

func newTenantForm() formPage {
	return formPage{
		Action: pathTenants, Back: pathTenants, Button: "Create the tenant",
		Note: "It is enabled at once: webhooks that are signed with its secret are accepted. Its notes are not posted before the mode is live.",
		form: form{Groups: []group{
			{Legend: "Tenant", Fields: append([]field{{
				Name: "tenant_id", Label: "Id", Kind: kindText, Required: true, MaxLength: maxID,
				Hint: "Lower-case letters, digits and hyphens. It stands in webhooks and cannot be changed.",
			}}, settings(adminapi.TenantSpec{})...)},
			{Legend: "Secrets", Fields: []field{
				{Name: "api_key", Label: "Key of ServiceDesk Plus", Kind: kindPassword, Required: true, MaxLength: maxSecret, Hint: hintAPIKey},
				{
					Name: "signing_secret", Label: "Signing secret", Kind: kindPassword, MaxLength: maxSigning,
					Hint: "What its webhooks are signed with. Empty: one is made up, and shown once.",
				},
				{Name: "kb_api_key", Label: "Key of the knowledge base", Kind: kindPassword, MaxLength: maxSecret},
			}},
			{Legend: "Notes", Fields: []field{{
				Name: "enhancement_prefs.mode", Label: "Mode", Kind: kindSelect,
				Options: options([]tenant.Mode{tenant.ModeShadow, tenant.ModeLive, tenant.ModeOff}, tenant.ModeShadow),
				Hint:    "Shadow: notes are made and can be read here, and are not posted. Live: they are posted.",
			}}},
		}},
	}
}

func (s *Site) newTenant(v *visit) error {
	return s.show(v, "form", "New tenant", newTenantForm())
}

// madePage is a tenant that was made just now. Signing is the secret that was made up for it; it is shown this once.
type madePage struct {
	Tenant  adminapi.Tenant
	Signing string
}

func (s *Site) createTenant(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	in := adminapi.CreateTenant{
		TenantID: strings.TrimSpace(values.Get("tenant_id")), TenantSpec: spec(values), APIKey: strings.TrimSpace(values.Get("api_key")),
		SigningSecret: strings.TrimSpace(values.Get("signing_secret")), KnowledgeAPIKey: strings.TrimSpace(values.Get("kb_api_key")),
	}
	in.Preferences.Mode = tenant.Mode(values.Get("enhancement_prefs.mode"))
	page := madePage{}
	if in.SigningSecret == "" {
		page.Signing = rand.Text() + rand.Text()
		in.SigningSecret = page.Signing
	}
	if page.Tenant, err = v.api.CreateTenant(v.ctx, in); err != nil {
		return s.formAgain(v, "New tenant", newTenantForm(), values, fmt.Errorf("create a tenant: %w", err))
	}
	if page.Signing == "" {
		return v.leadTo(tenantPath(page.Tenant.TenantID))
	}
	return s.show(v, "made", "The tenant "+page.Tenant.TenantID+" is there", page)
}

// formAgain shows a form with what was typed and what is wrong with it, or fails with what is not about the form.
func (s *Site) formAgain(v *visit, title string, page formPage, typed url.Values, err error, prefixes ...string) error {
	page.typed(typed)
	if !page.blame(err, append(prefixes, "body.")...) {
		return err
	}
	s.views.write(s.cfg.Logger, v.w, adminapi.StatusOf(err), "form", v.frame(title, page))
	return nil
}

func editTenantForm(t adminapi.Tenant) formPage {
	return formPage{
		Action: tenantPath(t.TenantID) + "/edit", Back: tenantPath(t.TenantID), Button: "Save", Hidden: map[string]string{"etag": t.ETag()},
		form: form{Groups: []group{
			{Legend: "Settings", Fields: settings(t.TenantSpec)},
			{Legend: "Keys, where they change with it", Fields: []field{
				{
					Name: "api_key", Label: "Key of ServiceDesk Plus", Kind: kindPassword, MaxLength: maxSecret,
					Hint: "Empty: the stored one stays. It has to be given again with another server or edition. " + hintAPIKey,
				},
				{Name: "kb_api_key", Label: "Key of the knowledge base", Kind: kindPassword, MaxLength: maxSecret, Hint: "Empty: the stored one stays."},
			}},
		}},
	}
}

func (s *Site) editTenant(v *visit) error {
	t, err := v.api.Tenant(v.ctx, v.tenantID())
	if err != nil {
		return fmt.Errorf("edit a tenant: %w", err)
	}
	return s.show(v, "form", "Settings of "+t.TenantID, editTenantForm(t))
}

func (s *Site) updateTenant(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	t, err := v.api.Tenant(v.ctx, v.tenantID())
	if err != nil {
		return fmt.Errorf("edit a tenant: %w", err)
	}
	in := adminapi.UpdateTenant{
		TenantSpec: spec(values), APIKey: strings.TrimSpace(values.Get("api_key")), KnowledgeAPIKey: strings.TrimSpace(values.Get("kb_api_key")),
	}
	in.Preferences = t.Preferences // they have a page of their own; the ETag says that they are those that were looked at
	if _, err := v.api.UpdateTenant(v.ctx, t.TenantID, values.Get("etag"), in); err != nil {
		page := editTenantForm(t)
		page.Hidden["etag"] = values.Get("etag")
		return s.formAgain(v, "Settings of "+t.TenantID, page, values, fmt.Errorf("edit a tenant: %w", err))
	}
	return v.leadTo(tenantPath(t.TenantID))
}

// secretsPage are the forms by which a tenant's secrets are replaced.
type secretsPage struct {
	Tenant adminapi.Tenant
	Forms  []formPage
	// Signing is the secret that was made up just now; it is shown this once.
	Signing string
}

// The secrets, as they stand in the paths of their forms.
const (
	secretAPIKey    = "api-key"
	secretSigning   = "signing-secret"
	secretKnowledge = "kb-api-key" //nolint:gosec // it names one
)

func newSecretsPage(t adminapi.Tenant) secretsPage {
	one := func(which, legend, hint, button string, most int, more ...field) formPage {
		fields := append([]field{{Name: "secret", Label: "New value", Kind: kindPassword, MaxLength: most, Hint: hint}}, more...)
		for i := range fields { // several forms are on the page
			fields[i].Name = which + "." + fields[i].Name
		}
		return formPage{
			Action: tenantPath(t.TenantID) + "/secrets/" + which, Button: button, Hidden: map[string]string{"etag": t.ETag()},
			form: form{Groups: []group{{Legend: legend, Fields: fields}}},
		}
	}
	return secretsPage{Tenant: t, Forms: []formPage{
		one(secretSigning, "Signing secret", "Empty: one is made up, and shown once.", "Rotate the signing secret", maxSigning, field{
			Name: "overlap", Label: "The old one is accepted for", Kind: kindSelect,
			Options: []option{
				{Value: "86400", Label: "a day", Chosen: true},
				{Value: "604800", Label: "a week"},
				{Value: "3600", Label: "an hour"},
				{Value: "0", Label: "no time: it has leaked"},
			},
		}),
		one(secretAPIKey, "Key of ServiceDesk Plus", hintAPIKey, "Replace the key", maxSecret),
		one(secretKnowledge, "Key of the knowledge base", "Empty: the stored one is removed.", "Replace the key of the knowledge base", maxSecret),
	}}
}

func (s *Site) showSecrets(v *visit) error {
	t, err := v.api.Tenant(v.ctx, v.tenantID())
	if err != nil {
		return fmt.Errorf("show which secrets there are: %w", err)
	}
	return s.show(v, "secrets", "Secrets of "+t.TenantID, newSecretsPage(t))
}

func (s *Site) replaceSecret(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	which := mux.Vars(v.r)["secret"]
	secret, etag := strings.TrimSpace(values.Get(which+".secret")), values.Get("etag")
	made := ""
	switch which {
	case secretSigning:
		overlap, err := strconv.Atoi(values.Get(which + ".overlap"))
		if err != nil {
			return &adminapi.Problem{Status: http.StatusBadRequest, Title: "Incomplete form", Detail: "The form does not say for how long the old secret is accepted."}
		}
		if secret == "" {
			made = rand.Text() + rand.Text()
			secret = made
		}
		_, err = v.api.RotateSigningSecret(v.ctx, v.tenantID(), etag, adminapi.RotateSigningSecret{Secret: secret, OverlapSeconds: overlap})
		if err != nil {
			return s.secretsAgain(v, which, err)
		}
	case secretAPIKey:
		if _, err := v.api.ReplaceAPIKey(v.ctx, v.tenantID(), etag, adminapi.ReplaceSecret{Secret: secret}); err != nil {
			return s.secretsAgain(v, which, err)
		}
	default:
		if _, err := v.api.ReplaceKnowledgeKey(v.ctx, v.tenantID(), etag, adminapi.ReplaceSecret{Secret: secret}); err != nil {
			return s.secretsAgain(v, which, err)
		}
	}
	if made == "" {
		return v.leadTo(tenantPath(v.tenantID()))
	}
	t, err := v.api.Tenant(v.ctx, v.tenantID())
	if err != nil {
		return fmt.Errorf("show which secrets there are: %w", err)
	}
	page := newSecretsPage(t)
	page.Signing = made
	return s.show(v, "secrets", "Secrets of "+t.TenantID, page)
}

// secretsAgain shows the forms with what is wrong with the one that was sent.
func (s *Site) secretsAgain(v *visit, which string, wrong error) error {
	t, err := v.api.Tenant(v.ctx, v.tenantID())
	if err != nil {
		return fmt.Errorf("show which secrets there are: %w", err)
	}
	page := newSecretsPage(t)
	for i := range page.Forms {
		if !strings.HasSuffix(page.Forms[i].Action, "/"+which) {
			continue
		}
		for k := range page.Forms[i].Groups[0].Fields {
			own := &page.Forms[i].Groups[0].Fields[k]
			own.Name = strings.TrimPrefix(own.Name, which+".")
		}
		if !page.Forms[i].blame(wrong, "body.") {
			return fmt.Errorf("replace a secret: %w", wrong)
		}
		for k := range page.Forms[i].Groups[0].Fields {
			own := &page.Forms[i].Groups[0].Fields[k]
			own.Name = which + "." + own.Name
		}
	}
	s.views.write(s.cfg.Logger, v.w, adminapi.StatusOf(wrong), "secrets", v.frame("Secrets of "+t.TenantID, page))
	return nil
}

// moveTenant enables, disables, deletes, restores or purges a tenant.
func (s *Site) moveTenant(v *visit) error {
	values, err := v.form()
	if err != nil {
		return err
	}
	id, etag := v.tenantID(), values.Get("etag")
	switch mux.Vars(v.r)["action"] {
	case "enable":
		_, err = v.api.EnableTenant(v.ctx, id, etag)
	case "disable":
		_, err = v.api.DisableTenant(v.ctx, id, etag)
	case "restore":
		_, err = v.api.RestoreTenant(v.ctx, id, etag)
	case "delete":
		_, err = v.api.DeleteTenant(v.ctx, id, etag)
	default:
		if values.Get("confirm") != id {
			return &adminapi.Problem{
				Status: http.StatusUnprocessableEntity, Title: "Nothing was purged",
				Detail: "A purge cannot be taken back: type the tenant's id to say that you mean it.",
			}
		}
		purged, err := v.api.PurgeTenant(v.ctx, id, etag)
		if err != nil {
			return fmt.Errorf("purge a tenant: %w", err)
		}
		s.views.write(s.cfg.Logger, v.w, http.StatusOK, "message", v.frame("Purged", message{
			Text: fmt.Sprintf("The tenant %s is gone, with %d rows.", id, purged.Total), Back: pathTenants,
		}))
		return nil
	}
	if err != nil {
		return fmt.Errorf("change a tenant's status: %w", err)
	}
	return v.leadTo(tenantPath(id))
}
