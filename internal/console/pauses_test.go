package console_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/enhancement"
)

func TestPauseAndResume(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.create("beta")
	in := adminapi.BeginPause{Reason: "their server moves", Seconds: 3600}
	begun := read[adminapi.BegunPause](t, w.call(http.MethodPut, "/tenants/alpha/pauses/processing", in), http.StatusOK)
	if begun.TenantID != "alpha" || begun.Scope != enhancement.PauseProcessing || begun.Until == nil || begun.Until.Sub(begun.Since) != time.Hour || len(begun.Notes) == 0 {
		t.Errorf("begun: %+v", begun)
	}
	read[adminapi.BegunPause](t, w.call(http.MethodPut, "/pauses/processing", adminapi.BeginPause{Reason: "an upgrade"}), http.StatusOK)
	all := read[adminapi.Page[adminapi.Pause]](t, w.call(http.MethodGet, "/pauses", nil), http.StatusOK).Items
	if len(all) != 2 || all[0].TenantID != "" || all[0].Reason != "an upgrade" || all[1].TenantID != "alpha" || all[1].By == "" {
		t.Errorf("all: %+v", all)
	}
	if of := read[adminapi.Page[adminapi.Pause]](t, w.call(http.MethodGet, "/pauses?tenant_id=beta", nil), http.StatusOK).Items; len(of) != 1 || of[0].TenantID != "" {
		t.Errorf("beta's: %+v", of)
	}
	ended := read[adminapi.EndedPause](t, w.call(http.MethodDelete, "/tenants/alpha/pauses/processing", nil), http.StatusOK)
	if !ended.StillPaused || ended.Reason != in.Reason {
		t.Errorf("ended: %+v", ended)
	}
	refused(t, w.call(http.MethodDelete, "/tenants/alpha/pauses/processing", nil), http.StatusConflict, "no such pause")
	read[adminapi.EndedPause](t, w.call(http.MethodDelete, "/pauses/processing", nil), http.StatusOK)
	refused(t, w.call(http.MethodDelete, "/pauses/processing", nil), http.StatusConflict)
	begins, ends := w.entries(audit.Query{Operation: audit.OperationPauseBegin}), w.entries(audit.Query{Operation: audit.OperationPauseEnd})
	if len(begins) != 2 || begins[1].TenantID != "alpha" || begins[1].Target != "processing" || begins[1].Detail["until"] == "" || begins[1].Detail["reason"] != in.Reason || len(ends) != 2 {
		t.Errorf("the audit log has %+v, %+v", begins, ends)
	}
}

func TestPausesThatCannotBe(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	fine := adminapi.BeginPause{Reason: "example"}
	refused(t, w.call(http.MethodPut, "/tenants/nobody/pauses/intake", fine), http.StatusNotFound)
	refused(t, w.call(http.MethodDelete, "/tenants/nobody/pauses/intake", nil), http.StatusNotFound)
	refused(t, w.call(http.MethodGet, "/pauses?tenant_id=nobody", nil), http.StatusNotFound)
	refused(t, w.call(http.MethodPut, "/pauses/everything", fine), http.StatusUnprocessableEntity)
	refused(t, w.call(http.MethodPut, "/pauses/intake", adminapi.BeginPause{Reason: "    "}), http.StatusUnprocessableEntity, "blank")
	refused(t, w.call(http.MethodPut, "/pauses/intake", adminapi.BeginPause{}), http.StatusUnprocessableEntity, "reason")
	refused(t, w.call(http.MethodPut, "/pauses/intake", `{"reason":"example","seconds":9999999}`), http.StatusUnprocessableEntity, "seconds")
	if all := read[adminapi.Page[adminapi.Pause]](t, w.call(http.MethodGet, "/pauses", nil), http.StatusOK).Items; len(all) != 0 {
		t.Errorf("%+v", all)
	}
}

// A token that is restricted to a tenant pauses that one, and no other. Of the pause of all it learns that there is one, not why.
func TestWhoMayPauseWhat(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.create("beta")
	in := adminapi.BeginPause{Reason: "example"}
	token := w.token([]access.Permission{access.OperationsWrite, access.JobsRead}, "alpha")
	read[adminapi.BegunPause](t, w.callAs(token, http.MethodPut, "/tenants/alpha/pauses/intake", in), http.StatusOK)
	for _, path := range []string{"/pauses/intake", "/tenants/beta/pauses/intake"} {
		refused(t, w.callAs(token, http.MethodPut, path, in), http.StatusForbidden)
		refused(t, w.callAs(token, http.MethodDelete, path, nil), http.StatusForbidden)
	}
	for _, path := range []string{"/pauses", "/pauses?tenant_id=beta"} {
		refused(t, w.callAs(token, http.MethodGet, path, nil), http.StatusForbidden)
	}
	read[adminapi.BegunPause](t, w.call(http.MethodPut, "/pauses/intake", in), http.StatusOK)
	of := read[adminapi.Page[adminapi.Pause]](t, w.callAs(token, http.MethodGet, "/pauses?tenant_id=alpha", nil), http.StatusOK).Items
	if len(of) != 2 || of[0].Reason != "" || of[0].By != "" || of[1].Reason != "example" {
		t.Errorf("%+v", of)
	}
	refused(t, w.callAs(w.token([]access.Permission{access.JobsWrite}), http.MethodPut, "/pauses/intake", in), http.StatusForbidden, "operations:write")
}
