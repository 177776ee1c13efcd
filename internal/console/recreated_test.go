package console_test

import (
	"net/http"
	"testing"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

// Who looked at the tenant before it was purged has not looked at the one that has its id now.
func TestAnIfMatchFromBeforeAPurgeIsRefused(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	created := w.alpha()
	deleted := read[adminapi.Deletion](t, w.call(http.MethodDelete, "/tenants/alpha", nil), http.StatusOK).Tenant
	read[adminapi.Purged](t, w.call(http.MethodPost, "/tenants/alpha/purge", adminapi.PurgeTenant{Confirm: "alpha"}, "If-Match", deleted.ETag()), http.StatusOK)
	w.create("alpha")
	spec := example("alpha").TenantSpec
	spec.Name = "Renamed"
	read[adminapi.Tenant](t, w.call(http.MethodPost, "/tenants/alpha/disable", nil), http.StatusOK) // as many changes as before
	for _, tag := range []string{created.ETag(), deleted.ETag()} {
		refused(t, w.call(http.MethodPut, "/tenants/alpha", spec, "If-Match", tag), http.StatusPreconditionFailed, "read it again")
		if rec := w.call(http.MethodGet, "/tenants/alpha", nil, "If-None-Match", tag); rec.Code != http.StatusOK {
			t.Errorf("a reader who has %s is told that nothing changed: %d", tag, rec.Code)
		}
	}
}
