package console_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/mirror"
)

const oneSubnet = `{"rows":[{"network":"192.0.2.0/24","name":"Office"}]}`

// trickle begins an upload whose body does not come until the test ends.
func (w *world) trickle(token string) {
	w.t.Helper()
	body, sender := io.Pipe()
	req := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, adminapi.Prefix+"/tenants/alpha/subnets/batch", body)
	req.RemoteAddr = "192.0.2.7:40000"
	req.Header.Set("Authorization", "Bearer "+token)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.ServeHTTP(httptest.NewRecorder(), req)
	}()
	if _, err := io.WriteString(sender, "{"); err != nil { // the first byte is taken: it is under way
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = sender.Close()
		<-ended
	})
}

func TestABodyThatDoesNotComeHoldsUpItsSenderAlone(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	slow, slower := w.token([]access.Permission{access.ContentWrite}), w.token([]access.Permission{access.ContentWrite})
	for _, token := range []string{slow, slower} {
		for range 6 {
			w.trickle(token)
		}
	}
	rec := w.callAs(slow, http.MethodPost, "/tenants/alpha/subnets/batch", oneSubnet)
	refused(t, rec, http.StatusTooManyRequests, "wait for the end of one")
	if rec.Header().Get("Retry-After") == "" {
		t.Error("it does not say when to try again")
	}
	read[adminapi.Change](t, w.call(http.MethodPost, "/tenants/alpha/subnets/batch", oneSubnet), http.StatusOK)
}

func TestBodiesAreBoundedOverAllClients(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	for range 8 {
		token := w.token([]access.Permission{access.ContentWrite})
		w.trickle(token)
		w.trickle(token)
	}
	refused(t, w.call(http.MethodPost, "/tenants/alpha/subnets/batch", oneSubnet), http.StatusServiceUnavailable, "too many uploads")
}

// endless makes imports that last until the client goes. What it gives starts one, and waits until it is under way.
func (w *world) endless() (start func(token, tenantID string) (leave func())) {
	begun := make(chan struct{})
	w.desk.do = func(ctx context.Context, _ string, _ mirror.Feed, _ mirror.Options) (mirror.Summary, error) {
		begun <- struct{}{}
		<-ctx.Done()
		return mirror.Summary{}, ctx.Err()
	}
	return func(token, tenantID string) func() {
		ctx, cancel := context.WithCancel(w.t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			w.ServeHTTP(httptest.NewRecorder(), w.imports(ctx, token, tenantID))
		}()
		<-begun
		leave := func() { cancel(); <-ended }
		w.t.Cleanup(leave)
		return leave
	}
}

func (w *world) imports(ctx context.Context, token, tenantID string) *http.Request {
	body := io.NopCloser(strings.NewReader(`{"feed":"kb"}`))
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, adminapi.Prefix+"/tenants/"+tenantID+"/imports", body)
	req.RemoteAddr = "192.0.2.7:40000"
	req.Header.Set("Authorization", "Bearer "+token)
	return req
}

func TestNoTenantTakesAllStreams(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"alpha", "beta", "gamma", "delta", "epsilon"} {
		w.create(id)
	}
	start := w.endless()
	ofAlpha := w.token([]access.Permission{access.ContentWrite}, "alpha")
	var leave func()
	for range 4 {
		leave = start(ofAlpha, "alpha")
	}
	for _, token := range []string{ofAlpha, w.admin} {
		rec := w.callAs(token, http.MethodPost, "/tenants/alpha/imports", `{"feed":"kb"}`)
		refused(t, rec, http.StatusTooManyRequests, "wait for the end of one")
		if rec.Header().Get("Retry-After") == "" {
			t.Error("it does not say when to try again")
		}
		refused(t, w.callAs(token, http.MethodPost, "/tenants/alpha/reindex", `{}`), http.StatusTooManyRequests)
	}
	// What found no room was not begun, and the audit log does not say so.
	if n := len(w.entries(audit.Query{Operation: audit.OperationImportStart})); n != 4 {
		t.Errorf("%d entries about imports", n)
	}
	if n := len(w.entries(audit.Query{Operation: audit.OperationIndexRebuild})); n != 0 {
		t.Errorf("%d entries about reindexing", n)
	}
	leave()
	leave = start(ofAlpha, "alpha")
	// Nor does one client with many tenants.
	for range 4 {
		start(w.admin, "beta")
		start(w.admin, "gamma")
	}
	refused(t, w.call(http.MethodPost, "/tenants/delta/imports", `{"feed":"kb"}`), http.StatusTooManyRequests)
	other := w.token([]access.Permission{access.ContentWrite})
	for range 4 {
		start(other, "delta")
	}
	refused(t, w.callAs(other, http.MethodPost, "/tenants/epsilon/imports", `{"feed":"kb"}`), http.StatusServiceUnavailable, "try again later")
	// The audit log can be exported beside them.
	if rec := w.call(http.MethodGet, "/audit/export", nil); rec.Code != http.StatusOK {
		t.Errorf("the export: %d %s", rec.Code, rec.Body)
	}
	leave()
	start(other, "epsilon")
}

