package web_test

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/console/consoletest"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/preview"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// hidden gives the value that a page's form carries under that name.
func (s shown) hidden(t *testing.T, name string) string {
	t.Helper()
	found := regexp.MustCompile(`<input type="hidden" name="` + name + `" value="([^"]*)"`).FindStringSubmatch(s.body)
	if found == nil {
		t.Fatalf("%s: no form carries %s\n%s", s.Request.URL.Path, name, s.body)
	}
	return html.UnescapeString(found[1])
}

// leads checks that the answer leads to the path.
func (s shown) leads(t *testing.T, path string) {
	t.Helper()
	if got := s.Header.Get("Location"); s.StatusCode != http.StatusSeeOther || got != path {
		t.Fatalf("%s: %d to %q, not %q\n%s", s.Request.URL.Path, s.StatusCode, got, path, s.body)
	}
}

func TestTheBootstrapTokenIsExchangedOnce(t *testing.T) {
	w := newWorldWith(t, consoletest.Options{NoToken: true})
	first := w.do(http.MethodPost, "/sign-in", url.Values{"token": {w.Bootstrap.Reveal()}, "next": {"/queue"}})
	first.is(t, http.StatusOK, access.SecretPrefix, "not shown again", `href="/queue"`)
	w.get("/tenants").is(t, http.StatusOK, "New tenant")
	token := regexp.MustCompile(access.SecretPrefix + `[a-z0-9_]+`).FindString(first.body)
	w.anotherBrowser()
	w.do(http.MethodPost, "/sign-in", url.Values{"token": {w.Bootstrap.Reveal()}}).is(t, http.StatusConflict, "has been used")
	w.signIn(token)
	w.get("/").is(t, http.StatusOK, "Overview")
}

func TestATenantIsMadeAndChanged(t *testing.T) {
	w := newWorld(t)
	w.signIn(w.Token.Reveal())
	w.get("/new-tenant").is(t, http.StatusOK, "Signing secret", `value="shadow" selected`)
	form := url.Values{
		"tenant_id": {"Not An Id"}, "name": {"<Example> Clinic"}, "servicedesk_url": {"ftp://desk.example.com"}, "servicedesk_profile": {"onprem"},
		"api_key": {"example-api-key"}, "enhancement_prefs.mode": {"shadow"},
	}
	wrong := w.do(http.MethodPost, "/tenants", form)
	wrong.is(t, http.StatusUnprocessableEntity, "Nothing was saved", `id="tenant_id-wrong"`, `aria-invalid="true"`, `value="&lt;Example&gt; Clinic"`)
	if strings.Contains(wrong.body, "example-api-key") {
		t.Error("the form repeats the key")
	}
	form.Set("tenant_id", "example-clinic")
	w.do(http.MethodPost, "/tenants", form).is(t, http.StatusUnprocessableEntity, `id="servicedesk_url-wrong"`)
	form.Set("servicedesk_url", "http://127.0.0.1:1/api/v3")
	made := w.do(http.MethodPost, "/tenants", form)
	made.is(t, http.StatusOK, "not shown again", "/tenants/example-clinic")
	secret := regexp.MustCompile(`<pre[^>]*>([A-Z0-9]{40,})</pre>`).FindStringSubmatch(made.body)
	if secret == nil {
		t.Fatalf("no secret is shown\n%s", made.body)
	}
	stored, credentials, err := w.Tenants.Get(t.Context(), "example-clinic")
	if err != nil || credentials.SigningSecret.Reveal() != secret[1] || stored.Preferences.NoteMode() != tenant.ModeShadow || stored.Name != "<Example> Clinic" {
		t.Fatalf("%+v, %v", stored, err)
	}
	w.do(http.MethodPost, "/tenants", form).is(t, http.StatusConflict, "example-clinic")
	w.get("/tenants?tenant_id=example-clinic").leads(t, "/tenants/example-clinic")

	edit := w.get("/tenants/example-clinic/edit")
	edit.is(t, http.StatusOK, "&lt;Example&gt; Clinic")
	change := url.Values{
		"etag": {edit.hidden(t, "etag")}, "name": {"Example Clinic"}, "servicedesk_url": {"http://127.0.0.1:2/api/v3"}, "servicedesk_profile": {"onprem"}, "technician_id": {"4"},
	}
	w.do(http.MethodPost, "/tenants/example-clinic/edit", change).is(t, http.StatusUnprocessableEntity, `id="api_key-wrong"`)
	change.Set("api_key", "another-example-key")
	w.do(http.MethodPost, "/tenants/example-clinic/edit", change).leads(t, "/tenants/example-clinic")
	w.get("/tenants/example-clinic").is(t, http.StatusOK, "Example Clinic", "127.0.0.1:2", "shadow")
	// Who has looked at it before that changes nothing.
	w.do(http.MethodPost, "/tenants/example-clinic/edit", change).is(t, http.StatusPreconditionFailed, "changed meanwhile")
}

