package console_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/drafting"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/masking"
	"github.com/ai-agents/ai-agents/internal/preview"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

const pathPreview = "/tenants/alpha/preview"

// examplePreview is what the enhancer might answer.
func examplePreview() adminapi.Preview {
	return adminapi.Preview{
		TicketID: "1001", Subject: "VPN drops", Source: adminapi.SourceServiceDesk,
		Note:    adminapi.RenderedNote{HTML: "<p>a</p>", Markdown: "a", Text: "a", Format: "markdown", Cited: []adminapi.Citation{{Kind: "ticket", Text: "#17"}}},
		Found:   []adminapi.FoundBy{{Kind: "ticket", Items: 1}},
		Account: adminapi.NoteAccount{TenantVersion: 1, Generated: true, Words: 1, Sources: 1, Dropped: map[string]int{"uncited": 2}, CostUSD: 0.01},
		LLMCalls: []adminapi.LLMCall{{
			Model: "example", PromptTokens: 10, CompletionTokens: 2, CostUSD: 0.01, CalledAt: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC),
		}},
	}
}

func withPreviews(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.previews.do = func(context.Context, preview.Request) (adminapi.Preview, error) { return examplePreview(), nil }
	read[adminapi.Tenant](t, w.call(http.MethodPost, "/tenants", example("alpha")), http.StatusCreated)
	return w
}

func TestPreviewAsksTheEnhancer(t *testing.T) {
	t.Parallel()
	w := withPreviews(t)
	asOf := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	rec := w.call(http.MethodPost, pathPreview, adminapi.PreviewRequest{
		TicketID: "1001", Source: adminapi.SourceLedger, AsOf: &asOf, Preferences: &tenant.Preferences{Language: "de", MinRelevance: 0.5},
	}, adminapi.HeaderCorrelation, "corr-1")
	if diff := cmp.Diff(examplePreview(), read[adminapi.Preview](t, rec, http.StatusOK)); diff != "" {
		t.Error(diff)
	}
	want := preview.Request{
		TenantID: "alpha", CorrelationID: "corr-1", TicketID: "1001", Source: adminapi.SourceLedger, AsOf: asOf,
		Preferences: &tenant.Preferences{Language: "de", MinRelevance: 0.5},
	}
	if diff := cmp.Diff([]preview.Request{want}, w.previews.asked); diff != "" {
		t.Error(diff)
	}
	entries := w.entries(audit.Query{Operation: audit.OperationNotePreview})
	if len(entries) != 1 || entries[0].Status != audit.StatusOK || entries[0].TenantID != "alpha" || entries[0].Target != "1001" ||
		entries[0].Detail["source"] != "ledger" || entries[0].Detail["preferences"] != "others" {
		t.Errorf("entries %+v", entries)
	}
	read[adminapi.Preview](t, w.call(http.MethodPost, pathPreview, `{"ticket":{"subject":"VPN drops"}}`), http.StatusOK)
	if last := w.previews.asked[1]; last.Ticket == nil || last.Ticket.Subject != "VPN drops" || last.Source != adminapi.SourceAuto {
		t.Errorf("asked %+v", last)
	}
}

func TestPreviewThatIsNotValid(t *testing.T) {
	t.Parallel()
	w := withPreviews(t)
	for body, says := range map[string]string{
		`{}`:                                               "body.ticket_id",
		`{"ticket":{}}`:                                    "neither a subject nor a description",
		`{"ticket":{"subject":"\u200b"}}`:                  "neither a subject nor a description",
		`{"ticket_id":"10\u202e01"}`:                       "body.ticket_id",
		`{"ticket_id":"1","source":"elsewhere"}`:           "body.source",
		`{"ticket_id":"1","x":1}`:                          "body.x",
		`{"ticket_id":"1","as_of":"yesterday"}`:            "body.as_of",
		`{"ticket_id":"1","preferences":{"format":"pdf"}}`: "body.preferences.format",
		`{"ticket_id":"1","preferences":{"ticket_url":"javascript:x"}}`:                     "body.preferences.ticket_url",
		`{"ticket":{"description":"` + strings.Repeat("x", ticket.MaxDescription+1) + `"}}`: "body.ticket.description",
	} {
		rec := w.call(http.MethodPost, pathPreview, body)
		if rec.Code != http.StatusUnprocessableEntity && rec.Code != http.StatusBadRequest || !strings.Contains(rec.Body.String(), says) {
			t.Errorf("%.60s: %d %s does not say %q", body, rec.Code, rec.Body, says)
		}
	}
	refused(t, w.call(http.MethodPost, pathPreview, `{"ticket_id":"`+strings.Repeat("1", 100_000)+`"}`), http.StatusRequestEntityTooLarge)
	refused(t, w.call(http.MethodPost, "/tenants/nobody/preview", `{"ticket_id":"1"}`), http.StatusNotFound, "no such tenant")
	if len(w.previews.asked) != 0 || len(w.entries(audit.Query{Operation: audit.OperationNotePreview})) != 0 {
		t.Error("the enhancer was asked, or an entry made, for what is not valid")
	}
}

