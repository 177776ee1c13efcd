package console_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/mirror"
)

func TestWhatIsWrongWithARequestIsToldPlaceByPlace(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		says               []string
	}{
		"no JSON":          {"POST", "/tenants", `{"tenant_id":`, 400, []string{`"location":"body"`, "is no JSON"}},
		"nothing":          {"POST", "/tenants", "", 400, []string{"required"}},
		"a list":           {"POST", "/tenants", `[]`, 422, []string{"expected object"}},
		"an unknown field": {"POST", "/tenants", `{"tenant_ID":"x"}`, 422, []string{"body.tenant_ID", "unexpected property", "required property tenant_id"}},
		"a bad id":         {"POST", "/tenants", `{"tenant_id":"A b"}`, 422, []string{"body.tenant_id"}},
		"fields that do not go together": {
			"POST", "/tenants",
			`{"tenant_id":"x","name":"n","servicedesk_url":"ftp://x","servicedesk_profile":"cloud","api_key":"k","signing_secret":"0123456789abcdef","enhancement_prefs":{"ticket_url":"https://{id}.example.com"}}`,
			422,
			[]string{"body.servicedesk_url", "body.api_key", "body.enhancement_prefs.ticket_url"},
		},
		"an unknown parameter":   {"GET", "/tenants?stauts=enabled", "", 422, []string{"query.stauts"}},
		"a bad limit":            {"GET", "/tenants?limit=501", "", 422, []string{"query.limit"}},
		"no limit":               {"GET", "/tenants?limit=0", "", 422, []string{"query.limit"}},
		"a bad status":           {"GET", "/tenants?status=gone", "", 422, []string{"query.status", "enabled"}},
		"a bad cursor":           {"GET", "/tenants?cursor=xyz", "", 400, []string{"query.cursor", "begin without a cursor"}},
		"a cursor below zero":    {"GET", "/audit?cursor=eyJsIjoiYXVkaXQiLCJhIjotNX0", "", 400, []string{"query.cursor", "begin without a cursor"}},
		"a cursor of nowhere":    {"GET", "/audit?cursor=eyJsIjoiYXVkaXQiLCJhIjowfQ", "", 400, []string{"query.cursor", "begin without a cursor"}},
		"a cursor without place": {"GET", "/audit?cursor=eyJsIjoiYXVkaXQifQ", "", 400, []string{"query.cursor", "begin without a cursor"}},
		"another's cursor":       {"GET", "/tenants/alpha/jobs?cursor=eyJsIjoidGVuYW50cyIsImEiOiJhbHBoYSJ9", "", 400, []string{"query.cursor"}},
		"a bad time":             {"GET", "/audit?since=yesterday", "", 422, []string{"query.since"}},
		"a bad anchor":           {"GET", "/audit/verification?expect=1:ab", "", 422, []string{"query.expect"}},
		"a bad token id":         {"DELETE", "/tokens/nope", "", 404, []string{"no such token"}},
		"a bad job id":           {"GET", "/tenants/alpha/jobs/nope", "", 404, []string{"no such job"}},
		"no such tenant":         {"GET", "/tenants/beta/jobs", "", 404, []string{"no such tenant"}},
		"no such path":           {"GET", "/tenant", "", 404, []string{"nothing at this path"}},
		"another method":         {"PATCH", "/tenants/alpha", "{}", 405, []string{"GET, PUT, DELETE"}},
	} {
		var body any
		if c.body != "" || c.method == "POST" {
			body = c.body
		}
		rec := w.call(c.method, c.path, body)
		if rec.Code != c.status {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
			continue
		}
		t.Run(name, func(t *testing.T) { refused(t, rec, c.status, c.says...) })
	}
	rec := w.call(http.MethodPost, "/tenants", "<xml/>", "Content-Type", "text/xml")
	refused(t, rec, http.StatusUnsupportedMediaType, "application/json")
	rec = w.call(http.MethodPost, "/tenants", `{"name":"`+strings.Repeat("x", 70<<10)+`"}`)
	refused(t, rec, http.StatusRequestEntityTooLarge, "too large")
	if rec := w.call(http.MethodPatch, "/tenants/alpha", nil); rec.Header().Get("Allow") != "GET, PUT, DELETE" {
		t.Errorf("Allow is %q", rec.Header().Get("Allow"))
	}
}

