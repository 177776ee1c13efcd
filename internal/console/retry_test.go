package console_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// failed is a job of alpha that has failed, and the path to begin it anew.
func (w *world) failed(ticketID string) (enhancement.Job, string) {
	w.t.Helper()
	j := enhancement.New("alpha", enhancement.EventCreated, ticket.Ticket{ID: ticketID, Description: "It is on fire", Priority: "High"}, "example-correlation")
	books := ledger.New(w.store.DB)
	if _, err := books.Accept(w.t.Context(), j); err != nil {
		w.t.Fatal(err)
	}
	if _, err := books.Fail(w.t.Context(), "alpha", j.ID, 1, "example"); err != nil {
		w.t.Fatal(err)
	}
	return j, "/tenants/alpha/jobs/" + j.ID + "/retry"
}

func TestAFailedJobIsBegunAnew(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	j, path := w.failed("1")
	operator := w.token(access.RoleOperator.Permissions())
	begun := read[adminapi.Job](t, w.callAs(operator, http.MethodPost, path, nil), http.StatusAccepted)
	if begun.Status != enhancement.StatusPending || begun.Run != 2 || begun.FailureReason != "" {
		t.Errorf("begun %+v", begun)
	}
	if len(w.bus.requested) != 1 {
		t.Fatalf("%d messages", len(w.bus.requested))
	}
	if m := w.bus.requested[0]; m.Validate() != nil || m.JobID != j.ID || m.TenantID != "alpha" || m.CorrelationID != "example-correlation" || m.Description != "It is on fire" {
		t.Errorf("published %+v", m)
	}
	entry := w.entries(audit.Query{Operation: audit.OperationJobRetry})[0]
	if entry.Target != j.ID || entry.TenantID != "alpha" || entry.Detail["run"] != "2" || !strings.HasPrefix(entry.Actor, "token:") {
		t.Errorf("entry %+v", entry)
	}
	refused(t, w.call(http.MethodPost, path, nil), http.StatusConflict, "the job is pending")
	if len(w.bus.requested) != 1 || len(w.entries(audit.Query{Operation: audit.OperationJobRetry})) != 1 {
		t.Error("what was refused left its traces")
	}
}

func TestAJobThatIsNotToBeBegunAnew(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	_, path := w.failed("1")
	refused(t, w.callAs(w.token(access.RoleViewer.Permissions()), http.MethodPost, path, nil), http.StatusForbidden, "jobs:write")
	refused(t, w.call(http.MethodPost, "/tenants/alpha/jobs/nope/retry", nil), http.StatusNotFound, "no such job")
	refused(t, w.call(http.MethodPost, strings.Replace(path, "alpha", "beta", 1), nil), http.StatusNotFound, "no such tenant")
	read[adminapi.Tenant](t, w.call(http.MethodPost, "/tenants/alpha/disable", nil), http.StatusOK)
	refused(t, w.call(http.MethodPost, path, nil), http.StatusConflict, "enable it first")
	if len(w.bus.requested) != 0 {
		t.Error("a job was put on the queue")
	}
}

// The job is pending: the sweeper will start it.
func TestAJobIsBegunAnewWithoutTheQueue(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	_, path := w.failed("1")
	w.bus.err = errors.New("example: the sidecar is down")
	if begun := read[adminapi.Job](t, w.call(http.MethodPost, path, nil), http.StatusAccepted); begun.Status != enhancement.StatusPending {
		t.Errorf("begun %+v", begun)
	}
	if !strings.Contains(w.log.String(), "could not be put on the queue") {
		t.Error("nobody learns of it")
	}
}