func TestASlotComesFreeWhenTheEntryFails(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	change := func(statement string) {
		t.Helper()
		if _, err := w.store.Database.Admin.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	change("ALTER FUNCTION audit_append RENAME TO audit_append_gone")
	for range 20 {
		for path, method := range map[string]string{"/tenants/alpha/imports": http.MethodPost, "/tenants/alpha/reindex": http.MethodPost, "/audit/export": http.MethodGet} {
			body := any(nil)
			if method == http.MethodPost {
				body = `{"feed":"kb"}`
			}
			if path == "/tenants/alpha/reindex" {
				body = `{}`
			}
			refused(t, w.call(method, path, body), http.StatusInternalServerError)
		}
	}
	change("ALTER FUNCTION audit_append_gone RENAME TO audit_append")
	for path, body := range map[string]string{"/tenants/alpha/imports": `{"feed":"kb"}`, "/tenants/alpha/reindex": `{}`} {
		if rec := w.call(http.MethodPost, path, body); rec.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
		}
	}
	if rec := w.call(http.MethodGet, "/audit/export", nil); rec.Code != http.StatusOK {
		t.Errorf("the export: %d %s", rec.Code, rec.Body)
	}
}

// unread is a client that reads nothing of the answer until it is let go.
type unread struct {
	*httptest.ResponseRecorder

	begun chan<- struct{}
	read  <-chan struct{}
}

// Write implements http.ResponseWriter.
func (u *unread) Write(p []byte) (int, error) {
	select {
	case u.begun <- struct{}{}:
		<-u.read
	case <-u.read:
	}
	return len(p), nil
}

func TestExportsAreBounded(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	begun, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	export := func(token string) {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, adminapi.Prefix+"/audit/export", http.NoBody)
		req.RemoteAddr = "192.0.2.7:40000"
		req.Header.Set("Authorization", "Bearer "+token)
		go func() {
			w.ServeHTTP(&unread{httptest.NewRecorder(), begun, goOn}, req)
			ended <- struct{}{}
		}()
		<-begun
	}
	mine, other := w.token([]access.Permission{access.AuditRead}), w.token([]access.Permission{access.AuditRead})
	export(mine)
	refused(t, w.callAs(mine, http.MethodGet, "/audit/export", nil), http.StatusTooManyRequests)
	export(other)
	refused(t, w.call(http.MethodGet, "/audit/export", nil), http.StatusServiceUnavailable)
	if n := len(w.entries(audit.Query{Operation: audit.OperationAuditExport})); n != 2 {
		t.Errorf("%d entries about exports", n)
	}
	close(goOn)
	<-ended
	<-ended
	if rec := w.call(http.MethodGet, "/audit/export", nil); rec.Code != http.StatusOK {
		t.Errorf("afterwards: %d %s", rec.Code, rec.Body)
	}
}

// locked keeps others from the table until it is unlocked.
func (w *world) locked(table string) (unlock func()) {
	w.t.Helper()
	tx, err := w.store.Database.Admin.Begin(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	unlock = sync.OnceFunc(func() { _ = tx.Rollback(context.WithoutCancel(w.t.Context())) })
	w.t.Cleanup(unlock)
	if _, err := tx.Exec(w.t.Context(), "LOCK TABLE "+table+" IN ACCESS EXCLUSIVE MODE"); err != nil {
		w.t.Fatal(err)
	}
	return unlock
}

// waitForLock waits until somebody waits for a lock.
func (w *world) waitForLock() {
	w.t.Helper()
	const waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
	for n := 0; n == 0; time.Sleep(10 * time.Millisecond) {
		if err := w.store.Database.Admin.QueryRow(w.t.Context(), waiting).Scan(&n); err != nil {
			w.t.Fatal(err)
		}
	}
}

func TestOneVerificationAtATime(t *testing.T) {
	w := newWorld(t)
	unlock := w.locked("audit_log")
	first := make(chan *httptest.ResponseRecorder)
	go func() { first <- w.call(http.MethodGet, "/audit/verification", nil) }()
	w.waitForLock()
	rec := w.call(http.MethodGet, "/audit/verification", nil)
	refused(t, rec, http.StatusServiceUnavailable, "another verification")
	if rec.Header().Get("Retry-After") == "" {
		t.Error("it does not say when to try again")
	}
	unlock()
	read[adminapi.AuditVerification](t, <-first, http.StatusOK)
	read[adminapi.AuditVerification](t, w.call(http.MethodGet, "/audit/verification", nil), http.StatusOK)
}

func TestATenantsConnectionsAreTestedOneAtATime(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.create("beta")
	begun, goOn := make(chan struct{}), make(chan struct{})
	w.probed = func() { begun <- struct{}{}; <-goOn }
	answers := make(chan *httptest.ResponseRecorder)
	test := func(id string) {
		go func() { answers <- w.call(http.MethodPost, "/tenants/"+id+"/connection-test", nil) }()
		<-begun
	}
	test("alpha")
	rec := w.call(http.MethodPost, "/tenants/alpha/connection-test", nil)
	refused(t, rec, http.StatusTooManyRequests, "wait for its result")
	if rec.Header().Get("Retry-After") == "" {
		t.Error("it does not say when to try again")
	}
	test("beta")
	close(goOn)
	for range 2 {
		read[adminapi.ConnectionTest](t, <-answers, http.StatusOK)
	}
	w.probed = nil
	read[adminapi.ConnectionTest](t, w.call(http.MethodPost, "/tenants/alpha/connection-test", nil), http.StatusOK)
	w.call(http.MethodDelete, "/tenants/beta", nil)
	refused(t, w.call(http.MethodPost, "/tenants/beta/connection-test", nil), http.StatusConflict, "restore it first")
}
