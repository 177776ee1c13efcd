package console_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger/ledgertest"
	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func TestRowsAreUploadedOnce(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.create("beta")
	for kind, rows := range map[string]string{
		"tickets":  `{"ticket_id":"1","subject":"VPN drops","resolution":"Restarted it","resolved_at":"2026-01-02T10:30:00Z"},{"ticket_id":"2","description":"Printer"}`,
		"articles": `{"article_id":"KB-1","title":"VPN"},{"article_id":"KB-2","title":"Printer","body":"Turn it on"}`,
		"systems":  `{"hostname":"vpn01.example.com","address":"192.0.2.10"},{"hostname":"db01.example.com"}`,
		"subnets":  `{"network":"192.0.2.0/24","name":"Office"},{"network":"2001:db8::/48","role":"Lab"}`,
	} {
		path, body := "/tenants/alpha/"+kind+"/batch", `{"rows":[`+rows+`]}`
		if got := read[adminapi.Change](t, w.call(http.MethodPost, path, body), http.StatusOK); got != (adminapi.Change{Added: 2}) {
			t.Errorf("%s: %+v", kind, got)
		}
		if got := read[adminapi.Change](t, w.call(http.MethodPost, path, body), http.StatusOK); got != (adminapi.Change{Unchanged: 2}) {
			t.Errorf("%s again: %+v", kind, got)
		}
		entry := w.entries(audit.Query{TenantID: "alpha"})[0]
		if entry.Operation != audit.OperationContentUpload || entry.Target != kind || entry.Detail["rows"] != "2" {
			t.Errorf("%s: entry %+v", kind, entry)
		}
		other := read[adminapi.Change](t, w.call(http.MethodPost, "/tenants/beta/"+kind+"/batch", body), http.StatusOK)
		if other.Added != 2 {
			t.Errorf("%s of another tenant: %+v", kind, other)
		}
	}
}

func TestABatchIsTakenAsAWholeOrNotAtAll(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	path := "/tenants/alpha/subnets/batch"
	refused(t, w.call(http.MethodPost, path, `{"rows":[{"network":"192.0.2.0/24","name":"Office"},{"network":"x","name":"y"},{"network":"192.0.2.0/25"}]}`),
		http.StatusUnprocessableEntity, "body.rows[1]", "body.rows[2].name")
	if got := read[adminapi.Change](t, w.call(http.MethodPost, path, `{"rows":[{"network":"192.0.2.0/24","name":"Office"}]}`), http.StatusOK); got.Added != 1 {
		t.Errorf("a row of the refused batch was stored: %+v", got)
	}
	refused(t, w.call(http.MethodPost, path, `{"rows":[]}`), http.StatusUnprocessableEntity, "body.rows")
	refused(t, w.call(http.MethodPost, path, `{"rows":null}`), http.StatusUnprocessableEntity, "body.rows")
	refused(t, w.call(http.MethodPost, path, `{"rows":[`+strings.Repeat(`{"network":"192.0.2.0/24","name":"n"},`, 1000)+`{"network":"192.0.2.0/24","name":"n"}]}`),
		http.StatusUnprocessableEntity, "body.rows", "1000")
	p := refused(t, w.call(http.MethodPost, path, `{"rows":[`+strings.Repeat(`{"network":"x"},`, 999)+`{"network":"x"}]}`), http.StatusUnprocessableEntity)
	if len(p.Errors) != 100 {
		t.Errorf("%d faults are told", len(p.Errors))
	}
	refused(t, w.call(http.MethodPost, "/tenants/beta/subnets/batch", `{"rows":[{"network":"192.0.2.0/24","name":"Office"}]}`), http.StatusNotFound)
}

func TestJobsAreListedAndShown(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.create("beta")
	books := ledger.New(w.store.DB)
	accept := func(tenantID, ticketID string) string {
		job := enhancement.New(tenantID, enhancement.EventCreated, ticket.Ticket{ID: ticketID, Description: "private text", Priority: "High"}, "example")
		if _, err := books.Accept(t.Context(), job); err != nil {
			t.Fatal(err)
		}
		return job.ID
	}
	var want []string
	for _, id := range []string{"1", "2", "3", "4", "5"} {
		want = append([]string{accept("alpha", id)}, want...)
	}
	others := accept("beta", "1")
	if _, err := ledgertest.Claim(t.Context(), books, "alpha", want[0]); err != nil {
		t.Fatal(err)
	}
	var got []string
	for next := ""; ; {
		page := read[adminapi.Page[adminapi.Job]](t, w.call(http.MethodGet, "/tenants/alpha/jobs?limit=2"+next, nil), http.StatusOK)
		for _, job := range page.Items {
			got = append(got, job.JobID)
		}
		if page.Next == "" {
			break
		}
		next = "&cursor=" + page.Next
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for query, n := range map[string]int{"status=running": 1, "status=pending": 4, "status=failed": 0, "ticket_id=3": 1, "ticket_id=3&status=running": 0} {
		if page := read[adminapi.Page[adminapi.Job]](t, w.call(http.MethodGet, "/tenants/alpha/jobs?"+query, nil), http.StatusOK); len(page.Items) != n {
			t.Errorf("%s: %d jobs", query, len(page.Items))
		}
	}
	err := books.RecordStep(t.Context(), "alpha", want[0], enhancement.StepRecord{Step: enhancement.StepTicketSearch, Outcome: enhancement.OutcomeOK},
		enhancement.LLMCall{Model: "example", PromptTokens: 3, CostUSD: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	rec := w.call(http.MethodGet, "/tenants/alpha/jobs/"+want[0], nil)
	job := read[adminapi.Job](t, rec, http.StatusOK)
	if job.Status != enhancement.StatusRunning || job.StartedAt == nil || job.FinishedAt != nil || len(job.Steps) != 1 || len(job.LLMCalls) != 1 ||
		job.LLMCalls[0].CostUSD != 0.5 || strings.Contains(rec.Body.String(), "private text") {
		t.Errorf("job %s", rec.Body)
	}
	if job.Feedback != nil {
		t.Errorf("feedback %+v, and nobody gave any", job.Feedback)
	}
	said := feedback.Vote{Value: feedback.Down, Reason: feedback.ReasonOutdated, Comment: "The gateway was replaced."}
	if _, err := feedback.NewStore(w.store.DB).Record(t.Context(), feedback.Note{TenantID: "alpha", JobID: want[0]}, said); err != nil {
		t.Fatal(err)
	}
	job = read[adminapi.Job](t, w.call(http.MethodGet, "/tenants/alpha/jobs/"+want[0], nil), http.StatusOK)
	if f := job.Feedback; f == nil || f.Vote != said.Value || f.Reason != said.Reason || f.Comment != said.Comment || f.ChangedAt.IsZero() {
		t.Errorf("feedback %+v", f)
	}
	rec = w.callAs(w.token([]access.Permission{access.JobsRead}), http.MethodGet, "/tenants/alpha/jobs/"+want[0], nil)
	job = read[adminapi.Job](t, rec, http.StatusOK)
	if f := job.Feedback; f == nil || f.Vote != said.Value || f.Reason != said.Reason || f.ChangedAt.IsZero() || strings.Contains(rec.Body.String(), "gateway was") {
		t.Errorf("who may not read notes sees %s", rec.Body)
	}
	refused(t, w.call(http.MethodGet, "/tenants/alpha/jobs/"+others, nil), http.StatusNotFound, "no such job")
}