func TestATenantIsDisabledDeletedRestoredAndPurged(t *testing.T) {
	w := newWorld(t)
	w.tenant("alpha", "Example")
	w.signIn(w.Token.Reveal())
	for _, c := range []struct{ action, shows, no string }{
		{"disable", "Enable: accept", "Disable: refuse"},
		{"enable", "Disable: refuse", "Enable: accept"},
		{"delete", "Purge for good", "Enable: accept"},
		{"restore", "Enable: accept", "Purge for good"},
		{"delete", "Restore", "Disable: refuse"},
	} {
		etag := w.get("/tenants/alpha").hidden(t, "etag")
		w.do(http.MethodPost, "/tenants/alpha/"+c.action, url.Values{"etag": {etag}}).leads(t, "/tenants/alpha")
		now := w.get("/tenants/alpha")
		now.is(t, http.StatusOK, c.shows)
		if strings.Contains(now.body, c.no) {
			t.Errorf("after %s the page offers %q", c.action, c.no)
		}
		w.do(http.MethodPost, "/tenants/alpha/"+c.action, url.Values{"etag": {etag}}).is(t, http.StatusPreconditionFailed, "changed meanwhile")
	}
	etag := w.get("/tenants/alpha").hidden(t, "etag")
	w.do(http.MethodPost, "/tenants/alpha/purge", url.Values{"etag": {etag}, "confirm": {"beta"}}).is(t, http.StatusUnprocessableEntity, "Nothing was purged")
	w.do(http.MethodPost, "/tenants/alpha/purge", url.Values{"etag": {etag}, "confirm": {"alpha"}}).is(t, http.StatusOK, "is gone")
	w.get("/tenants/alpha").is(t, http.StatusNotFound)
}

func TestSecretsAreReplaced(t *testing.T) {
	w := newWorld(t)
	w.tenant("alpha", "Example")
	w.signIn(w.Token.Reveal())
	page := w.get("/tenants/alpha/secrets")
	page.is(t, http.StatusOK, "Rotate the signing secret", "a week")
	rotate := func(form url.Values) shown {
		form.Set("etag", w.get("/tenants/alpha/secrets").hidden(t, "etag"))
		return w.do(http.MethodPost, "/tenants/alpha/secrets/signing-secret", form)
	}
	rotate(url.Values{"signing-secret.secret": {"short"}, "signing-secret.overlap": {"0"}}).
		is(t, http.StatusUnprocessableEntity, `id="signing-secret.secret-wrong"`)
	rotate(url.Values{"signing-secret.secret": {""}}).is(t, http.StatusBadRequest, "for how long")
	made := rotate(url.Values{"signing-secret.secret": {""}, "signing-secret.overlap": {"3600"}})
	made.is(t, http.StatusOK, "new signing secret")
	_, credentials, err := w.Tenants.Get(t.Context(), "alpha")
	if err != nil || !strings.Contains(made.body, credentials.SigningSecret.Reveal()) {
		t.Errorf("%v: the page shows another secret", err)
	}
	w.get("/tenants/alpha").is(t, http.StatusOK, "the one before is accepted until")
	etag := w.get("/tenants/alpha/secrets").hidden(t, "etag")
	w.do(http.MethodPost, "/tenants/alpha/secrets/api-key", url.Values{"etag": {etag}, "api-key.secret": {""}}).
		is(t, http.StatusUnprocessableEntity, `id="api-key.secret-wrong"`)
	w.do(http.MethodPost, "/tenants/alpha/secrets/api-key", url.Values{"etag": {etag}, "api-key.secret": {"new-example-key"}}).leads(t, "/tenants/alpha")
	if _, credentials, err = w.Tenants.Get(t.Context(), "alpha"); err != nil || credentials.APIKey.Reveal() != "new-example-key" {
		t.Errorf("%v: the key was not replaced", err)
	}
	w.do(http.MethodPost, "/tenants/alpha/secrets/api-key", url.Values{"etag": {etag}, "api-key.secret": {"x"}}).is(t, http.StatusPreconditionFailed, "changed meanwhile")
	etag = w.get("/tenants/alpha/secrets").hidden(t, "etag")
	w.do(http.MethodPost, "/tenants/alpha/secrets/kb-api-key", url.Values{"etag": {etag}, "kb-api-key.secret": {""}}).leads(t, "/tenants/alpha")
}

