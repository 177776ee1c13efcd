package console_test

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

func TestATenantIsCreatedReadAndListed(t *testing.T) {
	w := newWorld(t)
	rec := w.call(http.MethodPost, "/tenants", example("alpha"), adminapi.HeaderCorrelation, "example-correlation")
	created := read[adminapi.Tenant](t, rec, http.StatusCreated)
	if rec.Header().Get("ETag") != created.ETag() || created.Version < 1 || rec.Header().Get("Location") != "/api/v1/tenants/alpha" || created.Status != "enabled" {
		t.Errorf("header %v, tenant %+v", rec.Header(), created)
	}
	if !created.Secrets.APIKey.Set || !created.Secrets.KnowledgeAPIKey.Set || created.Secrets.SigningSecret.ChangedAt == nil {
		t.Errorf("secrets %+v", created.Secrets)
	}
	if d := cmp.Diff(example("alpha").TenantSpec, created.TenantSpec); d != "" {
		t.Error(d)
	}
	got := read[adminapi.Tenant](t, w.call(http.MethodGet, "/tenants/alpha", nil), http.StatusOK)
	if d := cmp.Diff(created, got); d != "" {
		t.Error(d)
	}
	_, credentials, err := w.store.Get(t.Context(), "alpha")
	if err != nil || credentials.SigningSecret != "signing-secret-of-alpha" || credentials.APIKey != "key-of-alpha" {
		t.Errorf("what the gateway reads: %v", err)
	}
	entry := w.entries(audit.Query{TenantID: "alpha"})[0]
	if entry.Operation != audit.OperationTenantCreate || entry.Status != audit.StatusOK || !strings.HasPrefix(entry.Actor, "token:") ||
		entry.Address != "192.0.2.7" || entry.CorrelationID != "example-correlation" {
		t.Errorf("entry %+v", entry)
	}
	if last := w.bus.last(); last != (event.TenantChanged{TenantID: "alpha", Version: created.Version}) {
		t.Errorf("published %+v", last)
	}
	refused(t, w.call(http.MethodPost, "/tenants", example("alpha")), http.StatusConflict, "there is a tenant of this id already")
	refused(t, w.call(http.MethodGet, "/tenants/beta", nil), http.StatusNotFound, "no such tenant")
}

func TestTenantsAreListedPageByPage(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"gamma", "alpha", "beta", "delta"} {
		w.create(id)
	}
	read[adminapi.Tenant](t, w.call(http.MethodPost, "/tenants/beta/disable", nil), http.StatusOK)
	ids := func(query string) (found []string) {
		for next := ""; ; {
			page := read[adminapi.Page[adminapi.Tenant]](t, w.call(http.MethodGet, "/tenants?"+query+next, nil), http.StatusOK)
			for _, tenant := range page.Items {
				found = append(found, tenant.TenantID)
			}
			if page.Next == "" {
				return found
			}
			next = "&cursor=" + page.Next
		}
	}
	for query, want := range map[string][]string{
		"": {"alpha", "beta", "delta", "gamma"}, "limit=1": {"alpha", "beta", "delta", "gamma"}, "limit=2": {"alpha", "beta", "delta", "gamma"},
		"status=disabled": {"beta"}, "status=enabled&limit=2": {"alpha", "delta", "gamma"}, "status=deleted": nil,
	} {
		if d := cmp.Diff(want, ids(query)); d != "" {
			t.Errorf("%q: %s", query, d)
		}
	}
}

func TestAnUpdateNeedsTheVersionThatItReplaces(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	spec := example("alpha").TenantSpec
	spec.Name, spec.Preferences.WebhooksPerMinute = "Renamed", 7
	refused(t, w.call(http.MethodPut, "/tenants/alpha", spec), http.StatusPreconditionRequired, "If-Match")
	created := w.alpha()
	tag, number := created.ETag(), strconv.FormatInt(created.Version, 10)
	for _, header := range []string{`"2"`, "W/" + tag, `"x"`, number, `"0` + number + `"`} {
		rec := w.call(http.MethodPut, "/tenants/alpha", spec, "If-Match", header)
		refused(t, rec, http.StatusPreconditionFailed, "read it again")
		if rec.Header().Get("ETag") != tag {
			t.Errorf("%s: the current ETag is told as %q", header, rec.Header().Get("ETag"))
		}
	}
	rec := w.call(http.MethodPut, "/tenants/alpha", spec, "If-Match", `"7", `+tag)
	updated := read[adminapi.Tenant](t, rec, http.StatusOK)
	if updated.Name != "Renamed" || updated.Version <= created.Version || rec.Header().Get("ETag") != updated.ETag() {
		t.Errorf("updated %+v, ETag %s", updated, rec.Header().Get("ETag"))
	}
	entry := w.entries(audit.Query{Operation: audit.OperationTenantUpdate})[0]
	if changed := entry.Detail["changed"]; changed != "name, enhancement_prefs.webhooks_per_minute" {
		t.Errorf("the entry names %q", changed)
	}
	if last := w.bus.last(); last.Version != updated.Version {
		t.Errorf("published %+v", last)
	}
	read[adminapi.Tenant](t, w.call(http.MethodPut, "/tenants/alpha", spec, "If-Match", "*"), http.StatusOK)
	refused(t, w.call(http.MethodPut, "/tenants/beta", spec, "If-Match", "*"), http.StatusNotFound)
}

func TestIfNoneMatch(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	created := w.alpha()
	tag := created.ETag()
	for header, want := range map[string]int{
		tag: 304, "W/" + tag: 304, `"0", ` + tag: 304, "*": 304, `"2"`: 200, strconv.FormatInt(created.Version, 10): 200, "": 200,
	} {
		rec := w.call(http.MethodGet, "/tenants/alpha", nil, "If-None-Match", header)
		if rec.Code != want || rec.Header().Get("ETag") != tag || (want == 304) != (rec.Body.Len() == 0) {
			t.Errorf("%s: %d with %d bytes, ETag %q", header, rec.Code, rec.Body.Len(), rec.Header().Get("ETag"))
		}
	}
}

// A change takes effect although nobody could be told.
func TestAFailedPublishIsCountedAndNotTheClientsBusiness(t *testing.T) {
	w := newWorld(t)
	w.bus.err = errors.New("example: the sidecar is down")
	w.create("alpha")
	if !strings.Contains(w.log.String(), "could not be published") {
		t.Error("nobody learns of it")
	}
	if n := w.metric(telemetry.MetricUnpublished); n != 1 {
		t.Errorf("counted %v times", n)
	}
}
