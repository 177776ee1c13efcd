package console_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/mirror"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

// importing starts an import over a real connection, whose server has far shorter limits than the import lasts.
func (w *world) importing(ctx context.Context) *bufio.Scanner {
	w.t.Helper()
	const limit = 300 * time.Millisecond
	server := httptest.NewUnstartedServer(w)
	server.Config.ReadTimeout, server.Config.WriteTimeout = limit, limit
	server.Start()
	w.t.Cleanup(server.Close)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+adminapi.Prefix+"/tenants/alpha/imports", strings.NewReader(`{"feed":"tickets"}`))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+w.admin)
	req.Header.Set("Content-Type", "application/json")
	resp, err := server.Client().Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = resp.Body.Close() })
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/x-ndjson" {
		text, _ := io.ReadAll(resp.Body)
		w.t.Fatalf("status %d: %s", resp.StatusCode, text)
	}
	return bufio.NewScanner(resp.Body)
}

func next(t *testing.T, lines *bufio.Scanner) (e adminapi.ImportEvent) {
	t.Helper()
	if !lines.Scan() {
		t.Fatalf("the stream ended: %v", lines.Err())
	}
	if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
		t.Fatalf("%v: %s", err, lines.Bytes())
	}
	return e
}

func TestAnImportTellsHowItGoesForAsLongAsItLasts(t *testing.T) {
	t.Parallel() // it waits
	w := newWorld(t)
	w.create("alpha")
	step := make(chan struct{})
	w.desk.do = func(_ context.Context, tenantID string, feed mirror.Feed, opts mirror.Options) (mirror.Summary, error) {
		<-step
		opts.Report(mirror.Progress{Done: 100, Total: 250, Waiting: 2 * time.Second, Reason: "rate limit"})
		<-step
		return mirror.Summary{
			Change: gather.Change{Added: 7}, Read: 250, Rejected: 1, Rejections: []mirror.Rejection{{ID: "9", Reason: tenantID + " " + string(feed)}},
		}, nil
	}
	lines := w.importing(t.Context())
	if e := next(t, lines); e.Progress == nil || e.Progress.Done != 0 {
		t.Errorf("first line %+v", e)
	}
	time.Sleep(700 * time.Millisecond) // longer than the server's limits
	step <- struct{}{}
	if e := next(t, lines); e.Progress == nil || *e.Progress != (adminapi.ImportProgress{Done: 100, Total: 250, WaitingMS: 2000, Reason: "rate limit"}) {
		t.Errorf("progress %+v", e.Progress)
	}
	// Without change it is said again, so that nobody takes the stream for dead.
	if e := next(t, lines); e.Progress == nil || e.Progress.Done != 100 {
		t.Errorf("silence ended with %+v", e)
	}
	step <- struct{}{}
	if e := next(t, lines); e.Summary == nil || e.Error != "" || e.Summary.Added != 7 || e.Summary.Rejections[0].Reason != "alpha tickets" {
		t.Errorf("last line %+v", e)
	}
	if lines.Scan() {
		t.Errorf("and then %s", lines.Text())
	}
	entries := w.entries(audit.Query{Operation: audit.OperationImportStart})
	if len(entries) != 2 || entries[0].Detail["added"] != "7" || entries[1].Detail["phase"] != "begin" {
		t.Errorf("entries %+v", entries)
	}
}

func TestAnImportEndsWithItsClient(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	ended := make(chan error, 1)
	w.desk.do = func(ctx context.Context, _ string, _ mirror.Feed, _ mirror.Options) (mirror.Summary, error) {
		<-ctx.Done()
		ended <- ctx.Err()
		return mirror.Summary{}, ctx.Err()
	}
	ctx, leave := context.WithCancel(t.Context())
	lines := w.importing(ctx)
	next(t, lines)
	leave()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the import ended with %v", err)
	}
}

func TestAnImportEndsWithTheConsoleAndSaysSo(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.desk.do = func(ctx context.Context, _ string, _ mirror.Feed, _ mirror.Options) (mirror.Summary, error) {
		<-ctx.Done()
		return mirror.Summary{Change: gather.Change{Added: 3}}, ctx.Err()
	}
	lines := w.importing(t.Context())
	next(t, lines)
	w.Drain()
	if e := next(t, lines); e.Summary == nil || e.Summary.Added != 3 || !strings.Contains(e.Error, "stopping") || !strings.Contains(e.Error, "goes on from there") {
		t.Errorf("last line %+v", e)
	}
}

