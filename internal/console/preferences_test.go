package console_test

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/console"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

const pathPrefs = "/tenants/alpha/preferences"

func TestPreferencesAreReplaced(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	before := w.alpha()
	refused(t, w.call(http.MethodPut, pathPrefs, `{"mode":"shadow"}`), http.StatusPreconditionRequired, "If-Match")
	refused(t, w.call(http.MethodPut, pathPrefs, `{"mode":"shadow"}`, "If-Match", `"7"`), http.StatusPreconditionFailed, "read it again")
	refused(t, w.call(http.MethodPut, "/tenants/nobody/preferences", `{}`, "If-Match", `*`), http.StatusNotFound)
	p := refused(t, w.call(http.MethodPut, pathPrefs, `{"modus":"shadow","temperature":7,"language":"xx"}`, "If-Match", before.ETag()), http.StatusUnprocessableEntity)
	if len(p.Errors) != 2 || p.Errors[0].Location != "body.modus" || p.Errors[1].Location != "body.temperature" {
		t.Errorf("says %+v", p.Errors)
	}
	refused(t, w.call(http.MethodPut, pathPrefs, `{"mode":`, "If-Match", before.ETag()), http.StatusUnprocessableEntity, "no JSON")
	after := read[adminapi.Tenant](t, w.call(http.MethodPut, pathPrefs, `{"mode":"shadow","language":"de-ch"}`, "If-Match", before.ETag()), http.StatusOK)
	want := tenant.Preferences{Mode: tenant.ModeShadow, Language: "de-CH"}
	if diff := cmp.Diff(want, after.Preferences); diff != "" || after.Version <= before.Version || after.Name != before.Name {
		t.Errorf("%+v %s", after, diff)
	}
	if got := w.bus.last(); got.Version != after.Version {
		t.Errorf("told of %+v", got)
	}
	entries := w.entries(audit.Query{Operation: audit.OperationTenantPreferences})
	if len(entries) != 1 || entries[0].Detail["changed"] != "enhancement_prefs.format, enhancement_prefs.language, enhancement_prefs.mode" {
		t.Errorf("entries %+v", entries)
	}
	same := read[adminapi.Tenant](t, w.call(http.MethodPut, pathPrefs, `{"mode":"shadow","language":"de-CH"}`, "If-Match", after.ETag()), http.StatusOK)
	if same.Version != after.Version {
		t.Error("what is set already is a change")
	}
	reader := w.token([]access.Permission{access.TenantsRead})
	refused(t, w.callAs(reader, http.MethodPut, pathPrefs, `{}`, "If-Match", after.ETag()), http.StatusForbidden)
}

func TestVersionsOfPreferences(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.create("beta")
	tag := w.alpha().ETag()
	var versions []int64
	for _, body := range []string{`{"tone":"formal"}`, `{"tone":"concise"}`, `{}`} {
		set := read[adminapi.Tenant](t, w.call(http.MethodPut, pathPrefs, body, "If-Match", tag), http.StatusOK)
		tag, versions = set.ETag(), append([]int64{set.Version}, versions...)
	}
	var got []int64
	for next := ""; ; {
		page := read[adminapi.Page[adminapi.PreferencesVersion]](t, w.call(http.MethodGet, pathPrefs+"/versions?limit=1"+next, nil), http.StatusOK)
		for _, v := range page.Items {
			if got = append(got, v.Version); v.ChangedBy == "" {
				t.Errorf("nobody made %+v", v)
			}
		}
		if page.Next == "" {
			break
		}
		next = "&cursor=" + page.Next
	}
	if len(got) < 3 || !slices.Equal(got[:3], versions) {
		t.Errorf("lists %v, want %v", got, versions)
	}
	v := read[adminapi.PreferencesVersion](t, w.call(http.MethodGet, pathPrefs+"/versions/"+strconv.FormatInt(versions[1], 10), nil), http.StatusOK)
	if v.Preferences.Tone != tenant.ToneConcise {
		t.Errorf("shows %+v", v)
	}
	for _, none := range []string{"1", strconv.FormatInt(versions[0]+1, 10)} {
		refused(t, w.call(http.MethodGet, pathPrefs+"/versions/"+none, nil), http.StatusNotFound, "list the versions")
	}
	refused(t, w.call(http.MethodGet, "/tenants/beta/preferences/versions/"+strconv.FormatInt(versions[2], 10), nil), http.StatusNotFound)
	refused(t, w.call(http.MethodGet, "/tenants/nobody/preferences/versions", nil), http.StatusNotFound)
	refused(t, w.call(http.MethodGet, pathPrefs+"/versions?cursor=eyJsIjoidGVuYW50cyIsImEiOiJhbHBoYSJ9", nil), http.StatusBadRequest)
}

