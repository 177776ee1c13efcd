package console_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
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

// eventually asks again until the answer has the status.
func eventually(t *testing.T, status int, ask func() *httptest.ResponseRecorder) *httptest.ResponseRecorder {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		rec := ask()
		if rec.Code == status || time.Now().After(deadline) {
			return rec
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestABodyThatDoesNotComeHoldsUpItsSenderAlone(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	slow, slower := w.token([]access.Permission{access.ContentWrite}), w.token([]access.Permission{access.ContentWrite})
	for _, token := range []string{slow, slower} {
		w.trickle(token)
		w.trickle(token)
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
