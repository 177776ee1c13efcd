package console_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/deadletter"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// queued puts a job of the tenant into the ledger, as it stands in the state, received so long ago.
func (w *world) queued(tenantID, ticketID string, state enhancement.QueueState, ago time.Duration) enhancement.Job {
	w.t.Helper()
	j := enhancement.New(tenantID, enhancement.EventCreated, ticket.Ticket{ID: ticketID, Description: "d", Priority: "High"}, "c")
	if _, err := ledger.New(w.store.DB).AcceptQueued(w.t.Context(), j); err != nil {
		w.t.Fatal(err)
	}
	set := map[enhancement.QueueState]string{
		enhancement.QueueWaiting: "status = 'pending'",
		enhancement.QueueHeld:    "held_for = 'servicedesk', held_since = now() - interval '5 minutes'",
		enhancement.QueueRunning: "status = 'running', started_at = now()",
		enhancement.QueueFailed:  "status = 'failed', failure_reason = 'Example: bad key', finished_at = now()",
	}[state]
	w.exec("UPDATE enhancement_history SET received_at = now() - $2::interval, "+set+" WHERE job_id = $1", j.ID, ago)
	return j
}

func (w *world) exec(statement string, args ...any) {
	w.t.Helper()
	if _, err := w.store.Database.Admin.Exec(w.t.Context(), statement, args...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) job(j enhancement.Job) enhancement.Job {
	w.t.Helper()
	now, err := ledger.New(w.store.DB).Job(w.t.Context(), j.TenantID, j.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return now
}

// oneOfEach fills alpha's queue with a job of each state, the first the oldest.
func (w *world) oneOfEach() (waiting, held, running, failed enhancement.Job) {
	w.t.Helper()
	waiting, held = w.queued("alpha", "1", enhancement.QueueWaiting, 4*time.Hour), w.queued("alpha", "2", enhancement.QueueHeld, 3*time.Hour)
	running, failed = w.queued("alpha", "3", enhancement.QueueRunning, 2*time.Hour), w.queued("alpha", "4", enhancement.QueueFailed, time.Hour)
	return waiting, held, running, failed
}

func TestTheQueuesOfAllTenantsAndOfOne(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.create("beta")
	waiting, _, _, failed := w.oneOfEach()
	w.queued("beta", "1", enhancement.QueueWaiting, time.Hour)
	if _, err := ledger.New(w.store.DB).Undelivered(t.Context(), "alpha", waiting.ID, "example"); err != nil {
		t.Fatal(err)
	}
	w.exec("UPDATE enhancement_history SET finished_at = now() - interval '25 hours' WHERE job_id = $1", w.queued("alpha", "5", enhancement.QueueFailed, 30*time.Hour).ID)

	all := read[adminapi.Page[adminapi.QueueAccount]](t, w.call(http.MethodGet, "/queue", nil), http.StatusOK).Items
	if len(all) != 2 || all[0].TenantID != "alpha" || all[1].TenantID != "beta" || all[1].Waiting != 1 {
		t.Fatalf("all: %+v", all)
	}
	a := all[0]
	if a.Waiting != 1 || a.Held != 1 || a.Running != 1 || a.Failed != 1 || a.Troubled != 1 || fmt.Sprint(a.HeldFor) != "[servicedesk]" {
		t.Errorf("alpha: %+v", a)
	}
	if len(read[adminapi.Page[adminapi.Job]](t, w.call(http.MethodGet, "/tenants/alpha/queue?reason=bad&ticket_id="+failed.Ticket.ID, nil), http.StatusOK).Items) != 1 {
		t.Error("the failed job is not listed")
	}
	if a.Oldest == nil || time.Since(*a.Oldest).Round(time.Hour) != 4*time.Hour || a.HeldSince == nil || time.Since(*a.HeldSince).Round(time.Minute) != 5*time.Minute {
		t.Errorf("alpha's times: %v, %v", a.Oldest, a.HeldSince)
	}

	restricted := w.token([]access.Permission{access.JobsRead}, "beta")
	own := read[adminapi.Page[adminapi.QueueAccount]](t, w.callAs(restricted, http.MethodGet, "/queue?tenant_id=beta", nil), http.StatusOK).Items
	if len(own) != 1 || own[0].TenantID != "beta" || own[0].Waiting != 1 || own[0].Held != 0 {
		t.Errorf("beta's own: %+v", own)
	}
	for _, path := range []string{"/queue", "/queue?tenant_id=alpha", "/queue/dead-letters", "/tenants/alpha/queue"} {
		refused(t, w.callAs(restricted, http.MethodGet, path, nil), http.StatusForbidden, "restricted to some tenants")
	}
	refused(t, w.callAs(w.token([]access.Permission{access.TenantsRead}), http.MethodGet, "/queue", nil), http.StatusForbidden, "jobs:read")
	refused(t, w.call(http.MethodGet, "/queue?tenant_id=nobody", nil), http.StatusNotFound, "no such tenant")
}

func TestTheJobsOfAQueue(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.create("beta")
	waiting, held, running, failed := w.oneOfEach()
	w.queued("beta", "9", enhancement.QueueFailed, time.Hour)
	ago := func(d time.Duration) string { return url.QueryEscape(time.Now().Add(-d).Format(time.RFC3339Nano)) }
	for query, want := range map[string][]enhancement.Job{
		"":                            {waiting, held, running, failed},
		"?state=waiting":              {waiting},
		"?state=held":                 {held},
		"?state=running&state=failed": {running, failed},
		"?reason=BAD%20key":           {failed},
		"?reason=no%25such":           {},
		"?ticket_id=3":                {running},
		"?received_before=" + ago(150*time.Minute): {waiting, held},
		"?received_after=" + ago(150*time.Minute):  {running, failed},
	} {
		got := read[adminapi.Page[adminapi.Job]](t, w.call(http.MethodGet, "/tenants/alpha/queue"+query, nil), http.StatusOK).Items
		var ids, wanted []string
		for i := range got {
			ids = append(ids, got[i].TicketID)
		}
		for i := range want {
			wanted = append(wanted, want[i].Ticket.ID)
		}
		if fmt.Sprint(ids) != fmt.Sprint(wanted) {
			t.Errorf("%s gives tickets %v, want %v", query, ids, wanted)
		}
	}
	// Page by page.
	var seen []string
	for cursor, pages := "", 0; ; pages++ {
		page := read[adminapi.Page[adminapi.Job]](t, w.call(http.MethodGet, "/tenants/alpha/queue?limit=3&cursor="+cursor, nil), http.StatusOK)
		for i := range page.Items {
			seen = append(seen, page.Items[i].TicketID)
		}
		if cursor = page.Next; cursor == "" {
			if pages != 1 {
				t.Errorf("%d pages", pages+1)
			}
			break
		}
	}
	if fmt.Sprint(seen) != "[1 2 3 4]" {
		t.Errorf("page by page: %v", seen)
	}
	refused(t, w.call(http.MethodGet, "/tenants/alpha/queue?state=completed", nil), http.StatusUnprocessableEntity, "query.state")
	refused(t, w.call(http.MethodGet, "/tenants/alpha/queue?cursor=x", nil), http.StatusBadRequest, "cursor")
	refused(t, w.call(http.MethodGet, "/tenants/nobody/queue", nil), http.StatusNotFound, "no such tenant")
}

// change asks for a change until its end.
func (w *world) change(path string, body map[string]any) (done int, released []string) {
	w.t.Helper()
	for range 100 {
		c := read[adminapi.QueueChanged](w.t, w.call(http.MethodPost, path, body), http.StatusOK)
		done, released = done+c.Done, append(released, c.Released...)
		if c.Next == "" {
			return done, released
		}
		body["cursor"] = c.Next
	}
	w.t.Fatal("the change does not end")
	return 0, nil
}

func TestFailedJobsAreBegunAnewInBulk(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.create("beta")
	waiting, held, running, failed := w.oneOfEach()
	beta := w.queued("beta", "4", enhancement.QueueFailed, time.Hour)
	for i := range adminapi.MostQueueJobs {
		w.queued("alpha", strconv.Itoa(100+i), enhancement.QueueFailed, time.Minute)
	}
	w.exec(`INSERT INTO dependency_outages (tenant_id, dependency, since, probe_after) VALUES ('alpha', 'servicedesk', now(), now() + interval '1 hour')`)

	body := map[string]any{"all": true, "dry_run": true}
	dry := read[adminapi.QueueChanged](t, w.call(http.MethodPost, "/tenants/alpha/queue/retry", body), http.StatusOK)
	p := dry.Preview
	if p == nil || p.Jobs != adminapi.MostQueueJobs+2 || p.Held != 1 || len(p.First) != 5 || p.First[0].JobID != held.ID || p.First[1].JobID != failed.ID || dry.Done != 0 {
		t.Fatalf("preview %+v", dry)
	}
	if got := w.job(failed); got.Status != enhancement.StatusFailed {
		t.Errorf("a dry run made it %s", got.Status)
	}
	// What fails afterwards was not seen.
	late := w.queued("alpha", "999", enhancement.QueueFailed, 3*time.Hour)
	done, released := w.change("/tenants/alpha/queue/retry", map[string]any{"all": true, "as_of": p.AsOf})
	if done != adminapi.MostQueueJobs+1 || fmt.Sprint(released) != "[servicedesk]" {
		t.Errorf("%d were begun anew, %v released", done, released)
	}
	got := w.job(failed)
	if got.Status != enhancement.StatusPending || got.Run != 2 || got.FailureReason != "" || !got.ReceivedAt.Equal(w.job(failed).ReceivedAt) || !got.AskedAt.After(got.ReceivedAt) {
		t.Errorf("begun anew %+v", got)
	}
	for name, c := range map[string]struct {
		job  enhancement.Job
		want enhancement.Status
	}{
		"waiting": {waiting, enhancement.StatusPending}, "running": {running, enhancement.StatusRunning}, "held": {held, enhancement.StatusPending},
		"late": {late, enhancement.StatusFailed}, "of beta": {beta, enhancement.StatusFailed},
	} {
		if now := w.job(c.job); now.Status != c.want || now.Run != 1 {
			t.Errorf("the job that is %s is %s in run %d", name, now.Status, now.Run)
		}
	}
	var due bool
	if err := w.store.Database.Admin.QueryRow(t.Context(), "SELECT probe_after <= now() FROM dependency_outages").Scan(&due); err != nil || !due {
		t.Errorf("the dependency is not tried at once: %v", err)
	}
	// One message for each part, and an entry with its number.
	if len(w.bus.requested) != 2 || w.bus.requested[0].JobID != failed.ID {
		t.Errorf("%d messages", len(w.bus.requested))
	}
	entries := w.entries(audit.Query{Operation: audit.OperationQueueRetry})
	if len(entries) != 3 || entries[0].Detail["jobs"] != "1" || entries[1].Detail["jobs"] != "100" || entries[2].Detail["released"] != "servicedesk" ||
		entries[1].Detail["selected_by"] != "all" || entries[1].Detail["first"] != failed.ID {
		t.Errorf("entries %+v", entries)
	}
	// Again, it finds nothing to do.
	if done, _ := w.change("/tenants/alpha/queue/retry", map[string]any{"all": true, "as_of": p.AsOf}); done != 0 {
		t.Errorf("%d were begun anew once more", done)
	}
}

func TestJobsThatWaitAreDropped(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	waiting, held, running, failed := w.oneOfEach()
	read[adminapi.Tenant](t, w.call(http.MethodPost, "/tenants/alpha/disable", nil), http.StatusOK) // which is when one wants to
	const path = "/tenants/alpha/queue/drop"
	dry := read[adminapi.QueueChanged](t, w.call(http.MethodPost, path, map[string]any{"all": true, "note": "flood", "dry_run": true}), http.StatusOK)
	if dry.Preview.Jobs != 2 || dry.Preview.Held != 1 {
		t.Errorf("preview %+v", dry.Preview)
	}
	if done, _ := w.change(path, map[string]any{"job_ids": []string{held.ID, running.ID, failed.ID}, "note": "flood\u202e of tests"}); done != 1 {
		t.Errorf("%d were dropped", done)
	}
	if got := w.job(held); got.Status != enhancement.StatusFailed || got.HeldFor != "" || got.FailureReason != "dropped by an operator: flood of tests" || got.FinishedAt.IsZero() {
		t.Errorf("dropped %+v", got)
	}
	if w.job(running).Status != enhancement.StatusRunning || w.job(waiting).Status != enhancement.StatusPending || w.job(failed).FailureReason != "Example: bad key" {
		t.Error("more were dropped than selected and waiting")
	}
	if done, _ := w.change(path, map[string]any{"all": true, "note": "flood"}); done != 1 || w.job(waiting).Status != enhancement.StatusFailed {
		t.Errorf("%d were dropped then", done)
	}
	entries := w.entries(audit.Query{Operation: audit.OperationQueueDrop})
	if len(entries) != 2 || entries[1].Detail["selected_by"] != "job_ids" || strings.Contains(fmt.Sprint(entries[1].Detail), "flood") {
		t.Errorf("entries %+v", entries)
	}
	if n := w.metric("enhancement_cancelled_total"); n != 2 {
		t.Errorf("%v are counted", n)
	}
}

// A number that is not the one selected, as of the look, ends a change before it begins: also one that takes several requests, of which the
// first alone is asked.
func TestAChangeOfAnotherNumberOfJobsThanExpected(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	const drop, retry, many = "/tenants/alpha/queue/drop", "/tenants/alpha/queue/retry", adminapi.MostQueueJobs + 3
	for i := range many {
		w.queued("alpha", strconv.Itoa(i), enhancement.QueueWaiting, time.Minute)
	}
	failed := w.queued("alpha", "failed", enhancement.QueueFailed, time.Hour)
	body := func(more map[string]any) map[string]any {
		all := map[string]any{"all": true, "note": "flood"}
		maps.Copy(all, more)
		return all
	}
	seen := read[adminapi.QueueChanged](t, w.call(http.MethodPost, drop, body(map[string]any{"dry_run": true})), http.StatusOK).Preview
	for _, expect := range []int{0, 1, many - 1, many + 1} {
		refused(t, w.call(http.MethodPost, drop, body(map[string]any{"expect": expect, "as_of": seen.AsOf})), http.StatusConflict,
			fmt.Sprintf("%d jobs are selected, and %d were expected: nothing was done", many, expect))
	}
	refused(t, w.call(http.MethodPost, drop, body(map[string]any{"expect": -1})), http.StatusUnprocessableEntity, "body.expect")
	refused(t, w.call(http.MethodPost, retry, map[string]any{"all": true, "expect": 2}), http.StatusConflict, "1 jobs are selected, and 2")
	if w.job(failed).Status != enhancement.StatusFailed || len(w.entries(audit.Query{Operation: audit.OperationQueueDrop})) != 0 {
		t.Error("something was done")
	}
	// One that came in after the look is neither counted nor dropped.
	late := w.queued("alpha", "late", enhancement.QueueWaiting, -time.Minute)
	if done, _ := w.change(drop, body(map[string]any{"expect": many, "as_of": seen.AsOf})); done != many {
		t.Errorf("%d of %d were dropped", done, many)
	}
	if w.job(late).Status != enhancement.StatusPending {
		t.Error("the late one was dropped, too")
	}
	// What was dropped begins anew for who says why it was dropped.
	if done, _ := w.change(retry, map[string]any{"states": []string{"failed"}, "reason": "flood", "expect": many}); done != many {
		t.Errorf("%d were begun anew", done)
	}
}

func TestChangesOfAQueueThatAreRefused(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	_, _, running, failed := w.oneOfEach()
	viewer, other := w.token(access.RoleViewer.Permissions()), w.token([]access.Permission{access.JobsWrite}, "beta")
	const retry, drop = "/tenants/alpha/queue/retry", "/tenants/alpha/queue/drop"
	for _, path := range []string{retry, drop} {
		body := map[string]any{"all": true, "note": "example"}
		if path == retry {
			delete(body, "note")
		}
		refused(t, w.callAs(viewer, http.MethodPost, path, body), http.StatusForbidden, "jobs:write")
		refused(t, w.callAs(other, http.MethodPost, path, body), http.StatusForbidden, "restricted")
		refused(t, w.call(http.MethodPost, strings.Replace(path, "alpha", "nobody", 1), body), http.StatusNotFound, "no such tenant")
		for says, change := range map[string]map[string]any{
			"body.all":        {"all": false},
			"leave out one":   {"ticket_id": "4"},
			"body.states[0]":  {"states": []string{"running"}},
			"body.job_ids[0]": {"all": false, "job_ids": []string{"nope"}},
			// What selects nothing away is no selection.
			"body.reason":          {"all": false, "reason": " "},
			"body.received_before": {"all": false, "received_before": time.Time{}},
			"body.as_of":           {"as_of": time.Time{}},
			"query.cursor":         {"cursor": "nope"},
		} {
			wrong := map[string]any{}
			maps.Copy(wrong, body)
			maps.Copy(wrong, change)
			status := http.StatusUnprocessableEntity
			if says == "query.cursor" {
				status = http.StatusBadRequest
			}
			refused(t, w.call(http.MethodPost, path, wrong), status, says)
		}
	}
	refused(t, w.call(http.MethodPost, drop, map[string]any{"all": true}), http.StatusUnprocessableEntity, "note")
	read[adminapi.Tenant](t, w.call(http.MethodPost, "/tenants/alpha/disable", nil), http.StatusOK)
	refused(t, w.call(http.MethodPost, retry, map[string]any{"all": true}), http.StatusConflict, "enable it first")
	if w.job(failed).Status != enhancement.StatusFailed || w.job(running).Status != enhancement.StatusRunning || len(w.bus.requested) != 0 {
		t.Error("something was done")
	}
}

// An entry that cannot be written undoes the part that it is about.
func TestNoChangeOfAQueueWithoutItsEntry(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	waiting, _, _, failed := w.oneOfEach()
	w.exec("REVOKE EXECUTE ON FUNCTION audit_append FROM app_user")
	for path, body := range map[string]map[string]any{
		"/tenants/alpha/queue/retry": {"states": []string{"failed"}, "all": true}, "/tenants/alpha/queue/drop": {"all": true, "note": "example"},
	} {
		refused(t, w.call(http.MethodPost, path, body), http.StatusInternalServerError, "correlation id")
	}
	if w.job(waiting).Status != enhancement.StatusPending || w.job(failed).Status != enhancement.StatusFailed {
		t.Error("it was done without an entry")
	}
}

func TestDeadLettersAreShown(t *testing.T) {
	w := newWorld(t)
	letters := deadletter.NewLetters(w.store.DB)
	for i, reason := range []string{"cannot be read", "the ledger has no such job", "cannot be read"} {
		if err := letters.Keep(context.WithoutCancel(t.Context()), deadletter.Letter{Digest: [32]byte{byte(i % 2)}, Reason: reason, Excerpt: "{", Bytes: 1}); err != nil {
			t.Fatal(err)
		}
	}
	got := read[adminapi.Page[adminapi.DeadLetter]](t, w.call(http.MethodGet, "/queue/dead-letters", nil), http.StatusOK).Items
	if len(got) != 2 || got[0].Reason != "cannot be read" || got[0].Times != 2 || got[1].Times != 1 || got[0].LastAt.Before(got[0].FirstAt) {
		t.Errorf("shown %+v", got)
	}
	if one := read[adminapi.Page[adminapi.DeadLetter]](t, w.call(http.MethodGet, "/queue/dead-letters?limit=1", nil), http.StatusOK).Items; len(one) != 1 {
		t.Errorf("%d with a limit of 1", len(one))
	}
}