// Preferences as part of a tenant are checked by the same schema.
func TestPreferencesOfATenantAreCheckedByTheirSchema(t *testing.T) {
	w := newWorld(t)
	body := func(prefs string) string {
		return `{"tenant_id":"gamma","name":"n","servicedesk_url":"https://sdp.example.com/api/v3","servicedesk_profile":"onprem","api_key":"k",
			"signing_secret":"0123456789abcdef","enhancement_prefs":` + prefs + `}`
	}
	for prefs, says := range map[string]string{
		`{"tonne":"formal"}`:                        "did you mean tone?",
		`{"mode":"loud"}`:                           "enhancement_prefs.mode",
		`{"budget":{"soft_usd":2,"hard_usd":1}}`:    "lower it, or raise hard_usd",
		`{"pinned_facts":["` + "\u200b" + `"]}`:     "enhancement_prefs.pinned_facts[0]",
		`{"mask":["email","email"]}`:                "enhancement_prefs.mask",
		`{"webhooks_per_minute":-1,"format":"pdf"}`: "enhancement_prefs.webhooks_per_minute",
	} {
		refused(t, w.call(http.MethodPost, "/tenants", body(prefs)), http.StatusUnprocessableEntity, says)
	}
	made := read[adminapi.Tenant](t, w.call(http.MethodPost, "/tenants", body(`{"language":"DE","mode":"off"}`)), http.StatusCreated)
	if made.Preferences.Language != "de" || made.Preferences.Mode != tenant.ModeOff {
		t.Errorf("made %+v", made.Preferences)
	}
}

// menu is a platform's offer.
type menu []string

func (m menu) Offered() []string { return m }

func TestAModelHasToBeOffered(t *testing.T) {
	for name, c := range map[string]struct {
		models console.Models
		says   string
	}{
		"another":        {menu{"example-small", "example-large"}, "choose one of example-small, example-large"},
		"it":             {menu{"example-small", "example-mid"}, ""},
		"no offer":       {menu{}, ""},
		"nobody to tell": {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorldThat(t, func(d *console.Deps) { d.Models = c.models })
			w.create("alpha")
			before := w.alpha()
			spec := before.TenantSpec
			spec.Preferences.Model = "example-mid"
			alone := w.call(http.MethodPut, pathPrefs, `{"model":"example-mid"}`, "If-Match", before.ETag())
			if c.says == "" {
				before = read[adminapi.Tenant](t, alone, http.StatusOK)
				read[adminapi.Tenant](t, w.call(http.MethodPut, "/tenants/alpha", spec, "If-Match", before.ETag()), http.StatusOK)
				return
			}
			refused(t, alone, http.StatusUnprocessableEntity, c.says, "body.model")
			refused(t, w.call(http.MethodPut, "/tenants/alpha", spec, "If-Match", before.ETag()), http.StatusUnprocessableEntity, c.says, "body.enhancement_prefs.model")
		})
	}
}

func TestTheSchemaOfPreferencesIsPublished(t *testing.T) {
	w := newWorld(t)
	rec := w.callAs("", http.MethodGet, "/schemas/preferences", nil)
	if rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "application/schema+json" || !bytes.Equal(rec.Body.Bytes(), tenant.PreferencesSchema()) {
		t.Errorf("%d %s %s", rec.Code, rec.Header(), rec.Body)
	}
}