// drafts stands in for the enhancer: it says with which preferences it was asked.
type drafts struct{}

func (drafts) Preview(context.Context, preview.Request) (adminapi.Preview, error) {
	return adminapi.Preview{
		Subject: "<b>", Source: adminapi.SourceGiven, TookMS: 12,
		Note: adminapi.RenderedNote{HTML: "<p>drafted <i>so</i></p><script>alert(1)</script>", Text: "drafted", Cited: []adminapi.Citation{
			{Kind: "ticket", Text: "#7", URL: "https://desk.example.com/7", Relevance: 0.87},
		}},
		Account: adminapi.NoteAccount{FallbackReason: "budget", Dropped: map[string]int{"no_source": 2}},
	}, nil
}

func TestPreferencesAreTriedAndSaved(t *testing.T) {
	w := newWorldWith(t, consoletest.Options{Previews: drafts{}})
	w.tenant("alpha", "Example")
	w.signIn(w.Token.Reveal())
	const path = "/tenants/alpha/preferences"
	page := w.get(path)
	page.is(t, http.StatusOK, "Instructions", `value="live" selected`, `name="mask" value="email" checked`)
	form := url.Values{
		"etag": {page.hidden(t, "etag")}, "mode": {"shadow"}, "format": {"html"}, "language": {"de"}, "tone": {"formal"}, "sections_off": {"system_info"},
		"instructions": {"Say <you> less."}, "pinned_facts": {"First fact.\r\n\r\nSecond fact."}, "temperature": {"0.5"},
		"mask": {"credential", "email", "phone", "card", "bank", "name"}, "budget.soft_usd": {"5"}, "budget.hard_usd": {"10"}, "webhook_auth": {"signature"},
		"long_descriptions": {"reject"}, "ticket.description": {"VPN drops <now>"}, "preview": {"1"},
	}
	draft := w.do(http.MethodPost, path, form)
	draft.is(t, http.StatusOK, "&lt;p&gt;drafted &lt;i&gt;so", `<iframe class="note" sandbox title=`, "87 % match", "no source: 2", "Say &lt;you&gt; less.", "VPN drops &lt;now&gt;", `value="shadow" selected`)
	if strings.Contains(draft.body, "<script>alert") {
		t.Error("the note is part of the page")
	}
	if now, err := w.admin.Tenant(t.Context(), "alpha"); err != nil || now.Preferences.Mode != "" {
		t.Errorf("a preview has saved: %+v, %v", now.Preferences, err)
	}
	form.Del("preview")
	form.Set("budget.hard_usd", "much")
	w.do(http.MethodPost, path, form).is(t, http.StatusUnprocessableEntity, `id="budget.hard_usd-wrong"`, "Second fact.")
	form.Set("budget.hard_usd", "10")
	form.Set("language", "und")
	w.do(http.MethodPost, path, form).is(t, http.StatusUnprocessableEntity, `id="language-wrong"`)
	form.Set("language", "de")
	w.do(http.MethodPost, path, form).leads(t, "/tenants/alpha")
	now, err := w.admin.Tenant(t.Context(), "alpha")
	if err != nil {
		t.Fatal(err)
	}
	p := now.Preferences
	if p.Mode != tenant.ModeShadow || p.Language != "de" || p.Budget != (tenant.Budget{SoftUSD: 5, HardUSD: 10}) || fmt.Sprint(p.PinnedFacts) != "[First fact. Second fact.]" ||
		fmt.Sprint(p.SectionsOff) != "[system_info]" || p.Temperature == nil || *p.Temperature != 0.5 || p.Mask != nil || p.Instructions != "Say <you> less." {
		t.Errorf("saved %+v", p)
	}
	w.do(http.MethodPost, path, form).is(t, http.StatusPreconditionFailed, "changed meanwhile")
	// What is shown and sent again unchanged changes nothing.
	w.get(path).is(t, http.StatusOK, "First fact.\nSecond fact.", `value="0.5"`)
	form.Set("preview", "1")
	form.Del("ticket.description")
	w.do(http.MethodPost, path, form).is(t, http.StatusUnprocessableEntity, "neither a subject nor a description")
}

