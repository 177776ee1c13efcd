package console_test

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
)

func TestTheLifeOfATenant(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	read[adminapi.Change](t, w.call(http.MethodPost, "/tenants/alpha/subnets/batch",
		adminapi.SubnetBatch{Rows: []inventory.Subnet{{Network: "192.0.2.0/24", Name: "example"}}}), http.StatusOK)
	step := func(method, path string, want adminapi.TenantStatus, op audit.Operation) {
		t.Helper()
		before := w.alpha()
		rec := w.call(method, "/tenants/alpha"+path, nil)
		var got adminapi.Tenant
		if method == http.MethodDelete {
			got = read[adminapi.Deletion](t, rec, http.StatusOK).Tenant
		} else {
			got = read[adminapi.Tenant](t, rec, http.StatusOK)
		}
		if got.Status != want || got.Version <= before.Version || rec.Header().Get("ETag") == "" {
			t.Errorf("%s: %s, version %d, ETag %q", path, got.Status, got.Version, rec.Header().Get("ETag"))
		}
		if e := w.entries(audit.Query{TenantID: "alpha"})[0]; e.Operation != op {
			t.Errorf("%s: the entry is %s", path, e.Operation)
		}
		if last := w.bus.last(); last != (event.TenantChanged{TenantID: "alpha", Version: got.Version}) {
			t.Errorf("%s: published %+v", path, last)
		}
	}
	refused(t, w.call(http.MethodPost, "/tenants/alpha/disable", nil, "If-Match", `"9"`), http.StatusPreconditionFailed)
	refused(t, w.call(http.MethodPost, "/tenants/alpha/restore", nil), http.StatusConflict, "not deleted")
	refused(t, w.call(http.MethodPost, "/tenants/alpha/purge", adminapi.PurgeTenant{Confirm: "alpha"}, "If-Match", w.alpha().ETag()), http.StatusConflict, "not deleted")
	step(http.MethodPost, "/disable", adminapi.TenantDisabled, audit.OperationTenantDisable)
	step(http.MethodPost, "/enable", adminapi.TenantEnabled, audit.OperationTenantEnable)
	step(http.MethodDelete, "", adminapi.TenantDeleted, audit.OperationTenantDelete)
	refused(t, w.call(http.MethodPost, "/tenants/alpha/enable", nil), http.StatusConflict, "restore it first")
	refused(t, w.call(http.MethodPut, "/tenants/alpha", example("alpha").TenantSpec, "If-Match", w.alpha().ETag()), http.StatusConflict, "restore it first")
	refused(t, w.call(http.MethodPost, "/tenants/alpha/subnets/batch",
		adminapi.SubnetBatch{Rows: []inventory.Subnet{{Network: "192.0.2.0/24", Name: "example"}}}), http.StatusConflict, "restore it first")
	step(http.MethodPost, "/restore", adminapi.TenantDisabled, audit.OperationTenantRestore)
}

func TestAPurgeTakesTwoSteps(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.create("beta")
	for _, id := range []string{"alpha", "beta"} {
		read[adminapi.Change](t, w.call(http.MethodPost, "/tenants/"+id+"/subnets/batch",
			adminapi.SubnetBatch{Rows: []inventory.Subnet{{Network: "192.0.2.0/24", Name: "example"}}}), http.StatusOK)
	}
	rec := w.call(http.MethodDelete, "/tenants/alpha", nil)
	deletion := read[adminapi.Deletion](t, rec, http.StatusOK)
	if deletion.Uncounted || deletion.Rows["subnets"] != 1 || deletion.Total < 2 {
		t.Errorf("a purge would remove %v", deletion.Rows)
	}
	tag := rec.Header().Get("ETag")
	confirm := adminapi.PurgeTenant{Confirm: "alpha"}
	refused(t, w.call(http.MethodPost, "/tenants/alpha/purge", confirm), http.StatusPreconditionRequired, "If-Match")
	refused(t, w.call(http.MethodPost, "/tenants/alpha/purge", confirm, "If-Match", `"1"`), http.StatusPreconditionFailed)
	refused(t, w.call(http.MethodPost, "/tenants/alpha/purge", adminapi.PurgeTenant{Confirm: "beta"}, "If-Match", tag),
		http.StatusUnprocessableEntity, "body.confirm")
	purged := read[adminapi.Purged](t, w.call(http.MethodPost, "/tenants/alpha/purge", confirm, "If-Match", tag), http.StatusOK)
	if purged.Rows["subnets"] != 1 || purged.Total != deletion.Total {
		t.Errorf("removed %v, announced %v", purged.Rows, deletion.Rows)
	}
	for i, phase := range []string{"end", "begin"} {
		if e := w.entries(audit.Query{Operation: audit.OperationTenantPurge})[i]; e.Detail["phase"] != phase || e.Detail["subnets"] != "1" ||
			e.Detail["total"] != strconv.FormatInt(purged.Total, 10) {
			t.Errorf("entry %+v", e)
		}
	}
	refused(t, w.call(http.MethodGet, "/tenants/alpha", nil), http.StatusNotFound)
	entries := w.entries(audit.Query{TenantID: "alpha", Operation: audit.OperationTenantPurge})
	if len(entries) != 2 || entries[0].Detail["phase"] != "end" || entries[1].Detail["phase"] != "begin" || entries[1].Detail["subnets"] != "1" {
		t.Errorf("entries %+v", entries)
	}
	if last := w.bus.last(); last != (event.TenantChanged{TenantID: "alpha"}) {
		t.Errorf("published %+v", last)
	}
	if rows := read[adminapi.Deletion](t, w.call(http.MethodDelete, "/tenants/beta", nil), http.StatusOK).Rows; rows["subnets"] != 1 {
		t.Errorf("the other tenant has %v left", rows)
	}
}

// What is done must not be answered as if it were not.
func TestADeletionIsToldWhateverBecomesOfTheCounts(t *testing.T) {
	t.Parallel() // it waits
	for name, hinder := range map[string]func(w *world){
		"counting takes long": func(w *world) { w.locked("subnets") },
		"counting fails": func(w *world) {
			if _, err := w.store.Database.Admin.Exec(t.Context(), "REVOKE SELECT ON subnets FROM console_user, app_user"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.create("alpha")
			hinder(w)
			rec := w.call(http.MethodDelete, "/tenants/alpha", nil)
			got := read[adminapi.Deletion](t, rec, http.StatusOK)
			if got.Tenant.Status != adminapi.TenantDeleted || !got.Uncounted || got.Total != 0 || rec.Header().Get("ETag") == "" {
				t.Errorf("answer %s", rec.Body)
			}
		})
	}
}
