package console_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/servicedesk/sender"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Whoever may look at a tenant gets what belongs into its ServiceDesk Plus, but for the secret, which never comes out.
func TestTheSetupOfATenant(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	rec := w.call(http.MethodGet, "/tenants/alpha/setup?gateway_url=https://gateway.example.com/", nil)
	got := read[adminapi.Setup](t, rec, http.StatusOK)
	if got.Way != sender.WayScript || got.GatewayURL != "https://gateway.example.com" || len(got.Steps) == 0 || len(got.Files) != 3 {
		t.Errorf("%+v", got)
	}
	holders := 0
	for _, f := range got.Files {
		if f.HoldsSecret {
			holders++
			if !strings.Contains(f.Text, got.Placeholder) || !strings.Contains(f.Text, `"alpha"`) || !strings.Contains(f.Text, `"https://gateway.example.com"`) {
				t.Errorf("%s: %s", f.Name, f.Text)
			}
		}
	}
	if holders != 1 || strings.Contains(rec.Body.String(), "signing-secret-of-alpha") {
		t.Errorf("%d texts hold the secret: %s", holders, rec.Body)
	}
	// Without an address, it is the one that the console itself uses.
	if own := read[adminapi.Setup](t, w.call(http.MethodGet, "/tenants/alpha/setup", nil), http.StatusOK); own.GatewayURL != w.gateway.URL {
		t.Errorf("the gateway is at %s, and not at %s", w.gateway.URL, own.GatewayURL)
	}
	// The way is the tenant's own.
	there := read[adminapi.Tenant](t, w.call(http.MethodGet, "/tenants/alpha", nil), http.StatusOK)
	spec := there.TenantSpec
	spec.Preferences.WebhookAuth = tenant.AuthStatic
	read[adminapi.Tenant](t, w.call(http.MethodPut, "/tenants/alpha", adminapi.UpdateTenant{TenantSpec: spec}, "If-Match", there.ETag()), http.StatusOK)
	if static := read[adminapi.Setup](t, w.call(http.MethodGet, "/tenants/alpha/setup", nil), http.StatusOK); static.Way != sender.WayHeader {
		t.Errorf("the way is %s", static.Way)
	}
	refused(t, w.call(http.MethodGet, "/tenants/beta/setup", nil), http.StatusNotFound)
	refused(t, w.call(http.MethodGet, "/tenants/alpha/setup?gateway_url=gateway", nil), http.StatusUnprocessableEntity, "https://gateway.example.com")
}
