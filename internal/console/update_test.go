package console_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

const exampleGrant = `{"accounts_url":"https://accounts.example.com","client_id":"a","client_secret":"b","refresh_token":"c"}`

// Who may change settings cannot have a key that is stored sent to a server of his own.
func TestAStoredKeyStaysWithItsServer(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	before := read[adminapi.Tenant](t, w.call(http.MethodGet, "/tenants/alpha", nil), http.StatusOK)
	clerk := w.token([]access.Permission{access.TenantsWrite, access.ConnectionsTest})
	put := func(token string, change func(*adminapi.UpdateTenant)) (code int, body string) {
		update := adminapi.UpdateTenant{TenantSpec: example("alpha").TenantSpec}
		change(&update)
		rec := w.callAs(token, http.MethodPut, "/tenants/alpha", update, "If-Match", "*")
		return rec.Code, rec.Body.String()
	}
	for name, c := range map[string]struct {
		change func(*adminapi.UpdateTenant)
		says   string
	}{
		"another host":           {func(u *adminapi.UpdateTenant) { u.ServiceDeskURL = "https://attacker.example.org/api/v3" }, "body.api_key"},
		"another port":           {func(u *adminapi.UpdateTenant) { u.ServiceDeskURL = "https://sdp.example.com:8443/api/v3" }, "body.api_key"},
		"no encryption":          {func(u *adminapi.UpdateTenant) { u.ServiceDeskURL = "http://sdp.example.com/api/v3" }, "body.api_key"},
		"another knowledge base": {func(u *adminapi.UpdateTenant) { u.KnowledgeURL = "https://attacker.example.org" }, "body.kb_api_key"},
		"another edition":        {func(u *adminapi.UpdateTenant) { u.Profile = tenant.ProfileCloud }, "body.api_key"},
	} {
		for _, token := range []string{clerk, w.admin} {
			if code, body := put(token, c.change); code != http.StatusUnprocessableEntity || !strings.Contains(body, c.says) ||
				!strings.Contains(body, "secrets:write") {
				t.Errorf("%s: %d %s", name, code, body)
			}
		}
		withKey := func(u *adminapi.UpdateTenant) { c.change(u); u.APIKey, u.KnowledgeAPIKey = exampleGrant, "b" }
		if code, body := put(clerk, withKey); code != http.StatusForbidden || !strings.Contains(body, "secrets:write") {
			t.Errorf("%s with keys, and without the permission: %d %s", name, code, body)
		}
	}
	there := read[adminapi.Tenant](t, w.call(http.MethodGet, "/tenants/alpha", nil), http.StatusOK)
	if d := cmp.Diff(example("alpha").TenantSpec, there.TenantSpec); d != "" || there.Version != before.Version {
		t.Errorf("changed all the same, version %d: %s", there.Version, d)
	}
	if code, body := put(clerk, func(u *adminapi.UpdateTenant) { u.ServiceDeskURL += "/"; u.KnowledgeURL += "/v2" }); code != http.StatusOK {
		t.Errorf("another path on the same servers: %d %s", code, body)
	}
}

func TestAServerIsChangedWithItsKeyInOneChange(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	before := read[adminapi.Tenant](t, w.call(http.MethodGet, "/tenants/alpha", nil), http.StatusOK)
	update := adminapi.UpdateTenant{TenantSpec: example("alpha").TenantSpec, APIKey: "new-key", KnowledgeAPIKey: "new-kb-key"}
	update.ServiceDeskURL, update.KnowledgeURL = "https://sdp.example.org/api/v3", "https://kb.example.org"
	moved := read[adminapi.Tenant](t, w.call(http.MethodPut, "/tenants/alpha", update, "If-Match", before.ETag()), http.StatusOK)
	if moved.Version <= before.Version {
		t.Errorf("version %d", moved.Version)
	}
	_, credentials, err := w.store.Get(t.Context(), "alpha")
	if err != nil || credentials.APIKey != "new-key" || credentials.KnowledgeAPIKey != "new-kb-key" {
		t.Errorf("what the enhancer reads: %v", err)
	}
	entries := w.entries(audit.Query{TenantID: "alpha"})
	if e := entries[0]; len(entries) != 2 || e.Operation != audit.OperationTenantUpdate ||
		e.Detail["changed"] != "servicedesk_url, kb_url, api_key, kb_api_key" || e.Detail["replaced"] != "api_key, kb_api_key" {
		t.Errorf("entries %+v", entries)
	}
	update.KnowledgeURL = ""
	rec := w.call(http.MethodPut, "/tenants/alpha", update, "If-Match", "*")
	refused(t, rec, http.StatusUnprocessableEntity, "body.kb_api_key", "no kb_url")
	update.APIKey, update.KnowledgeAPIKey = "", ""
	without := read[adminapi.Tenant](t, w.call(http.MethodPut, "/tenants/alpha", update, "If-Match", "*"), http.StatusOK)
	if e := w.entries(audit.Query{TenantID: "alpha"})[0]; without.Secrets.KnowledgeAPIKey.Set || e.Detail["removed"] != "kb_api_key" ||
		e.Detail["changed"] != "kb_url, kb_api_key" {
		t.Errorf("without a knowledge base: %+v, entry %+v", without.Secrets, e)
	}
}

// That a tenant's senders need not sign any more is no matter of taste.
func TestAChangeOfHowSendersProveThemselvesIsInTheEntry(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	spec := example("alpha").TenantSpec
	for i, auth := range []tenant.WebhookAuth{tenant.AuthStatic, tenant.AuthSignature} {
		spec.Preferences.WebhookAuth = auth
		read[adminapi.Tenant](t, w.call(http.MethodPut, "/tenants/alpha", spec, "If-Match", "*"), http.StatusOK)
		e := w.entries(audit.Query{Operation: audit.OperationTenantUpdate})[0]
		if e.Detail["webhook_auth"] != string(auth) || e.Detail["changed"] != "enhancement_prefs.webhook_auth" {
			t.Errorf("change %d: %+v", i, e.Detail)
		}
	}
	spec.Preferences.WebhookAuth = "" // which is to sign, too
	read[adminapi.Tenant](t, w.call(http.MethodPut, "/tenants/alpha", spec, "If-Match", "*"), http.StatusOK)
	if e := w.entries(audit.Query{Operation: audit.OperationTenantUpdate})[0]; e.Detail["webhook_auth"] != "" || e.Detail["changed"] == "" {
		t.Errorf("what changes nothing: %+v", e.Detail)
	}
}