func TestAFailedImportSaysWhatToDo(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	for cause, says := range map[error]string{
		&servicedesk.Error{Op: "list_requests", Kind: servicedesk.KindUnauthorized, HTTPStatus: 401}: "the key is not accepted",
		errors.New("tenant transaction: 10.1.2.3"):                                                   "correlation id",
	} {
		w.desk.do = func(context.Context, string, mirror.Feed, mirror.Options) (mirror.Summary, error) {
			return mirror.Summary{Read: 5}, cause
		}
		rec := w.call(http.MethodPost, "/tenants/alpha/imports", `{"feed":"kb"}`)
		if text := rec.Body.String(); !strings.Contains(text, says) || !strings.Contains(text, `"read":5`) || strings.Contains(text, "10.1.2.3") {
			t.Errorf("%v: %s", cause, text)
		}
	}
	refused(t, w.call(http.MethodPost, "/tenants/alpha/imports", `{"feed":"assets","since":"2026-01-02T00:00:00Z"}`), http.StatusUnprocessableEntity, "body.since")
	refused(t, w.call(http.MethodPost, "/tenants/alpha/imports", `{"feed":"people"}`), http.StatusUnprocessableEntity, "body.feed")
	refused(t, w.call(http.MethodPost, "/tenants/beta/imports", `{"feed":"kb"}`), http.StatusNotFound)
	w.call(http.MethodPost, "/tenants/alpha/disable", nil)
	refused(t, w.call(http.MethodPost, "/tenants/alpha/imports", `{"feed":"kb"}`), http.StatusConflict, "enable it first")
}

func TestReindexing(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.call(http.MethodPost, "/tenants/alpha/tickets/batch", `{"rows":[{"ticket_id":"1","subject":"VPN drops","resolution":"Restarted it","resolved_at":"2026-01-02T10:30:00Z"}]}`)
	for body, want := range map[string]adminapi.Reindexed{`{}`: {}, `{"rebuild":true}`: {Tickets: 1}} {
		rec := w.call(http.MethodPost, "/tenants/alpha/reindex", body)
		lines := bytes.Split(bytes.TrimSpace(rec.Body.Bytes()), []byte("\n"))
		var last adminapi.ReindexEvent
		if err := json.Unmarshal(lines[len(lines)-1], &last); err != nil || last.Done == nil || *last.Done != want || last.Error != "" {
			t.Errorf("%s: %s", body, rec.Body)
		}
	}
	w.call(http.MethodDelete, "/tenants/alpha", nil)
	refused(t, w.call(http.MethodPost, "/tenants/alpha/reindex", `{}`), http.StatusConflict, "restore it first")
}

// What broke off must not pass for the whole.
func TestAnExportThatFailsIsCutOff(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	server := httptest.NewServer(w)
	defer server.Close()
	if _, err := w.store.Database.Admin.Exec(t.Context(), "REVOKE SELECT ON audit_log FROM console_user"); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+adminapi.Prefix+"/audit/export", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+w.admin)
	resp, err := server.Client().Do(req)
	if err != nil {
		return // the answer broke off before its first line
	}
	defer func() { _ = resp.Body.Close() }()
	if text, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("the export ended in good order: %q", text)
	}
}

// Without its recovery this would end the tests' process.
func TestAnImportThatPanicsFailsAlone(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	for what, do := range map[string]func(){"panics": func() { panic("malformed record") }, "leaves": runtime.Goexit} {
		w.desk.do = func(context.Context, string, mirror.Feed, mirror.Options) (mirror.Summary, error) {
			do()
			return mirror.Summary{}, nil
		}
		rec := w.call(http.MethodPost, "/tenants/alpha/imports", `{"feed":"kb"}`)
		if text := rec.Body.String(); !strings.Contains(text, `"error":"the import stopped`) || !strings.Contains(text, "correlation id") ||
			strings.Contains(text, "malformed") {
			t.Errorf("%s: %s", what, text)
		}
		entries := w.entries(audit.Query{Operation: audit.OperationImportStart})
		if entries[0].Status != audit.StatusFailed || entries[0].Detail["phase"] != "end" {
			t.Errorf("%s: entry %+v", what, entries[0])
		}
	}
	if log := w.log.String(); !strings.Contains(log, "malformed record") || !strings.Contains(log, "stream_test.go") {
		t.Errorf("the log has no stack: %s", log)
	}
}
