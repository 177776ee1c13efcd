package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/enhancement"
)

func TestCancelAJob(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	waiting, held, running, failed := w.oneOfEach()
	in := adminapi.CancelJob{Run: 1, Note: "nobody needs it"}
	for _, j := range []enhancement.Job{waiting, held, running} {
		path := "/tenants/alpha/jobs/" + j.ID
		done := read[adminapi.CancelledJob](t, w.call(http.MethodPost, path+"/cancel", in), http.StatusOK)
		if !done.Cancelled || done.Before || done.NoteMayFollow || !strings.Contains(done.FailureReason, in.Note) {
			t.Errorf("cancelled: %+v", done)
		}
		if again := read[adminapi.CancelledJob](t, w.call(http.MethodPost, path+"/cancel", in), http.StatusOK); !again.Before {
			t.Errorf("again: %+v", again)
		}
		if shown := read[adminapi.Job](t, w.call(http.MethodGet, path, nil), http.StatusOK); !shown.Cancelled || shown.Status != enhancement.StatusFailed {
			t.Errorf("shown: %+v", shown)
		}
	}
	if entries := w.entries(audit.Query{Operation: audit.OperationJobCancel}); len(entries) != 3 || entries[0].Target != running.ID || entries[0].Detail["run"] != "1" || entries[0].Detail["note"] != in.Note {
		t.Errorf("the audit log has %+v", entries)
	}
	if n := w.metric("enhancement_cancelled_total"); n != 3 || w.metric("enhancement_requests_total") != 0 {
		t.Errorf("%v are counted, %v of them as ended", n, w.metric("enhancement_requests_total"))
	}
	refused(t, w.call(http.MethodPost, "/tenants/alpha/jobs/"+failed.ID+"/cancel", in), http.StatusConflict, "has ended")
	refused(t, w.call(http.MethodPost, "/tenants/alpha/jobs/"+waiting.ID+"/cancel", adminapi.CancelJob{Run: 2, Note: "example"}), http.StatusConflict, "another run")
	refused(t, w.call(http.MethodPost, "/tenants/alpha/jobs/"+waiting.ID+"/cancel", adminapi.CancelJob{Run: 1, Note: "    "}), http.StatusUnprocessableEntity, "blank")
	refused(t, w.call(http.MethodPost, "/tenants/alpha/jobs/"+waiting.ID+"/cancel", adminapi.CancelJob{Note: "example"}), http.StatusUnprocessableEntity, "run")
	refused(t, w.call(http.MethodPost, "/tenants/alpha/jobs/no-job/cancel", in), http.StatusNotFound)
	refused(t, w.call(http.MethodPost, "/tenants/nobody/jobs/"+waiting.ID+"/cancel", in), http.StatusNotFound)
	w.create("beta")
	refused(t, w.call(http.MethodPost, "/tenants/beta/jobs/"+waiting.ID+"/cancel", in), http.StatusNotFound)
	refused(t, w.callAs(w.token([]access.Permission{access.JobsRead}), http.MethodPost, "/tenants/alpha/jobs/"+waiting.ID+"/cancel", in), http.StatusForbidden)
}

func TestRunAJobAgain(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	j := w.queued("alpha", "1", enhancement.QueueWaiting, time.Hour)
	path := "/tenants/alpha/jobs/" + j.ID + "/rerun"
	in := adminapi.RerunJob{Run: 1, Refetch: true}
	refused(t, w.call(http.MethodPost, path, in), http.StatusConflict, "not been completed")
	w.exec("UPDATE enhancement_history SET status = 'completed', finished_at = now(), note_id = '5'")
	again := read[adminapi.Job](t, w.call(http.MethodPost, path, in), http.StatusAccepted)
	if again.Run != 2 || again.Status != enhancement.StatusPending || !w.job(j).Refetch || len(w.bus.requested) != 1 || w.bus.requested[0].JobID != j.ID {
		t.Errorf("%+v; requested %+v", again, w.bus.requested)
	}
	refused(t, w.call(http.MethodPost, path, in), http.StatusConflict, "another run") // a double click
	if entries := w.entries(audit.Query{Operation: audit.OperationJobRerun}); len(entries) != 1 || entries[0].Detail["run"] != "2" {
		t.Errorf("the audit log has %+v", entries)
	}
	w.exec("UPDATE enhancement_history SET status = 'completed', finished_at = now(), received_at = now() - interval '1 day'")
	later := enhancement.New("alpha", enhancement.EventUpdated, j.Ticket, "c")
	w.exec(`INSERT INTO enhancement_history (tenant_id, job_id, ticket_id, event, description, priority, correlation_id)
		VALUES ('alpha', $1, '1', 'updated', 'd', 'High', 'c')`, later.ID)
	refused(t, w.call(http.MethodPost, path, adminapi.RerunJob{Run: 2}), http.StatusConflict, "later job")
	refused(t, w.call(http.MethodPost, "/tenants/nobody/jobs/"+j.ID+"/rerun", in), http.StatusNotFound)
	refused(t, w.callAs(w.token([]access.Permission{access.JobsRead}), http.MethodPost, path, in), http.StatusForbidden)
}