func TestJobsAreSearchedEverywhere(t *testing.T) {
	w := newWorld(t)
	w.tenant("alpha", "Example A")
	w.tenant("beta", "Example B")
	old, late := w.failedJob("alpha", "4711", "example"), w.failedJob("beta", "4711", "another example")
	if _, err := w.database.Admin.Exec(t.Context(), "UPDATE enhancement_history SET received_at = '2026-01-02T10:00:00Z' WHERE job_id = $1", old.ID); err != nil {
		t.Fatal(err)
	}
	w.signIn(w.Token.Reveal())
	for query, c := range map[string]struct{ old, late bool }{
		"": {true, true}, "?tenant_id=alpha": {true, false}, "?ticket_id=4711": {true, true}, "?ticket_id=4712": {}, "?status=failed": {true, true}, "?status=running": {},
		"?received_before=2026-02-01T00:00": {true, false}, "?received_after=2026-02-01T00:00": {false, true},
		"?received_after=2026-01-02T10:00&received_before=2026-01-02T10:01:00&tenant_id=alpha": {true, false}, "?tenant_id=beta&ticket_id=4711&status=failed": {false, true},
	} {
		got := w.get("/jobs" + query)
		got.is(t, http.StatusOK, "Search")
		if strings.Contains(got.body, old.ID) != c.old || strings.Contains(got.body, late.ID) != c.late {
			t.Errorf("%q: the wrong jobs\n%s", query, got.body)
		}
	}
	w.get("/jobs?received_after=yesterday").is(t, http.StatusBadRequest, "2026-11-24T13:05")
	w.get("/jobs?tenant_id=none").is(t, http.StatusNotFound)
	w.get("/").is(t, http.StatusOK, "1 failed in the last 24 hours", "data-live")
	w.get("/tenants/beta").is(t, http.StatusOK, "1 failed in the last 24 hours")
	_, secret := w.token(access.RoleOperator, "beta")
	w.signIn(secret)
	own := w.get("/jobs")
	own.is(t, http.StatusOK, late.ID)
	if strings.Contains(own.body, "alpha") {
		t.Errorf("a token of beta's sees alpha\n%s", own.body)
	}
	w.get("/jobs?tenant_id=alpha").is(t, http.StatusForbidden)
}

func TestAQueueIsBegunAnewOrDropped(t *testing.T) {
	w := newWorld(t)
	w.tenant("alpha", "Example")
	failed := []enhancement.Job{w.failedJob("alpha", "1", "bad key"), w.failedJob("alpha", "2", "bad key"), w.failedJob("alpha", "3", "something else")}
	w.signIn(w.Token.Reveal())
	seen := w.get("/tenants/alpha/queue?reason=bad+key")
	seen.is(t, http.StatusOK, "2 jobs have failed or are held", "Begin 2 anew", "0 jobs wait or are held")
	form := url.Values{"reason": {"bad key"}, "as_of": {seen.hidden(t, "as_of")}}
	w.failedJob("alpha", "4", "bad key") // since it was looked at
	w.do(http.MethodPost, "/tenants/alpha/queue/retry", url.Values{"reason": {"bad key"}}).is(t, http.StatusBadRequest, "as of when")
	w.do(http.MethodPost, "/tenants/alpha/queue/retry", form).is(t, http.StatusOK, "2 jobs were begun anew")
	for i, want := range []enhancement.Status{enhancement.StatusPending, enhancement.StatusPending, enhancement.StatusFailed} {
		if now, err := w.admin.Job(t.Context(), "alpha", failed[i].ID); err != nil || now.Status != want {
			t.Errorf("%d: %s, %v", i, now.Status, err)
		}
	}
	all := w.get("/tenants/alpha/queue")
	all.is(t, http.StatusOK, "Drop 2")
	drop := url.Values{"as_of": {all.hidden(t, "as_of")}, "note": {"x"}}
	w.do(http.MethodPost, "/tenants/alpha/queue/drop", drop).is(t, http.StatusUnprocessableEntity, "note")
	drop.Set("note", "not wanted any more")
	w.do(http.MethodPost, "/tenants/alpha/queue/drop", drop).is(t, http.StatusOK, "2 jobs were dropped")
	_, secret := w.token(access.RoleViewer)
	w.signIn(secret)
	w.get("/tenants/alpha/queue").is(t, http.StatusOK, "may look at jobs, and not change them")
}