func TestWhoMayPreview(t *testing.T) {
	t.Parallel()
	w := withPreviews(t)
	read[adminapi.Tenant](t, w.call(http.MethodPost, "/tenants", example("beta")), http.StatusCreated)
	previewer := w.token([]access.Permission{access.NotesPreview}, "beta")
	for name, c := range map[string]struct {
		token, path, body string
		status            int
	}{
		"a viewer":                    {w.token(access.RoleViewer.Permissions()), pathPreview, `{"ticket_id":"1"}`, http.StatusForbidden},
		"an operator":                 {w.token(access.RoleOperator.Permissions()), pathPreview, `{"ticket_id":"1","preferences":{}}`, http.StatusOK},
		"its own tenant":              {previewer, "/tenants/beta/preview", `{"ticket_id":"1"}`, http.StatusOK},
		"another tenant":              {previewer, pathPreview, `{"ticket_id":"1"}`, http.StatusForbidden},
		"others' preferences":         {previewer, "/tenants/beta/preview", `{"ticket_id":"1","preferences":{}}`, http.StatusForbidden},
		"past tickets, and no notes":  {w.token([]access.Permission{access.JobsRead}), "/tenants/alpha/past-tickets", "", http.StatusForbidden},
		"past tickets":                {w.token([]access.Permission{access.NotesRead}), "/tenants/alpha/past-tickets", "", http.StatusOK},
		"past tickets of another one": {w.token([]access.Permission{access.NotesRead}, "beta"), "/tenants/alpha/past-tickets", "", http.StatusForbidden},
	} {
		method, body := http.MethodGet, any(nil)
		if c.body != "" {
			method, body = http.MethodPost, c.body
		}
		if rec := w.callAs(c.token, method, c.path, body); rec.Code != c.status {
			t.Errorf("%s: %d %s, want %d", name, rec.Code, rec.Body, c.status)
		}
	}
}

func TestWhyThereIsNoPreview(t *testing.T) {
	t.Parallel()
	w := withPreviews(t)
	for name, c := range map[string]struct {
		err    error
		status int
		says   string
		later  bool
	}{
		"unknown ticket":   {&preview.Refusal{Code: preview.CodeNoTicket, Detail: "history: no such ticket"}, http.StatusNotFound, "nobody knows the ticket: history: no such ticket", false},
		"disabled there":   {&preview.Refusal{Code: preview.CodeNoTenant}, http.StatusConflict, "try again in a moment if it was enabled just now", true},
		"no text":          {&preview.Refusal{Code: preview.CodeNoText, Detail: "the ticket has neither"}, http.StatusUnprocessableEntity, "neither", false},
		"desk down":        {&preview.Refusal{Code: preview.CodeUnread, Detail: "servicedesk: could not be read"}, http.StatusBadGateway, "could not be read", false},
		"busy":             {&preview.Refusal{Code: preview.CodeBusy, Detail: "wait for the end of one"}, http.StatusTooManyRequests, "wait for the end of one", true},
		"failed":           {&preview.Refusal{Code: preview.CodeFailed, Detail: "x"}, http.StatusInternalServerError, "correlation id", false},
		"enhancer down":    {fmt.Errorf("ask: %w", sidecar.ErrNotInvoked), http.StatusServiceUnavailable, "the enhancer, which drafts the notes, does not answer", true},
		"anything besides": {errors.New("secret inside"), http.StatusInternalServerError, "correlation id", false},
	} {
		w.previews.do = func(context.Context, preview.Request) (adminapi.Preview, error) { return adminapi.Preview{}, c.err }
		rec := w.call(http.MethodPost, pathPreview, `{"ticket_id":"1"}`)
		refused(t, rec, c.status, c.says)
		if later := rec.Header().Get("Retry-After") != ""; later != c.later || strings.Contains(rec.Body.String(), "secret inside") {
			t.Errorf("%s: %v: %s", name, rec.Header(), rec.Body)
		}
	}
	failed := 0
	for _, e := range w.entries(audit.Query{Operation: audit.OperationNotePreview}) {
		if e.Status == audit.StatusFailed {
			failed++
		}
	}
	if failed != 8 {
		t.Errorf("%d entries about failures, want 8", failed)
	}
}

