package web_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/console/consoletest"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// world is a console, and somebody with a browser.
type world struct {
	*consoletest.Console

	t        testing.TB
	database *postgrestest.Database
	admin    *adminapi.Client
	browser  *http.Client
}

func newWorld(t testing.TB) *world { t.Helper(); return newWorldWith(t, consoletest.Options{}) }

func newWorldWith(t testing.TB, opts consoletest.Options) *world {
	t.Helper()
	w := &world{t: t, database: postgrestest.New(t)}
	opts.DatabaseURL = w.database.ConsoleURL
	console, err := consoletest.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(console.Close)
	w.Console = console
	if opts.NoToken {
		w.anotherBrowser()
		return w
	}
	if w.admin, err = adminapi.NewClient(adminapi.Options{BaseURL: w.URL, Token: w.Token}); err != nil {
		t.Fatal(err)
	}
	w.anotherBrowser()
	return w
}

// anotherBrowser forgets who was signed in. It does not follow redirects, so that tests see them.
func (w *world) anotherBrowser() {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.browser = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// tenant makes a tenant of that id and name.
func (w *world) tenant(id, name string) {
	w.t.Helper()
	_, err := w.admin.CreateTenant(w.t.Context(), adminapi.CreateTenant{
		TenantID:   id,
		TenantSpec: adminapi.TenantSpec{Name: name, ServiceDeskURL: "http://127.0.0.1:1/api/v3", Profile: tenant.ProfileOnPrem, TechnicianID: "4"},
		APIKey:     "example-api-key", SigningSecret: "example-signing-secret",
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// failedJob accepts a job on the ticket, which failed for that reason.
func (w *world) failedJob(tenantID, ticketID, reason string) enhancement.Job {
	w.t.Helper()
	ctx := context.WithoutCancel(w.t.Context())
	job := enhancement.New(tenantID, enhancement.EventCreated, ticket.Ticket{ID: ticketID, Description: "example"}, "example")
	if _, err := ledger.New(w.DB).Accept(ctx, job); err != nil {
		w.t.Fatal(err)
	}
	const fail = `UPDATE enhancement_history SET status = 'failed', failure_reason = $2, finished_at = now() WHERE job_id = $1`
	if _, err := w.database.Admin.Exec(ctx, fail, job.ID, reason); err != nil {
		w.t.Fatal(err)
	}
	return job
}

// token makes a token with a role, for the tenants or for all.
func (w *world) token(role access.Role, tenants ...string) (id, secret string) {
	w.t.Helper()
	issued, err := w.admin.CreateToken(w.t.Context(), adminapi.CreateToken{
		Name: "example", Permissions: []string{string(role)}, Tenants: tenants, ValidSeconds: 3600,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return issued.ID, issued.Secret
}

// shown is an answer, read.
type shown struct {
	*http.Response

	body string
}

func (w *world) do(method, path string, form url.Values, headers ...string) shown {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := w.browser.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return shown{resp, string(body)}
}

func (w *world) get(path string) shown { w.t.Helper(); return w.do(http.MethodGet, path, nil) }

func (w *world) signIn(token string) {
	w.t.Helper()
	if got := w.do(http.MethodPost, "/sign-in", url.Values{"token": {token}}); got.StatusCode != http.StatusSeeOther {
		w.t.Fatalf("sign-in: %d %s", got.StatusCode, got.body)
	}
}

// is checks the status, and that the page says all of these.
func (s shown) is(t *testing.T, status int, says ...string) {
	t.Helper()
	if s.StatusCode != status {
		t.Errorf("%s: %d, not %d\n%s", s.Request.URL.Path, s.StatusCode, status, s.body)
	}
	for _, text := range says {
		if !strings.Contains(s.body, text) {
			t.Errorf("%s says nothing of %q\n%s", s.Request.URL.Path, text, s.body)
		}
	}
}

func TestNothingIsShownBeforeTheSignIn(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/", "/tenants", "/tenants/alpha", "/tenants/alpha/jobs", "/tenants/alpha/jobs/x", "/queue"} {
		got := w.get(path)
		if location := got.Header.Get("Location"); got.StatusCode != http.StatusSeeOther || !strings.HasPrefix(location, "/sign-in") {
			t.Errorf("%s: %d to %q", path, got.StatusCode, location)
		}
	}
	if got := w.get("/tenants/alpha?x=1").Header.Get("Location"); got != "/sign-in?next=%2Ftenants%2Falpha%3Fx%3D1" {
		t.Errorf("the sign-in leads back to %q", got)
	}
	w.get("/sign-in").is(t, http.StatusOK, "API token")
	w.get("/nowhere").is(t, http.StatusNotFound, "There is no such page")
	w.do(http.MethodPost, "/jobs", nil).is(t, http.StatusMethodNotAllowed, "Use the buttons")
	w.get("/assets/console.css").is(t, http.StatusOK, "color-scheme")
	w.get(adminapi.Prefix+"/tenants").is(t, http.StatusUnauthorized, "token")
}

func TestTheSignInSaysWhatIsWrongWithAToken(t *testing.T) {
	w := newWorld(t)
	for name, given := range map[string]struct {
		token, says string
		status      int
	}{
		"none":       {"", "Paste an API token", http.StatusUnprocessableEntity},
		"a used one": {w.Bootstrap.Reveal(), "has been used", http.StatusConflict},
		"another":    {"no-token-of-this-console-at-all", "neither an API token", http.StatusUnprocessableEntity},
		"too long":   {strings.Repeat("a", 3000), "longer than any API token", http.StatusUnprocessableEntity},
		"wrong":      {w.Token.Reveal()[:len(w.Token.Reveal())-1] + "!", "not accepted", http.StatusUnauthorized},
	} {
		got := w.do(http.MethodPost, "/sign-in", url.Values{"token": {given.token}, "next": {"/queue"}})
		got.is(t, given.status, given.says, `value="/queue"`)
		if len(got.Cookies()) > 0 {
			t.Errorf("%s: a session began", name)
		}
		if given.token != "" && strings.Contains(got.body, given.token) {
			t.Errorf("%s: the page repeats the token", name)
		}
	}
}

func TestTheSignInLeadsNowhereElse(t *testing.T) {
	w := newWorld(t)
	for next, to := range map[string]string{
		"/queue": "/queue", "": "/", "//example.com": "/", `/\example.com`: "/", "https://example.com": "/", "/\t/example.com": "/",
	} {
		got := w.do(http.MethodPost, "/sign-in", url.Values{"token": {w.Token.Reveal()}, "next": {next}})
		if got.Header.Get("Location") != to {
			t.Errorf("%q leads to %q", next, got.Header.Get("Location"))
		}
		for _, c := range got.Cookies() {
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || strings.Contains(c.Value, w.Token.Reveal()) {
				t.Errorf("the cookie %s is open", c.Name)
			}
		}
	}
}

func TestASessionEndsWithItsToken(t *testing.T) {
	w := newWorld(t)
	id, secret := w.token(access.RoleViewer)
	w.signIn(secret)
	w.get("/tenants").is(t, http.StatusOK, "Tenants")
	if err := w.admin.RevokeToken(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if got := w.get("/tenants"); got.Header.Get("Location") != "/sign-in?next=%2Ftenants" || got.Cookies()[0].MaxAge >= 0 {
		t.Errorf("%d to %q", got.StatusCode, got.Header.Get("Location"))
	}
	w.signIn(w.Token.Reveal())
	w.get("/").is(t, http.StatusOK)
	w.do(http.MethodPost, "/sign-out", nil)
	if got := w.get("/"); got.StatusCode != http.StatusSeeOther {
		t.Errorf("after the sign-out: %d", got.StatusCode)
	}
}

func TestAForgedSessionIsNone(t *testing.T) {
	w := newWorld(t)
	got := w.do(http.MethodPost, "/sign-in", url.Values{"token": {w.Token.Reveal()}})
	good := got.Cookies()[0].Value
	w.anotherBrowser()
	for _, value := range []string{"", "x", good[:len(good)-2], good[:40] + good[41:], good + "A"} {
		if got := w.do(http.MethodGet, "/", nil, "Cookie", "session="+value); got.StatusCode != http.StatusSeeOther {
			t.Errorf("%q is a session", value)
		}
	}
	w.do(http.MethodGet, "/", nil, "Cookie", "session="+good).is(t, http.StatusOK)
}

func TestOneTenantsPersonSeesNothingOfAnother(t *testing.T) {
	w := newWorld(t)
	w.tenant("alpha", "Example A")
	w.tenant("beta", "Example B")
	job := w.failedJob("beta", "4711", "the secret of beta")
	_, secret := w.token(access.RoleOperator, "alpha")
	w.signIn(secret)
	w.get("/tenants/alpha").is(t, http.StatusOK, "Example A")
	for _, path := range []string{
		"/tenants/beta", "/tenants/beta/jobs", "/tenants/beta/jobs/" + job.ID, "/tenants/alpha/jobs/" + job.ID,
	} {
		if got := w.get(path); got.StatusCode != http.StatusForbidden && got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.StatusCode)
		}
	}
	for _, path := range []string{"/", "/tenants", "/queue", "/tenants/alpha/jobs", "/tenants/alpha", "/tenants/alpha/jobs?ticket_id=4711"} {
		if got := w.get(path); strings.Contains(got.body, "beta") || strings.Contains(got.body, job.ID) {
			t.Errorf("%s shows something of beta\n%s", path, got.body)
		}
	}
	w.get("/tenants").is(t, http.StatusOK, "/tenants/alpha")
	w.get("/queue").is(t, http.StatusOK, "your token reaches some tenants only")
	retry := w.do(http.MethodPost, "/tenants/beta/jobs/"+job.ID+"/retry", url.Values{"run": {"1"}})
	retry.is(t, http.StatusForbidden, "You may not do this")
}

func TestAFailedJobIsFoundAndBegunAnew(t *testing.T) {
	w := newWorld(t)
	w.tenant("alpha", "Example")
	job := w.failedJob("alpha", "4711", "the example server did not answer")
	w.signIn(w.Token.Reveal())
	w.get("/").is(t, http.StatusOK, "the example server did not answer", "/tenants/alpha/jobs/"+job.ID, `href="`+adminapi.Runbooks)
	w.get("/queue").is(t, http.StatusOK, "/tenants/alpha/jobs?status=failed", "Dead letters")
	w.get("/tenants/alpha/jobs?status=failed").is(t, http.StatusOK, job.ID, "4711")
	w.get("/tenants/alpha/jobs?status=completed").is(t, http.StatusOK, "There are none")
	page := "/tenants/alpha/jobs/" + job.ID
	w.get(page).is(t, http.StatusOK, "Begin anew", "the example server did not answer", "No step has ended yet")
	w.do(http.MethodPost, page+"/retry", url.Values{"run": {"1"}}, "Sec-Fetch-Site", "cross-site").
		is(t, http.StatusForbidden, "This came from another site")
	w.do(http.MethodPost, page+"/retry", nil).is(t, http.StatusBadRequest, "which run")
	if now, err := w.admin.Job(t.Context(), "alpha", job.ID); err != nil || now.Status != enhancement.StatusFailed {
		t.Fatalf("%s, %v", now.Status, err)
	}
	if got := w.do(http.MethodPost, page+"/retry", url.Values{"run": {"1"}}); got.Header.Get("Location") != page {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	if now, err := w.admin.Job(t.Context(), "alpha", job.ID); err != nil || now.Status != enhancement.StatusPending {
		t.Errorf("%s, %v", now.Status, err)
	}
	cancel := w.do(http.MethodPost, page+"/cancel", url.Values{"run": {"2"}, "note": {"x"}})
	cancel.is(t, http.StatusUnprocessableEntity, "note")
}

func TestAListGoesOn(t *testing.T) {
	w := newWorld(t)
	w.tenant("alpha", "Example")
	for i := range 51 {
		w.failedJob("alpha", "9"+strings.Repeat("0", i%20)+string(rune('1'+i/20)), "example")
	}
	w.signIn(w.Token.Reveal())
	first := w.get("/tenants/alpha/jobs?status=failed")
	first.is(t, http.StatusOK, "Older jobs", "cursor=", "status=failed")
	_, rest, _ := strings.Cut(first.body, `<p><a href="`)
	address, _, _ := strings.Cut(rest, `"`)
	second := w.get(strings.ReplaceAll(address, "&amp;", "&"))
	if rows := strings.Count(second.body, "<tr><td><a"); second.StatusCode != http.StatusOK || rows != 1 {
		t.Errorf("%d with %d rows\n%s", second.StatusCode, rows, second.body)
	}
	w.get("/tenants/alpha/jobs?cursor=x").is(t, http.StatusBadRequest)
}

// Whatever stands in a field, a page shows it as text; and if one did not, nothing of it would run.
func TestHostileTextStaysText(t *testing.T) {
	w := newWorld(t)
	const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>'{{.}}`
	w.tenant("alpha", hostile)
	job := w.failedJob("alpha", "4711", hostile)
	w.signIn(w.Token.Reveal())
	for _, path := range []string{
		"/", "/tenants", "/tenants/alpha", "/queue", "/tenants/alpha/jobs", "/tenants/alpha/jobs/" + job.ID,
		"/tenants/alpha/jobs?ticket_id=" + url.QueryEscape(hostile), "/sign-in?next=" + url.QueryEscape("/"+hostile),
	} {
		got := w.get(path)
		if strings.Contains(got.body, "<script>") || strings.Count(got.body, "<script") != 1 || strings.Contains(got.body, "<img") {
			t.Errorf("%s shows markup\n%s", path, got.body)
		}
		policy := got.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'") || !strings.Contains(policy, "script-src 'self';") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %s", path, policy)
		}
	}
}

// What is done on a page is entered in the audit log with the address that the browser has.
func TestTheAuditLogHasThePerson(t *testing.T) {
	w := newWorld(t)
	w.tenant("alpha", "Example")
	job := w.failedJob("alpha", "4711", "example")
	id, secret := w.token(access.RoleOperator)
	w.signIn(secret)
	w.do(http.MethodPost, "/tenants/alpha/jobs/"+job.ID+"/retry", url.Values{"run": {"1"}})
	for record, err := range w.admin.Audit(t.Context(), adminapi.AuditQuery{TenantID: "alpha", Actor: access.TokenPrefix + id}) {
		if err != nil {
			t.Fatal(err)
		}
		if record.Address == "127.0.0.1" && strings.Contains(record.Target, job.ID) {
			return
		}
		text, _ := json.Marshal(record)
		t.Logf("%s", text)
	}
	t.Error("no entry names the token, the job and the address")
}

// A test of connections takes longer than pages do, and its outcome stands on the tenant's page.
func TestConnectionsAreTried(t *testing.T) {
	w := newWorld(t)
	w.tenant("alpha", "Example")
	w.signIn(w.Token.Reveal())
	w.do(http.MethodPost, "/tenants/alpha/connection-test", nil).is(t, http.StatusOK, "ServiceDesk Plus", `class="failed"`)
	w.do(http.MethodPost, "/tenants/none/connection-test", nil).is(t, http.StatusNotFound, "There is no such thing")
}

// What belongs into a tenant's ServiceDesk Plus is there to copy, as the admin API gives it.
func TestWhatToEnterInServiceDeskPlus(t *testing.T) {
	w := newWorld(t)
	w.tenant("alpha", "Example")
	w.signIn(w.Token.Reveal())
	w.do(http.MethodGet, "/tenants/alpha/setup?gateway_url=https://gateway.example.com", nil).is(t, http.StatusOK,
		"enhance_ticket.py", "ai_agents.json", "https://gateway.example.com", "PUT-THE-SIGNING-SECRET-HERE", "import hashlib")
	w.do(http.MethodGet, "/tenants/alpha/setup?gateway_url=nowhere", nil).is(t, http.StatusUnprocessableEntity)
	w.do(http.MethodGet, "/tenants/none/setup", nil).is(t, http.StatusNotFound, "There is no such thing")
}
