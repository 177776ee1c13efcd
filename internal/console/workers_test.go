package console_test

import (
	"net/http"
	"testing"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/crew"
)

func (w *world) beat(replica string, state crew.State) {
	w.t.Helper()
	if _, err := crew.NewRegister(w.store.DB).Beat(w.t.Context(), crew.Member{Replica: replica, Version: "v1", State: state, Steps: 2}); err != nil {
		w.t.Fatal(err)
	}
}

func TestDrainAWorker(t *testing.T) {
	w := newWorld(t)
	w.beat("one", crew.Working)
	w.beat("two", crew.Working)
	workers := func() []adminapi.Worker {
		return read[adminapi.Page[adminapi.Worker]](t, w.call(http.MethodGet, "/workers", nil), http.StatusOK).Items
	}
	if all := workers(); len(all) != 2 || all[0].Replica != "one" || all[0].State != adminapi.WorkerWorking || all[0].Steps != 2 || all[0].Drain {
		t.Fatalf("%+v", all)
	}
	done := read[adminapi.Worker](t, w.call(http.MethodPost, "/workers/one/drain", adminapi.DrainWorker{}), http.StatusOK)
	if !done.Drain || done.DrainedBy == "" || done.DrainedAt == nil {
		t.Errorf("%+v", done)
	}
	read[adminapi.Worker](t, w.call(http.MethodPost, "/workers/one/drain", adminapi.DrainWorker{}), http.StatusOK)
	refused(t, w.call(http.MethodPost, "/workers/two/drain", adminapi.DrainWorker{}), http.StatusConflict, "even_last")
	read[adminapi.Worker](t, w.call(http.MethodPost, "/workers/two/drain", adminapi.DrainWorker{EvenLast: true}), http.StatusOK)
	w.beat("one", crew.Drained)
	w.exec("UPDATE workers SET seen_at = now() - interval '1 minute' WHERE replica = 'two'")
	if all := workers(); all[0].State != adminapi.WorkerDrained || all[1].State != "silent" {
		t.Errorf("%+v", all)
	}
	read[adminapi.Worker](t, w.call(http.MethodPost, "/workers/one/undrain", nil), http.StatusOK)
	refused(t, w.call(http.MethodPost, "/workers/three/drain", adminapi.DrainWorker{}), http.StatusNotFound, "no such worker")
	refused(t, w.call(http.MethodPost, "/workers/three/undrain", nil), http.StatusNotFound)
	drains, undrains := w.entries(audit.Query{Operation: audit.OperationWorkerDrain}), w.entries(audit.Query{Operation: audit.OperationWorkerUndrain})
	if len(drains) != 2 || drains[1].Target != "one" || len(undrains) != 1 {
		t.Errorf("the audit log has %+v, %+v", drains, undrains)
	}
	w.create("alpha")
	restricted := w.token([]access.Permission{access.OperationsWrite, access.JobsRead}, "alpha")
	refused(t, w.callAs(restricted, http.MethodGet, "/workers", nil), http.StatusForbidden)
	refused(t, w.callAs(restricted, http.MethodPost, "/workers/one/drain", adminapi.DrainWorker{}), http.StatusForbidden)
}
