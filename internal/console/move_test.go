package console_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/crew"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func (w *world) beatOf(enhancer, replica string) {
	w.t.Helper()
	_, err := crew.NewRegister(w.store.DB).Beat(w.t.Context(), crew.Member{Replica: replica, Enhancer: enhancer, Version: "v1", State: crew.Working})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestMoveATenant(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.create("beta")
	const path = "/tenants/alpha/move"
	there, back := adminapi.MoveTenant{To: tenant.IsolationDedicated}, adminapi.MoveTenant{To: tenant.IsolationShared}
	w.beatOf("", "shared-1")
	refused(t, w.call(http.MethodPost, path, there), http.StatusConflict, "even_without_workers")
	w.beatOf("alpha", "alpha-1")
	moved := read[adminapi.MovedTenant](t, w.call(http.MethodPost, path, there), http.StatusOK)
	if moved.From != tenant.IsolationShared || moved.Tenant.Isolation != tenant.IsolationDedicated || moved.Tenant.Version < 2 {
		t.Errorf("%+v", moved)
	}
	if again := read[adminapi.MovedTenant](t, w.call(http.MethodPost, path, there), http.StatusOK); again.From != tenant.IsolationDedicated ||
		again.Tenant.Version != moved.Tenant.Version {
		t.Errorf("again: %+v", again)
	}
	if beta := read[adminapi.Tenant](t, w.call(http.MethodGet, "/tenants/beta", nil), http.StatusOK); beta.Isolation != tenant.IsolationShared {
		t.Errorf("another tenant: %+v", beta)
	}
	workers := read[adminapi.Page[adminapi.Worker]](t, w.call(http.MethodGet, "/workers", nil), http.StatusOK).Items
	if len(workers) != 2 || workers[0].Enhancer+workers[1].Enhancer != "alpha" {
		t.Errorf("%+v", workers)
	}
	// Each is the last one of its enhancer.
	refused(t, w.call(http.MethodPost, "/workers/alpha-1/drain", adminapi.DrainWorker{}), http.StatusConflict, "even_last")

	back.TakeOver = true
	refused(t, w.call(http.MethodPost, path, back), http.StatusConflict, "stop it first")
	w.exec("UPDATE workers SET seen_at = now() - interval '1 minute' WHERE replica = 'alpha-1'")
	w.exec(`INSERT INTO enhancement_history (tenant_id, job_id, ticket_id, event, description, priority, correlation_id, status, started_at, begun_by)
		VALUES ('alpha', gen_random_uuid(), '1', 'created', 'd', 'p', 'c', 'running', now(), 'alpha')`)
	taken := read[adminapi.MovedTenant](t, w.call(http.MethodPost, path, back), http.StatusOK)
	if taken.TakenOver != 1 || taken.Waiting != 1 || taken.Elsewhere != 0 {
		t.Errorf("taken over: %+v", taken)
	}
	entries := w.entries(audit.Query{Operation: audit.OperationTenantMove})
	if len(entries) != 3 || entries[0].Detail["to"] != "shared" || entries[0].Detail["taken_over"] != "1" || entries[0].TenantID != "alpha" {
		t.Errorf("the audit log has %+v", entries)
	}
}

func TestWhereATenantIsNotMoved(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.beatOf("", "shared-1")
	there := adminapi.MoveTenant{To: tenant.IsolationDedicated, EvenWithoutWorkers: true}
	refused(t, w.call(http.MethodPost, "/tenants/alpha/move", adminapi.MoveTenant{To: "elsewhere"}), http.StatusUnprocessableEntity, "body.to")
	refused(t, w.call(http.MethodPost, "/tenants/nobody/move", there), http.StatusNotFound)
	long := strings.Repeat("a", 50)
	w.create(long)
	refused(t, w.call(http.MethodPost, "/tenants/"+long+"/move", there), http.StatusUnprocessableEntity, "49 characters")
	reader := w.token([]access.Permission{access.TenantsWrite}, "alpha")
	refused(t, w.callAs(reader, http.MethodPost, "/tenants/alpha/move", there), http.StatusForbidden)
	stranger := w.token([]access.Permission{access.OperationsWrite}, long)
	refused(t, w.callAs(stranger, http.MethodPost, "/tenants/alpha/move", there), http.StatusForbidden)
}
