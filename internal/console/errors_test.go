package console_test

import (
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/deadletter"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
)

func (w *world) errors(query string) []adminapi.Error {
	w.t.Helper()
	return read[adminapi.Page[adminapi.Error]](w.t, w.call(http.MethodGet, "/errors"+query, nil), http.StatusOK).Items
}

func TestRecentErrors(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.create("beta")
	last := ""
	for i, reason := range []string{
		"update_ticket: put the note on ticket 14295: HTTP 503, password=hunter2hunter2", "update_ticket: put the note on ticket 102: HTTP 503, password=hunter2hunter2",
	} {
		j := w.queued("alpha", []string{"101", "102"}[i], enhancement.QueueFailed, time.Hour)
		w.exec("UPDATE enhancement_history SET failure_reason = $2, finished_at = now() - $3 * interval '1 minute' WHERE job_id = $1", j.ID, reason, 10-i)
		last = j.ID
	}
	old := w.queued("alpha", "9", enhancement.QueueFailed, 3*time.Hour)
	w.exec("UPDATE enhancement_history SET failure_reason = 'long ago', finished_at = now() - interval '2 hours' WHERE job_id = $1", old.ID)
	gone := w.queued("alpha", "10", enhancement.QueueWaiting, time.Minute)
	read[adminapi.CancelledJob](t, w.call(http.MethodPost, "/tenants/alpha/jobs/"+gone.ID+"/cancel", adminapi.CancelJob{Run: 1, Note: "example"}), http.StatusOK)
	running := w.queued("beta", "1", enhancement.QueueRunning, time.Minute)
	books := ledger.New(w.store.DB)
	for _, step := range []enhancement.StepRecord{
		{Step: enhancement.StepDocSearch, Outcome: enhancement.OutcomeFailed, Detail: "no answer\x1b[31m in time"},
		{Step: enhancement.StepTicketSearch, Outcome: enhancement.OutcomeOK},
	} {
		call := enhancement.LLMCall{Model: "example-model", Error: "HTTP 500", CalledAt: time.Now()}
		if err := books.RecordStep(t.Context(), "beta", running.ID, step, call); err != nil {
			t.Fatal(err)
		}
	}
	w.exec("INSERT INTO dependency_outages (tenant_id, dependency, failures, last_error, since, probe_after) VALUES ('beta', 'servicedesk', 7, 'HTTP 429', now(), now())")
	if err := deadletter.NewLetters(w.store.DB).Keep(t.Context(), deadletter.Letter{Reason: "it cannot be read", Excerpt: "x", Bytes: 1}); err != nil {
		t.Fatal(err)
	}
	all := w.errors("")
	told := map[string]adminapi.Error{}
	for i, e := range all {
		told[e.TenantID+" "+e.Kind+" "+e.Place] = e
		if i > 0 && e.LastAt.After(all[i-1].LastAt) {
			t.Errorf("%d is later than the one before it", i)
		}
		if _, err := os.Stat(filepath.Join("..", "..", "docs", "runbooks", e.Runbook)); err != nil {
			t.Errorf("what to do is nowhere: %v", err)
		}
		if strings.Contains(e.Reason, "hunter2") || strings.ContainsRune(e.Reason, 0x1b) {
			t.Errorf("the reason is not clean: %q", e.Reason)
		}
	}
	job := told["alpha job created"]
	if len(all) != 5 || job.Times != 2 || !strings.Contains(job.Reason, "ticket 102") || job.LastAt.Sub(job.FirstAt).Round(time.Second) != time.Minute || job.JobID != last {
		t.Errorf("%+v", all)
	}
	for key, runbook := range map[string]string{
		"alpha job created": "low-success-rate.md", "beta step doc_search": "api-timeouts.md", "beta model example-model": "llm-outage-or-budget.md", "beta outage servicedesk": "servicedesk-throttling.md",
		" dead_letter ": "dead-letters.md",
	} {
		if told[key].Runbook != runbook {
			t.Errorf("%q: %+v", key, told[key])
		}
	}
	if of := w.errors("?tenant_id=alpha"); len(of) != 1 || of[0].TenantID != "alpha" {
		t.Errorf("alpha's: %+v", of)
	}
	if far := w.errors("?since=" + url.QueryEscape(time.Now().Add(-3*time.Hour).UTC().Format(time.RFC3339))); len(far) != 6 {
		t.Errorf("of three hours: %+v", far)
	}
	refused(t, w.call(http.MethodGet, "/errors?since=2001-01-01T00:00:00Z", nil), http.StatusUnprocessableEntity, "31 days")
	refused(t, w.call(http.MethodGet, "/errors?tenant_id=nobody", nil), http.StatusNotFound)
	restricted := w.token([]access.Permission{access.JobsRead}, "alpha")
	refused(t, w.callAs(restricted, http.MethodGet, "/errors", nil), http.StatusForbidden)
	refused(t, w.callAs(restricted, http.MethodGet, "/errors?tenant_id=beta", nil), http.StatusForbidden)
	if of := read[adminapi.Page[adminapi.Error]](t, w.callAs(restricted, http.MethodGet, "/errors?tenant_id=alpha", nil), http.StatusOK).Items; len(of) != 1 {
		t.Errorf("of a restricted token: %+v", of)
	}
}

// Refused webhooks stand in the audit log, and are told to those alone who may read that, of their own tenants.
func TestRefusedWebhooksAreForThoseWhoReadTheAuditLog(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.create("beta")
	for _, tenantID := range []string{"alpha", "alpha", "beta", ""} {
		entry := audit.Event{
			Operation: audit.OperationWebhookRefuse, Status: audit.StatusRefused, Actor: "system:gateway", TenantID: tenantID,
			Detail: map[string]string{"reason": "wrong signature"},
		}
		if err := w.audit.Append(t.Context(), entry); err != nil {
			t.Fatal(err)
		}
	}
	jobs, both := []access.Permission{access.JobsRead}, []access.Permission{access.JobsRead, access.AuditRead}
	for name, c := range map[string]struct {
		token string
		query string
		times map[string]int
	}{
		"of all, with both":            {w.token(both), "", map[string]int{"alpha": 2, "beta": 1, "": 1}},
		"of a tenant, with both":       {w.token(both), "?tenant_id=alpha", map[string]int{"alpha": 2}},
		"of its own tenant, with both": {w.token(both, "beta"), "?tenant_id=beta", map[string]int{"beta": 1}},
		"of all, without the log":      {w.token(jobs), "", nil},
		"of a tenant, without the log": {w.token(jobs), "?tenant_id=alpha", nil},
		"of its own, without the log":  {w.token(jobs, "alpha"), "?tenant_id=alpha", nil},
		"of all, before they came":     {w.token(both), "?since=" + url.QueryEscape(time.Now().Add(time.Minute).UTC().Format(time.RFC3339)), nil},
	} {
		got := map[string]int{}
		for _, e := range read[adminapi.Page[adminapi.Error]](t, w.callAs(c.token, http.MethodGet, "/errors"+c.query, nil), http.StatusOK).Items {
			if e.Kind != "webhook" || e.Reason != "wrong signature" || e.Runbook != "missed-webhooks.md" {
				t.Errorf("%s: %+v", name, e)
			}
			got[e.TenantID] += e.Times
		}
		if !maps.Equal(got, c.times) {
			t.Errorf("%s: %v, want %v", name, got, c.times)
		}
	}
}