func TestPausesBeginAndEnd(t *testing.T) {
	w := newWorld(t)
	w.tenant("alpha", "Example")
	w.signIn(w.Token.Reveal())
	w.get("/queue").is(t, http.StatusOK, "Nothing is paused", "None has been heard of")
	form := url.Values{"tenant_id": {"alpha"}, "scope": {"processing"}, "reason": {"example <maintenance>"}, "minutes": {"soon"}}
	w.do(http.MethodPost, "/pauses", form).is(t, http.StatusUnprocessableEntity, "how many minutes")
	form.Set("minutes", "5")
	w.do(http.MethodPost, "/pauses", form).is(t, http.StatusOK, "is paused", `href="/queue"`)
	w.get("/queue").is(t, http.StatusOK, "End the pause of processing of alpha", "example &lt;maintenance&gt;")
	w.get("/").is(t, http.StatusOK, "is paused for alpha")
	w.do(http.MethodPost, "/pauses/end", url.Values{"tenant_id": {"alpha"}, "scope": {"processing"}}).leads(t, "/queue")
	w.get("/queue").is(t, http.StatusOK, "Nothing is paused")
	w.do(http.MethodPost, "/pauses/end", url.Values{"tenant_id": {"alpha"}, "scope": {"processing"}}).is(t, http.StatusConflict)
}

func TestWorkersAreDrained(t *testing.T) {
	w := newWorld(t)
	if _, err := w.database.Admin.Exec(t.Context(), "INSERT INTO workers (replica, version, state, steps) VALUES ('example-1', 'v1', 'working', 3), ('example-2', 'v1', 'working', 0)"); err != nil {
		t.Fatal(err)
	}
	w.signIn(w.Token.Reveal())
	w.get("/queue").is(t, http.StatusOK, `action="/workers/example-1/drain"`)
	w.do(http.MethodPost, "/workers/example-1/drain", nil).leads(t, "/queue")
	w.get("/queue").is(t, http.StatusOK, "Have example-1 work again")
	w.do(http.MethodPost, "/workers/example-2/drain", nil).is(t, http.StatusConflict)
	w.do(http.MethodPost, "/workers/example-1/undrain", nil).leads(t, "/queue")
	w.do(http.MethodPost, "/workers/none/drain", nil).is(t, http.StatusNotFound)
}

func TestTheAuditLogIsRead(t *testing.T) {
	w := newWorld(t)
	w.tenant("alpha", "Example")
	w.tenant("beta", "Example")
	w.signIn(w.Token.Reveal())
	w.get("/audit").is(t, http.StatusOK, "tenant.create", "alpha", "beta", "token.bootstrap")
	one := w.get("/audit?tenant_id=alpha&operation=tenant.create")
	one.is(t, http.StatusOK, "tenant.create")
	if strings.Contains(one.body, "token.bootstrap") || strings.Contains(one.body, "<td>beta</td>") {
		t.Errorf("the filter leaves in too much\n%s", one.body)
	}
	w.get("/audit?until=2020-01-01T00:00").is(t, http.StatusOK, "There are none")
	w.get("/audit?since=x").is(t, http.StatusBadRequest)
	_, secret := w.token(access.RoleViewer)
	w.signIn(secret)
	got := w.get("/tenants")
	got.is(t, http.StatusOK)
	for _, no := range []string{`href="/audit"`, "New tenant"} {
		if strings.Contains(got.body, no) {
			t.Errorf("a viewer is led to %s", no)
		}
	}
	w.get("/audit").is(t, http.StatusForbidden, "audit:read")
	w.do(http.MethodPost, "/tenants", url.Values{"tenant_id": {"x"}}).is(t, http.StatusForbidden)
}

func TestAFormThatIsTooLongIsRefused(t *testing.T) {
	w := newWorld(t)
	w.signIn(w.Token.Reveal())
	w.do(http.MethodPost, "/pauses", url.Values{"reason": {strings.Repeat("x", 70_000)}}).is(t, http.StatusRequestEntityTooLarge, "too long")
	got := w.do(http.MethodPost, "/pauses", nil, "Content-Type", "application/x-www-form-urlencoded; =")
	got.is(t, http.StatusBadRequest, "no form of this page")
}

// The script only looks again: where nothing is of the present, it does nothing.
func TestWhatIsOfThePresentIsMarked(t *testing.T) {
	w := newWorld(t)
	w.tenant("alpha", "Example")
	job := w.failedJob("alpha", "1", "example")
	w.signIn(w.Token.Reveal())
	w.get("/assets/live.js").is(t, http.StatusOK, "data-live")
	for path, live := range map[string]bool{"/": true, "/jobs": true, "/queue": true, "/audit": false, "/new-tenant": false, "/tenants/alpha/jobs/" + job.ID: false} {
		if got := w.get(path); strings.Contains(got.body, "data-live=") != live {
			t.Errorf("%s: live is not %t", path, live)
		}
	}
	w.do(http.MethodPost, "/tenants/alpha/jobs/"+job.ID+"/retry", url.Values{"run": {"1"}})
	w.get("/tenants/alpha/jobs/"+job.ID).is(t, http.StatusOK, `data-live="2"`, "Cancel the job")
}
