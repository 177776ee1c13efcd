package servicedesktest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("timed out: %s", what)
		}
	}
}

func (b *bench) received(method string) bool {
	return slices.ContainsFunc(b.fake.Calls(), func(c servicedesktest.Call) bool { return c.Method == method && c.Path != "/oauth/v2/token" })
}

func (b *bench) postNote(ticket string) *http.Request {
	key := "note"
	if b.token != "" {
		key = "request_note"
	}
	return b.request(http.MethodPost, "/requests/"+ticket+"/notes", inputData(`{"`+key+`":{"description":"x"}}`))
}

func TestCommitLate(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		id := b.fake.AddRequest(servicedesktest.Request{})
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultCommitLate, LatencyMS: 300, Remaining: 1})
		if a := b.get("/requests/" + id + "/notes"); a.status != http.StatusOK || len(b.fake.Faults().Active) != 1 {
			t.Errorf("commit_late met a read: %s", a.raw)
		}
		ctx, leave := context.WithCancel(t.Context())
		post := b.postNote(id).WithContext(ctx)
		left := make(chan error, 1)
		go func() {
			resp, err := b.http.Do(post)
			if err == nil {
				_ = resp.Body.Close()
			}
			left <- err
		}()
		eventually(t, "the write arrives", func() bool { return b.received(http.MethodPost) })
		leave()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want no answer", err)
		}
		eventually(t, "the write is committed although the client has left", func() bool { return len(b.fake.Notes(id)) == 1 })
		for _, c := range b.fake.Calls() {
			if c.Method == http.MethodPost && c.Status >= http.StatusCreated {
				t.Errorf("a client that has left was answered: %+v", c)
			}
		}
		if left := b.fake.Faults(); len(left.Active) != 0 {
			t.Errorf("left over: %+v", left)
		}

		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultCommitLate, LatencyMS: 1})
		want := map[bool]int{true: http.StatusOK, false: http.StatusCreated}[b.token != ""]
		if a := b.send(b.postNote(id)); a.status != want || a.header.Get("Content-Type") == "" || part[string](t, a, "response_status", "status") != "success" {
			t.Errorf("a client that waits got HTTP %d %s", a.status, a.raw)
		}
		if n := len(b.fake.Notes(id)); n != 2 {
			t.Errorf("%d notes, want 2", n)
		}
	})
}

// serveAborting calls the fake and reports whether it dropped the connection.
func serveAborting(fake http.Handler, req *http.Request) (aborted bool) {
	defer func() {
		aborted = recover() == http.ErrAbortHandler //nolint:errorlint // net/http compares it so, too
	}()
	fake.ServeHTTP(httptest.NewRecorder(), req)
	return false
}

func TestCloseDropsLateCommits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // whose end also shows that no goroutine is left
		fake := servicedesktest.New(servicedesktest.Options{APIKey: apiKey})
		b := &bench{t: t, fake: fake, root: "http://sdp.example.com"}
		id := fake.AddRequest(servicedesktest.Request{})
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultCommitLate, LatencyMS: 60_000})
		began := time.Now()
		aborted := make(chan bool, 1)
		go func() { aborted <- serveAborting(fake, b.postNote(id)) }()
		synctest.Wait() // until the write is pending
		fake.Close()
		if !<-aborted || time.Since(began) != 0 {
			t.Errorf("the write was answered, or dropped only after %s", time.Since(began))
		}
		if n := len(fake.Notes(id)); n != 0 {
			t.Errorf("%d notes were committed", n)
		}
	})
}

func TestCommitLateWithoutItsInput(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem)
	id := b.fake.AddRequest(servicedesktest.Request{})
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultCommitLate, LatencyMS: 1})
	req := b.request(http.MethodPost, "/requests/"+id+"/notes", "")
	req.Body = io.NopCloser(iotest.ErrReader(errors.New("cut off")))
	if !serveAborting(b.fake, req) || len(b.fake.Notes(id)) != 0 {
		t.Error("a write without its input was answered or committed")
	}
}
