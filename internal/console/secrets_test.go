package console_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
)

func TestTheSigningSecretIsRotatedWithAnOverlap(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	body := adminapi.RotateSigningSecret{Secret: "another-signing-secret", OverlapSeconds: 3600}
	refused(t, w.call(http.MethodPut, "/tenants/alpha/signing-secret", body, "If-Match", `"7"`), http.StatusPreconditionFailed)
	before := w.alpha()
	rec := w.call(http.MethodPut, "/tenants/alpha/signing-secret", body, "If-Match", before.ETag())
	rotated := read[adminapi.Tenant](t, rec, http.StatusOK)
	if rotated.Version <= before.Version || rotated.Secrets.PreviousSigningSecretUntil == nil {
		t.Errorf("rotated %+v", rotated)
	}
	_, credentials, err := w.store.Get(t.Context(), "alpha")
	if err != nil || len(credentials.SigningSecrets(time.Now())) != 2 || credentials.SigningSecret != "another-signing-secret" {
		t.Errorf("what the gateway reads: %v", err)
	}
	entry := w.entries(audit.Query{TenantID: "alpha"})[0]
	if entry.Operation != audit.OperationSecretRotate || entry.Target != "signing_secret" || entry.Detail["overlap_seconds"] != "3600" {
		t.Errorf("entry %+v", entry)
	}
	refused(t, w.call(http.MethodPut, "/tenants/alpha/signing-secret", body), http.StatusConflict, "the current one")
	body.OverlapSeconds = 604801
	refused(t, w.call(http.MethodPut, "/tenants/alpha/signing-secret", body), http.StatusUnprocessableEntity, "body.overlap_seconds")
}

func TestKeysAreReplaced(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	for _, path := range []string{"/tenants/alpha/api-key", "/tenants/alpha/kb-api-key"} {
		before := w.alpha()
		replaced := read[adminapi.Tenant](t, w.call(http.MethodPut, path, adminapi.ReplaceSecret{Secret: "another"}), http.StatusOK)
		if replaced.Version <= before.Version {
			t.Errorf("%s: version %d", path, replaced.Version)
		}
	}
	removed := read[adminapi.Tenant](t, w.call(http.MethodPut, "/tenants/alpha/kb-api-key", adminapi.ReplaceSecret{}), http.StatusOK)
	if removed.Secrets.KnowledgeAPIKey.Set {
		t.Error("the knowledge base has a key still")
	}
	refused(t, w.call(http.MethodPut, "/tenants/alpha/api-key", adminapi.ReplaceSecret{}), http.StatusUnprocessableEntity, "body.secret")
	_, credentials, err := w.store.Get(t.Context(), "alpha")
	if err != nil || credentials.APIKey != "another" || credentials.KnowledgeAPIKey != "" {
		t.Errorf("what the enhancer reads: %v", err)
	}
}

