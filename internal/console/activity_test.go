package console_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
)

func TestTheJobsOfAllTenantsAndOfOne(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.create("beta")
	w.queued("alpha", "1", enhancement.QueueWaiting, 4*time.Hour)
	w.queued("alpha", "2", enhancement.QueueHeld, 3*time.Hour)
	w.queued("alpha", "3", enhancement.QueueRunning, 2*time.Hour)
	failed := w.queued("alpha", "4", enhancement.QueueFailed, time.Hour)
	other := w.queued("beta", "9", enhancement.QueueFailed, 30*time.Minute)
	jobs := func(query string) []adminapi.Job {
		t.Helper()
		return read[adminapi.Page[adminapi.Job]](t, w.call(http.MethodGet, "/jobs"+query, nil), http.StatusOK).Items
	}
	if all := jobs(""); len(all) != 5 || all[0].JobID != other.ID {
		t.Errorf("all: %+v", all)
	}
	if some := jobs("?status=failed"); len(some) != 2 || some[1].JobID != failed.ID {
		t.Errorf("failed: %+v", some)
	}
	if some := jobs("?tenant_id=beta&ticket_id=9"); len(some) != 1 || some[0].JobID != other.ID {
		t.Errorf("of beta: %+v", some)
	}
	first := read[adminapi.Page[adminapi.Job]](t, w.call(http.MethodGet, "/jobs?limit=2", nil), http.StatusOK)
	if rest := jobs("?limit=500&cursor=" + first.Next); len(first.Items) != 2 || len(rest) != 3 || rest[2].TicketID != "1" {
		t.Errorf("%+v, then %+v", first, rest)
	}
	for _, path := range []string{"/jobs?cursor=x", "/jobs?cursor=" + first.Next + "&tenant_id=alpha"} {
		read[adminapi.Problem](t, w.call(http.MethodGet, path, nil), http.StatusBadRequest)
	}
	for _, path := range []string{"/jobs?tenant_id=none", "/activity?tenant_id=none"} {
		read[adminapi.Problem](t, w.call(http.MethodGet, path, nil), http.StatusNotFound)
	}
	hours := read[adminapi.Page[adminapi.ActiveHour]](t, w.call(http.MethodGet, "/activity?hours=6", nil), http.StatusOK).Items
	sum := adminapi.ActiveHour{}
	for _, h := range hours {
		sum.Failed += h.Failed
		sum.Unfinished += h.Unfinished
	}
	if len(hours) != 7 || sum.Failed != 2 || sum.Unfinished != 3 {
		t.Errorf("%+v", hours)
	}
	token := w.token(access.RoleViewer.Permissions(), "beta")
	for path, status := range map[string]int{
		"/jobs": http.StatusForbidden, "/jobs?tenant_id=alpha": http.StatusForbidden, "/jobs?tenant_id=beta": http.StatusOK,
		"/activity": http.StatusForbidden, "/activity?tenant_id=alpha": http.StatusForbidden, "/activity?tenant_id=beta": http.StatusOK,
	} {
		if got := w.callAs(token, http.MethodGet, path, nil); got.Code != status {
			t.Errorf("%s with a token of beta: %d", path, got.Code)
		}
	}
}