func TestATenantThatIsDisabledHasNoPreview(t *testing.T) {
	t.Parallel()
	w := withPreviews(t)
	etag := w.call(http.MethodGet, "/tenants/alpha", nil).Header().Get("ETag")
	read[adminapi.Tenant](t, w.call(http.MethodPost, "/tenants/alpha/disable", nil, "If-Match", etag), http.StatusOK)
	refused(t, w.call(http.MethodPost, pathPreview, `{"ticket_id":"1"}`), http.StatusConflict, "the tenant is disabled: enable it first", "shadow")
	if len(w.previews.asked) != 0 {
		t.Error("the enhancer was asked")
	}
}

func TestOneClientDoesNotTakeAllPreviews(t *testing.T) {
	t.Parallel()
	w := withPreviews(t)
	under, over := make(chan struct{}), make(chan struct{})
	w.previews.do = func(context.Context, preview.Request) (adminapi.Preview, error) {
		under <- struct{}{}
		<-over
		return examplePreview(), nil
	}
	ended := make(chan int, 8)
	for range 8 {
		go func() { ended <- w.call(http.MethodPost, pathPreview, `{"ticket_id":"1"}`).Code }()
	}
	for range 8 {
		<-under
	}
	rec := w.call(http.MethodPost, pathPreview, `{"ticket_id":"1"}`)
	close(over)
	refused(t, rec, http.StatusTooManyRequests)
	for range 8 {
		if code := <-ended; code != http.StatusOK {
			t.Errorf("status %d", code)
		}
	}
}

func TestPastTicketsAreListed(t *testing.T) {
	t.Parallel()
	w := withPreviews(t)
	day := func(n int) time.Time { return time.Date(2026, 4, n, 8, 0, 0, 0, time.UTC) }
	var rows []history.PastTicket
	for i := 1; i <= 5; i++ {
		rows = append(rows, history.PastTicket{
			ID: strconv.Itoa(i), Subject: "Printer " + strconv.Itoa(i), Description: "never shown", Resolution: "never shown", CreatedAt: day(i), ResolvedAt: day(i + 1),
		})
	}
	rows[4].CreatedAt = time.Time{}
	if _, err := history.NewStore(w.store.DB).Put(t.Context(), "alpha", gather.OriginFile, rows); err != nil {
		t.Fatal(err)
	}
	first := read[adminapi.Page[adminapi.ResolvedTicket]](t, w.call(http.MethodGet, "/tenants/alpha/past-tickets?limit=2&since=2026-04-03T08:00:00Z", nil), http.StatusOK)
	created := day(4)
	want := []adminapi.ResolvedTicket{
		{TicketID: "5", Subject: "Printer 5", ResolvedAt: day(6)}, {TicketID: "4", Subject: "Printer 4", CreatedAt: &created, ResolvedAt: day(5)},
	}
	if diff := cmp.Diff(want, first.Items); diff != "" {
		t.Error(diff)
	}
	rest := read[adminapi.Page[adminapi.ResolvedTicket]](t, w.call(http.MethodGet, "/tenants/alpha/past-tickets?limit=2&since=2026-04-03T08:00:00Z&cursor="+first.Next, nil), http.StatusOK)
	if len(rest.Items) != 2 || rest.Items[0].TicketID != "3" || rest.Items[1].TicketID != "2" || rest.Next != "" {
		t.Errorf("%+v", rest)
	}
	refused(t, w.call(http.MethodGet, "/tenants/alpha/past-tickets?cursor=x", nil), http.StatusBadRequest)
	refused(t, w.call(http.MethodGet, "/tenants/nobody/past-tickets", nil), http.StatusNotFound)
}