// Secrets go in and never come out: neither in an answer, nor in a log line, nor in the audit log, whatever is done with
// them, right or wrong.
func TestSecretsNeverComeOut(t *testing.T) {
	w := newWorld(t)
	canaries := map[string]string{}
	canary := func(name string) string {
		canaries[name] = "canary-" + name + "-0123456789"
		return canaries[name]
	}
	var answers bytes.Buffer
	keep := func(rec *httptest.ResponseRecorder) *httptest.ResponseRecorder {
		fmt.Fprintln(&answers, rec.Code, rec.Header(), rec.Body)
		return rec
	}
	tenant := example("alpha")
	tenant.APIKey, tenant.SigningSecret, tenant.KnowledgeAPIKey = canary("api-key"), canary("signing"), canary("kb")
	if rec := keep(w.call(http.MethodPost, "/tenants", tenant)); rec.Code != http.StatusCreated {
		t.Fatal(rec.Body)
	}
	w.wrongBodies(keep, canary)
	for path, body := range map[string]any{
		"/tenants/alpha/signing-secret": adminapi.RotateSigningSecret{Secret: canary("rotated"), OverlapSeconds: 60},
		"/tenants/alpha/api-key":        adminapi.ReplaceSecret{Secret: canary("replaced")},
		"/tenants/alpha/kb-api-key":     adminapi.ReplaceSecret{Secret: canary("kb-replaced")},
	} {
		if rec := keep(w.call(http.MethodPut, path, body)); rec.Code != http.StatusOK {
			t.Errorf("%s: %s", path, rec.Body)
		}
	}
	keep(w.call(http.MethodPost, "/tenants/alpha/test-webhook", adminapi.TestWebhook{TicketID: "1", Description: "d"}))
	for _, op := range w.operations() {
		if op.id != "purge-tenant" && op.id != "delete-tenant" {
			keep(w.call(op.method, op.at("alpha"), nil))
		}
	}
	for _, token := range []string{canary("token"), "aia_" + canary("aia")} {
		keep(w.callAs(token, http.MethodGet, "/identity", nil))
		keep(w.callAs(token, http.MethodPost, "/bootstrap", nil))
	}
	var entries strings.Builder
	for _, e := range w.entries(audit.Query{Limit: 500}) {
		fmt.Fprintf(&entries, "%+v\n", e)
	}
	canaries["admin's token"], canaries["bootstrap token"] = w.admin, bootstrapToken
	for where, text := range map[string]string{"answers": answers.String(), "log": w.log.String(), "audit log": entries.String()} {
		if len(text) < 1000 {
			t.Errorf("there is next to nothing in the %s", where)
		}
		for name, secret := range canaries {
			if at := strings.Index(text, secret); at >= 0 {
				t.Errorf("the %s has the secret %s: …%s…", where, name, text[max(0, at-150):min(len(text), at+200)])
			}
		}
	}
}

// wrongBodies sends secrets where they are not valid, in every way that the console tells of.
func (w *world) wrongBodies(keep func(*httptest.ResponseRecorder) *httptest.ResponseRecorder, canary func(string) string) {
	w.t.Helper()
	long := strings.Repeat("x", 4001)
	bodies := map[string]string{
		"too short, and of another type": `{"tenant_id":"beta","name":7,"api_key":["` + canary("list") + `"],"signing_secret":"short"}`,
		"too long":                       `{"tenant_id":"beta","api_key":"` + canary("long") + long + `"}`,
		"an unknown field":               `{"tenant_id":"beta","api-key":"` + canary("unknown-field") + `"}`,
		"broken JSON":                    `{"api_key":"` + canary("broken") + `",`,
		"a URL with credentials":         `{"tenant_id":"beta","name":"n","servicedesk_url":"https://u:` + canary("url") + `@sdp.example.com:x/","servicedesk_profile":"onprem","api_key":"` + canary("beside") + `","signing_secret":"0123456789abcdef"}`,
		"the cloud's grant":              `{"tenant_id":"beta","name":"n","servicedesk_url":"https://sdp.example.com","servicedesk_profile":"cloud","api_key":"` + canary("grant") + `","signing_secret":"0123456789abcdef"}`,
		"a text":                         `"` + canary("text") + `"`,
	}
	for _, name := range slices.Sorted(maps.Keys(bodies)) {
		rec := keep(w.call(http.MethodPost, "/tenants", bodies[name]))
		if rec.Code != http.StatusUnprocessableEntity && rec.Code != http.StatusBadRequest {
			w.t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	for _, path := range []string{"signing-secret", "api-key", "kb-api-key"} {
		keep(w.call(http.MethodPut, "/tenants/alpha/"+path, `{"secret":{"a":"`+canary(path+"-object")+`"}}`))
		keep(w.call(http.MethodPut, "/tenants/alpha/"+path, `{"secret":"`+canary(path+"-plain")+`"}`, "Content-Type", "text/plain"))
		keep(w.call(http.MethodPut, "/tenants/unknown/"+path, `{"secret":"`+canary(path+"-unknown")+`","overlap_seconds":0}`))
	}
}
