package console_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Text that cannot be stored is the client's fault wherever it stands, and told with its place.
func TestTextThatCannotBeStoredIsRefusedEverywhere(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	const tenantWith = `{"tenant_id":"beta","name":"n","servicedesk_url":"https://sdp.example.com","servicedesk_profile":"onprem",` +
		`"api_key":"k","signing_secret":"0123456789abcdef"`
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		place              string
	}{
		"a path with NUL":                 {"GET", "/tenants/alpha%00", "", 422, "path.tenant_id"},
		"a path that is no UTF-8":         {"GET", "/tenants/%ff", "", 422, "path.tenant_id"},
		"a job's path":                    {"GET", "/tenants/alpha/jobs/a%00b", "", 422, "path.job_id"},
		"a token's path":                  {"DELETE", "/tokens/%00", "", 422, "path.token_id"},
		"a query with NUL":                {"GET", "/tenants/alpha/jobs?ticket_id=%00", "", 422, "query.ticket_id"},
		"a query that is no UTF-8":        {"GET", "/tenants/alpha/jobs?ticket_id=%c3%28", "", 422, "query.ticket_id"},
		"a filter of the audit log":       {"GET", "/audit?actor=%00", "", 422, "query.actor"},
		"a filter of the export":          {"GET", "/audit/export?actor=%00", "", 422, "query.actor"},
		"a tenant of the audit log":       {"GET", "/audit?tenant_id=%ff", "", 422, "query.tenant_id"},
		"a field":                         {"POST", "/tenants", tenantWith + `,"technician_id":"\u0000"}`, 422, "body.technician_id"},
		"a secret":                        {"PUT", "/tenants/alpha/api-key", `{"secret":"a\u0000b"}`, 422, "body.secret"},
		"a field within a field":          {"POST", "/tenants", tenantWith + `,"enhancement_prefs":{"ticket_url":"https://x.example.com/{id}\u0000"}}`, 422, "body.enhancement_prefs.ticket_url"},
		"a row":                           {"POST", "/tenants/alpha/subnets/batch", `{"rows":[{"network":"192.0.2.0/24","name":"n"},{"network":"192.0.2.0/25","name":"\u0000"}]}`, 422, "body.rows[1].name"},
		"a token's tenants":               {"POST", "/tokens", `{"name":"n","permissions":["viewer"],"tenants":["a\u0000"],"valid_seconds":60}`, 422, "body.tenants[0]"},
		"a body that is no UTF-8":         {"PUT", "/tenants/alpha/api-key", `{"secret":"` + "\xff" + `"}`, 400, "body"},
		"a body with half of a character": {"POST", "/tokens", `{"name":"` + "\xc3" + `","permissions":["viewer"],"valid_seconds":60}`, 400, "body"},
	} {
		var body any
		if c.body != "" {
			body = c.body
		}
		rec := w.call(c.method, c.path, body)
		if rec.Code != c.status || !strings.Contains(rec.Body.String(), `"location":"`+c.place+`"`) {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	if log := w.log.String(); strings.Contains(log, "a request failed") || strings.Contains(log, "the database refused") {
		t.Error("something of that reached the database")
	}
}

// Cursors look as if they could be made by hand. Those that were are refused as others that a list has not given.
func TestForgedCursorsAreRefused(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	for path, at := range map[string]string{
		"/tokens": `{"l":"tokens","a":"x"}`, "/tokens?limit=1": `{"l":"tokens","a":"1_\u0000"}`,
		"/tenants": `{"l":"tenants","a":"No Id"}`, "/tenants?limit=1": `{"l":"tenants","a":"\u0000"}`,
		"/tenants/alpha/jobs": `{"l":"jobs/alpha","a":{"ReceivedAt":"2026-01-02T08:00:00Z","JobID":"x"}}`,
		"/audit":              `{"l":"audit","a":"x"}`,
	} {
		separator := "?"
		if strings.Contains(path, "?") {
			separator = "&"
		}
		rec := w.call(http.MethodGet, path+separator+"cursor="+base64.RawURLEncoding.EncodeToString([]byte(at)), nil)
		refused(t, rec, http.StatusBadRequest, "query.cursor", "begin without a cursor")
	}
	for _, at := range []string{`{"l":"audit","a":-1}`, `{"l":"jobs/alpha","a":{"JobID":"5f98c2a9-c42b-82f4-99be-70b23f80ea81"}}`} {
		path := "/audit?cursor="
		if strings.Contains(at, "jobs") {
			path = "/tenants/alpha/jobs?cursor="
		}
		if rec := w.call(http.MethodGet, path+base64.RawURLEncoding.EncodeToString([]byte(at)), nil); rec.Code >= http.StatusInternalServerError {
			t.Errorf("%s: %d %s", at, rec.Code, rec.Body)
		}
	}
}

// A tenant that is purged while rows are on their way to it: the rows have nothing to belong to.
func TestRowsForATenantThatIsPurgedMeanwhile(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	tx, err := w.store.Database.Admin.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }() // after a commit it does nothing
	if _, err := tx.Exec(t.Context(), "DELETE FROM tenant_configs WHERE tenant_id = 'alpha'"); err != nil {
		t.Fatal(err)
	}
	answer := make(chan *httptest.ResponseRecorder, 1)
	go func() {
		answer <- w.call(http.MethodPost, "/tenants/alpha/subnets/batch", `{"rows":[{"network":"192.0.2.0/24","name":"n"}]}`)
	}()
	for waiting := false; !waiting; {
		const query = `SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE datname = current_database() AND NOT granted)`
		if err := w.store.Database.Pool.QueryRow(t.Context(), query).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	refused(t, <-answer, http.StatusConflict, "removed meanwhile")
	refused(t, w.call(http.MethodGet, "/tenants/alpha", nil), http.StatusNotFound)
}
