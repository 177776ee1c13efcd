package fault_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/alerting/fault"
)

func serve(t *testing.T, plan *fault.Plan) (*httptest.Server, chan struct{}) {
	t.Helper()
	served := make(chan struct{}, 10)
	server := httptest.NewServer(plan.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served <- struct{}{} })))
	t.Cleanup(server.Close)
	return server, served
}

func get(ctx context.Context, url string) (status int, retryAfter string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	return answer.StatusCode, answer.Header.Get("Retry-After"), nil
}

func TestAsManyRequestsFailAsWereAskedFor(t *testing.T) {
	var plan fault.Plan
	server, served := serve(t, &plan)
	plan.Fail(1, fault.Answer{Status: http.StatusTooManyRequests, RetryAfter: 1500 * time.Millisecond})
	plan.Fail(1, fault.Answer{})
	for i, want := range []struct {
		status     int
		retryAfter string
	}{{429, "2"}, {500, ""}, {200, ""}} {
		status, retryAfter, err := get(t.Context(), server.URL)
		if err != nil {
			t.Fatal(err)
		}
		if status != want.status || retryAfter != want.retryAfter {
			t.Errorf("request %d: %d, Retry-After %q, want %v", i, status, retryAfter, want)
		}
	}
	if len(served) != 1 || plan.Requests() != 3 {
		t.Errorf("%d were served of %d, want 1 of 3", len(served), plan.Requests())
	}
}

func TestWhatIsHeldIsServedAfterItsRelease(t *testing.T) {
	var plan fault.Plan
	server, served := serve(t, &plan)
	release := plan.Hold()
	done := make(chan error, 1)
	go func() {
		_, _, err := get(t.Context(), server.URL)
		done <- err
	}()
	for plan.Requests() == 0 {
		time.Sleep(time.Millisecond)
	}
	if len(served) != 0 {
		t.Error("it was served while it was held")
	}
	release()
	release()
	if err := <-done; err != nil || len(served) != 1 {
		t.Errorf("after the release: %v, %d served", err, len(served))
	}
}

func TestWhatItsSenderGivesUpIsNotServed(t *testing.T) {
	var plan fault.Plan
	server, served := serve(t, &plan)
	release := plan.Hold()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, _, err := get(ctx, server.URL)
		done <- err
	}()
	for plan.Requests() == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; err == nil {
		t.Fatal("the sender got an answer")
	}
	server.Close() // waits for the handler
	release()
	if len(served) != 0 {
		t.Error("it was served")
	}
}