func TestAJobsNoteIsShown(t *testing.T) {
	t.Parallel()
	w := withPreviews(t)
	job := enhancement.New("alpha", enhancement.EventCreated, ticket.Ticket{ID: "1001", Subject: "VPN drops", Description: "d"}, "c")
	books := ledger.New(w.store.DB)
	if _, err := books.Accept(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	path := "/tenants/alpha/jobs/" + job.ID + "/note"
	refused(t, w.call(http.MethodGet, path, nil), http.StatusNotFound, "has made no note")
	note := synthesis.Note{
		Summary: "Try <b>this</b>.", Generated: true, Reference: "AI Agents reference 1",
		Sections: []synthesis.Section{{Title: "Similar Tickets", Items: []synthesis.Item{{
			Text: "Like this.", Sources: []synthesis.Ref{{Label: "T1", Kind: gather.KindTicket, Text: "#17", URL: "https://sdp.example.com/17"}},
		}}}},
	}
	account := drafting.Account{TenantVersion: 3, Generated: true, Words: 9, Masked: map[masking.Kind]int{masking.KindEmail: 2}, CostUSD: 0.5}
	if err := books.RecordStep(t.Context(), "alpha", job.ID, enhancement.StepRecord{
		Step: enhancement.StepSynthesize, Outcome: enhancement.OutcomeOK, Result: encoded(t, note), Account: encoded(t, account),
	}); err != nil {
		t.Fatal(err)
	}
	got := read[adminapi.JobNote](t, w.call(http.MethodGet, path, nil), http.StatusOK)
	if got.State != adminapi.NoteNotPosted || got.NoteID != "" || got.TicketID != "1001" || got.Note.Format != "markdown" || got.MadeAt.IsZero() ||
		!strings.Contains(got.Note.HTML, "Try &lt;b&gt;this&lt;/b&gt;.") || len(got.Note.Cited) != 1 || got.Note.Cited[0].Text != "#17" {
		t.Errorf("%+v", got)
	}
	for _, tc := range []struct {
		status enhancement.Status
		noteID string
		mode   string
		detail string
		want   adminapi.NoteState
	}{
		{enhancement.StatusCompleted, "337", "", "created", adminapi.NotePosted},
		{enhancement.StatusCompleted, "337", "", "unchanged", adminapi.NotePosted},
		{enhancement.StatusCompleted, "337", "", "superseded: the note of a later event stands", adminapi.NoteSuperseded},
		{enhancement.StatusCompleted, "337", "", "kept_edited: somebody has changed the note", adminapi.NoteKept},
		{enhancement.StatusCompleted, "337", "", "kept_deleted: somebody has deleted the note", adminapi.NoteKept},
		{enhancement.StatusCompleted, "337", "", "kept_unread", adminapi.NoteKept},
		{enhancement.StatusCompleted, "", "shadow", "withheld_shadow: kept here", adminapi.NoteWithheld},
		{enhancement.StatusCompleted, "", "off", "withheld_off: none is posted", adminapi.NoteWithheld},
		// Begun anew: what the row and the step say is of an earlier run.
		{enhancement.StatusRunning, "337", "", "created", adminapi.NoteNotPosted},
		{enhancement.StatusRunning, "", "shadow", "withheld_shadow: kept here", adminapi.NoteNotPosted},
		{enhancement.StatusFailed, "", "off", "withheld_off: none is posted", adminapi.NoteNotPosted},
	} {
		if err := books.RecordStep(t.Context(), "alpha", job.ID, enhancement.StepRecord{
			Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK, Detail: tc.detail,
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.store.Database.Admin.Exec(t.Context(),
			`UPDATE enhancement_history
			SET status = $1, note_id = $2, withheld = $3, finished_at = CASE WHEN $1 IN ('completed', 'failed') THEN now() END,
				failure_reason = CASE WHEN $1 = 'failed' THEN 'example' ELSE '' END`, tc.status, tc.noteID, tc.mode); err != nil {
			t.Fatal(err)
		}
		if got := read[adminapi.JobNote](t, w.call(http.MethodGet, path, nil), http.StatusOK); got.State != tc.want {
			t.Errorf("%+v: the note is %s", tc, got.State)
		}
		shown := read[adminapi.Job](t, w.call(http.MethodGet, strings.TrimSuffix(path, "/note"), nil), http.StatusOK)
		if (shown.Withheld != "") != (tc.want == adminapi.NoteWithheld) {
			t.Errorf("%+v: the job was withheld in mode %q", tc, shown.Withheld)
		}
	}
	want := &adminapi.NoteAccount{TenantVersion: 3, Generated: true, Words: 9, Masked: map[string]int{string(masking.KindEmail): 2}, CostUSD: 0.5}
	if diff := cmp.Diff(want, got.Account); diff != "" {
		t.Error(diff)
	}
	refused(t, w.callAs(w.token([]access.Permission{access.JobsRead}), http.MethodGet, path, nil), http.StatusForbidden, string(access.NotesRead))
	read[adminapi.Tenant](t, w.call(http.MethodPost, "/tenants", example("beta")), http.StatusCreated)
	refused(t, w.call(http.MethodGet, strings.Replace(path, "alpha", "beta", 1), nil), http.StatusNotFound)
}

func encoded(t *testing.T, value any) []byte {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