func TestEveryAnswerHasItsHeaders(t *testing.T) {
	w := newWorld(t)
	for _, rec := range []*httptest.ResponseRecorder{
		w.call(http.MethodGet, "/identity", nil), w.callAs("", http.MethodGet, "/identity", nil), w.call(http.MethodGet, "/nope", nil),
		w.callAs("", http.MethodGet, "/openapi.json", nil),
	} {
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Strict-Transport-Security": "",
		} {
			if got := rec.Header().Get(name); got != want {
				t.Errorf("%d: %s is %q", rec.Code, name, got)
			}
		}
		if rec.Header().Get(adminapi.HeaderCorrelation) == "" {
			t.Errorf("%d has no correlation id", rec.Code)
		}
	}
	if rec := w.call(http.MethodGet, "/identity", nil, adminapi.HeaderCorrelation, "no\nid"); rec.Header().Get(adminapi.HeaderCorrelation) == "no\nid" {
		t.Error("a correlation id is taken that can break a line")
	}
}

// What is ours alone is logged and not told.
func TestAPanicIsAnswered(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.gateway.Close()
	w.bus.panics = "example: internals"
	rec := w.call(http.MethodPost, "/tenants/alpha/disable", nil)
	refused(t, rec, http.StatusInternalServerError, "correlation id")
	if strings.Contains(rec.Body.String(), "internals") {
		t.Errorf("the client is told %s", rec.Body)
	}
	if log := w.log.String(); !strings.Contains(log, "example: internals") || !strings.Contains(log, "publish.go") {
		t.Error("the log does not say what happened where")
	}
}

func TestWithoutADatabaseTheConsoleSaysSo(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	if _, err := w.store.Database.Admin.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'console_user' AND datname = current_database()"); err != nil {
		t.Log(err) // the role may not; closing the pool does the same
	}
	w.store.ConsoleDB.Close()
	for _, path := range []string{"/tenants", "/tenants/alpha", "/identity"} {
		rec := w.call(http.MethodGet, path, nil)
		refused(t, rec, http.StatusServiceUnavailable, "try again later")
		if rec.Header().Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", path)
		}
	}
}

// An entry that cannot be written undoes the change that it is about, and nothing else is begun without one.
func TestThereIsNoChangeWithoutItsEntry(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	before := w.alpha()
	if _, err := w.store.Database.Admin.Exec(t.Context(), "REVOKE EXECUTE ON FUNCTION audit_append FROM console_user, app_user"); err != nil {
		t.Fatal(err)
	}
	imported := false
	w.desk.do = func(context.Context, string, mirror.Feed, mirror.Options) (mirror.Summary, error) {
		imported = true
		return mirror.Summary{}, errors.New("example")
	}
	spec := example("alpha").TenantSpec
	spec.Name = "Renamed"
	for name, rec := range map[string]*httptest.ResponseRecorder{
		"create":  w.call(http.MethodPost, "/tenants", example("beta")),
		"update":  w.call(http.MethodPut, "/tenants/alpha", spec, "If-Match", before.ETag()),
		"disable": w.call(http.MethodPost, "/tenants/alpha/disable", nil),
		"delete":  w.call(http.MethodDelete, "/tenants/alpha", nil),
		"rotate":  w.call(http.MethodPut, "/tenants/alpha/signing-secret", adminapi.RotateSigningSecret{Secret: "another-signing-secret"}),
		"replace": w.call(http.MethodPut, "/tenants/alpha/api-key", adminapi.ReplaceSecret{Secret: "another"}),
		"token":   w.call(http.MethodPost, "/tokens", adminapi.CreateToken{Name: "n", Permissions: []string{"viewer"}, ValidSeconds: 60}),
		"batch":   w.call(http.MethodPost, "/tenants/alpha/subnets/batch", `{"rows":[{"network":"192.0.2.0/24","name":"n"}]}`),
		"import":  w.call(http.MethodPost, "/tenants/alpha/imports", adminapi.StartImport{Feed: mirror.FeedTickets}),
		"webhook": w.call(http.MethodPost, "/tenants/alpha/test-webhook", adminapi.TestWebhook{TicketID: "1", Description: "d"}),
		"reindex": w.call(http.MethodPost, "/tenants/alpha/reindex", adminapi.Reindex{}),
		"export":  w.call(http.MethodGet, "/audit/export", nil),
	} {
		if rec.Code != http.StatusInternalServerError {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	now := read[adminapi.Tenant](t, w.call(http.MethodGet, "/tenants/alpha", nil), http.StatusOK)
	if now.Version != before.Version || now.Name != "Example alpha" || imported || len(w.gateway.received) > 0 {
		t.Errorf("something was done: %+v, imported %t, webhooks %d", now, imported, len(w.gateway.received))
	}
	if last := w.bus.last(); last.Version != before.Version || last.TenantID != "alpha" {
		t.Errorf("published %+v", last)
	}
}
