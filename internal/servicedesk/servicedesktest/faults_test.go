package servicedesktest_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

func (b *bench) faults(faults ...servicedesktest.Fault) {
	b.fake.SetFaults(servicedesktest.Faults{Active: faults})
}

// unanswered fails if the call gets an answer before the deadline.
func (b *bench) unanswered(req *http.Request, patience time.Duration) error {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	resp, err := b.http.Do(req.WithContext(ctx))
	if err == nil {
		_ = resp.Body.Close()
		b.t.Fatalf("got HTTP %d, want no answer", resp.StatusCode)
	}
	return err
}

func TestFaultsInJSON(t *testing.T) {
	t.Parallel()
	source := `{"active":[{"kind":"fail_next","operation":"write_note","remaining":2,"status":503},{"kind":"latency","latency_ms":5}]}`
	var f servicedesktest.Faults
	if err := json.Unmarshal([]byte(source), &f); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(f)
	if err != nil || string(b) != source {
		t.Errorf("got %s, %v", b, err)
	}
	if b, err := json.Marshal(servicedesktest.Faults{}); err != nil || string(b) != `{"active":[]}` {
		t.Errorf("got %s, %v", b, err)
	}
	for _, bad := range []string{
		`{"active":[{"kind":"gremlins"}]}`, `{"active":[{}]}`, `{"active":[{"kind":"hang","operation":"delete"}]}`, `{"active":[{"kind":"hang","colour":1}]}`,
		`{"faults":[]}`, `{"active":[{"kind":"hang","remaining":-1}]}`, `{"active":[{"kind":"latency"}]}`, `{"active":[{"kind":"commit_late"}]}`, `{"active":[{"kind":"fail_next"}]}`,
		`{"active":[{"kind":"rate_limit"}]}`, `{"active":[{"kind":"fail_next","remaining":1,"status":42}]}`, `[]`,
	} {
		if err := json.Unmarshal([]byte(bad), &f); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
}

func TestFaultsThatAnswer(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		id := b.fake.AddRequest(servicedesktest.Request{})
		notes := "/requests/" + id + "/notes"
		post := func() answer { return b.write(http.MethodPost, notes, `{"description":"x"}`) }

		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultFailNext, Remaining: 2}, servicedesktest.Fault{Kind: servicedesktest.FaultFailNext, Remaining: 1, Status: 400, Code: 4001})
		wantFailure(t, post(), http.StatusInternalServerError, 4004)
		if got, want := b.fake.Faults().Active[0].Remaining, 1; got != want {
			t.Errorf("%d remaining, want %d", got, want)
		}
		wantFailure(t, b.get(notes), http.StatusInternalServerError, 4004)
		wantFailure(t, post(), http.StatusBadRequest, 4001)
		if left := b.fake.Faults(); len(left.Active) != 0 {
			t.Errorf("left over: %+v", left)
		}

		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultAlways500, Operation: servicedesktest.OperationWriteNote})
		for range 3 {
			wantFailure(t, post(), http.StatusInternalServerError, 4004)
		}
		if a := b.get(notes); a.status != http.StatusOK {
			t.Errorf("a read met a fault of writes: %s", a.raw)
		}

		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultHTMLErrorPage})
		if a := post(); a.status != http.StatusBadGateway || !strings.HasPrefix(a.raw, "<!DOCTYPE html>") {
			t.Errorf("HTTP %d %s", a.status, a.raw)
		}
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultUnauthorized})
		wantFailure(t, b.get(notes), http.StatusUnauthorized, 4022)
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultSuccessThatFailed})
		if a := post(); a.status != http.StatusOK || part[string](t, a, "response_status", "status") != "warning" || part[float64](t, a, "response_status", "status_code") != 3000 {
			t.Errorf("HTTP %d %s", a.status, a.raw)
		}
		if n := len(b.fake.Notes(id)); n != 0 {
			t.Errorf("%d notes were committed", n)
		}
		b.faults(servicedesktest.Fault{Kind: "gremlins"})
		if a := b.get(notes); a.status != http.StatusOK {
			t.Errorf("an unknown fault happened: %s", a.raw)
		}
	})
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		b.fake.AddRequest(servicedesktest.Request{})
		blocked := func() bool {
			t.Helper()
			a := b.get("/requests")
			switch {
			case a.status == http.StatusOK:
				return false
			case a.header.Get("Retry-After") != "":
				t.Error("Retry-After is sent")
			case b.token != "":
				wantFailure(t, a, http.StatusTooManyRequests, 4015)
			case !strings.Contains(a.raw, "URL blocked as maximum access limit exceeded"):
				t.Errorf("got %s", a.raw)
			}
			return true
		}
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultThrottle, Remaining: 2})
		if got := []bool{blocked(), blocked(), blocked()}; !slices.Equal(got, []bool{true, true, false}) {
			t.Errorf("throttled: %v, want two calls", got)
		}
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultThrottle, DurationMS: 5000})
		before := blocked()
		b.clock.advance(5 * time.Second)
		if after := blocked(); !before || after {
			t.Errorf("blocked within the time %t, after it %t", before, after)
		}
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultRateLimit, Limit: 2, DurationMS: 300_000})
		if got := []bool{blocked(), blocked(), blocked()}; !slices.Equal(got, []bool{false, false, true}) {
			t.Errorf("throttled: %v, want the third call", got)
		}
		other := b.get("/solutions").status == http.StatusOK
		if onPrem := b.token == ""; other != onPrem {
			t.Errorf("another URL is let through: %t", other)
		}
		b.clock.advance(time.Minute)
		if !blocked() {
			t.Error("the block was short")
		}
		b.clock.advance(4 * time.Minute)
		if blocked() {
			t.Error("the block does not end")
		}
	})
}

func TestFaultsWithoutAnswer(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		id := b.fake.AddRequest(servicedesktest.Request{})
		notes := "/requests/" + id + "/notes"
		post := func() *http.Request {
			return b.request(http.MethodPost, notes, inputData(`{"`+map[bool]string{true: "request_note", false: "note"}[b.token != ""]+`":{"description":"x"}}`))
		}
		tests := []struct {
			fault    servicedesktest.Fault
			commits  int
			patience time.Duration
			timesOut bool
		}{
			{servicedesktest.Fault{Kind: servicedesktest.FaultHang, Remaining: 1}, 0, 50 * time.Millisecond, true},
			{servicedesktest.Fault{Kind: servicedesktest.FaultResetConnection, Remaining: 1}, 0, 5 * time.Second, false},
			{servicedesktest.Fault{Kind: servicedesktest.FaultLatency, LatencyMS: 60_000, Remaining: 1}, 0, 50 * time.Millisecond, true},
			{servicedesktest.Fault{Kind: servicedesktest.FaultCommitThenTimeout, Remaining: 1}, 1, 250 * time.Millisecond, true},
		}
		for _, tt := range tests {
			b.faults(tt.fault)
			if tt.fault.Kind == servicedesktest.FaultCommitThenTimeout {
				if a := b.get(notes); a.status != http.StatusOK {
					t.Errorf("commit_then_timeout met a read: %s", a.raw)
				}
			}
			err := b.unanswered(post(), tt.patience)
			if errors.Is(err, context.DeadlineExceeded) != tt.timesOut {
				t.Errorf("%s: got %v", tt.fault.Kind, err)
			}
			if n := len(b.fake.Notes(id)); n != tt.commits {
				t.Errorf("%s: %d notes, want %d", tt.fault.Kind, n, tt.commits)
			}
			if a := b.get(notes); a.status != http.StatusOK {
				t.Errorf("after %s: %s", tt.fault.Kind, a.raw)
			}
		}
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultLatency, LatencyMS: 1})
		if a := b.get(notes); a.status != http.StatusOK {
			t.Errorf("with latency: %s", a.raw)
		}
	})
}

func TestCloseEndsHangingCalls(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem)
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultHang})
	b.fake.Close()
	b.fake.Close()
	if err := b.unanswered(b.request(http.MethodGet, "/requests", ""), 5*time.Second); errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultLatency, LatencyMS: 60_000})
	if err := b.unanswered(b.request(http.MethodGet, "/requests", ""), 5*time.Second); errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestResetWithoutAConnectionToGiveAway(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem)
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultResetConnection})
	defer func() {
		if got := recover(); got != http.ErrAbortHandler { //nolint:errorlint // net/http compares it so, too
			t.Errorf("recovered %v", got)
		}
	}()
	b.fake.ServeHTTP(httptest.NewRecorder(), b.request(http.MethodGet, "/requests", ""))
}

func TestExpireToken(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileCloud)
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultExpireToken})
	wantFailure(t, b.get("/requests"), http.StatusUnauthorized, 4022)
	b.token = part[string](t, b.refresh(), "access_token")
	if a := b.get("/requests"); a.status != http.StatusOK {
		t.Errorf("the new token: %s", a.raw)
	}
}

func TestFaultsOfTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileCloud)
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultAlways500})
	if a := b.refresh(); a.status != http.StatusOK {
		t.Errorf("a fault of the API met the token endpoint: %s", a.raw)
	}
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultAlways500, Operation: servicedesktest.OperationToken})
	if a := b.refresh(); a.status != http.StatusInternalServerError {
		t.Errorf("HTTP %d", a.status)
	}
}

func TestToggles(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		id := b.fake.AddRequest(servicedesktest.Request{Status: "Open"})
		b.fake.AddNote(id, servicedesktest.Note{Description: "x"})
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultNoDescription, Remaining: 1}, servicedesktest.Fault{Kind: servicedesktest.FaultDateCriteriaStrict})
		for _, want := range []bool{false, true} {
			a := b.get("/requests/" + id + "/notes")
			if _, got := items(t, a, "notes")[0]["description"]; got != want {
				t.Errorf("description in the list: %t, want %t", got, want)
			}
		}
		date, status := `{"field":"created_time","condition":"gte","value":"0"}`, `{"field":"status.name","condition":"is","value":"Open","logical_operator":"and"}`
		for criteria, want := range map[string]int{date: 200, status: 200, date + "," + status: 400} {
			if a := b.list("/requests", `{"list_info":{"search_criteria":[`+criteria+`]}}`); a.status != want {
				t.Errorf("%s: HTTP %d, want %d", criteria, a.status, want)
			}
		}
		b.faults()
		if a := b.list("/requests", `{"list_info":{"search_criteria":[`+date+","+status+`]}}`); a.status != http.StatusOK {
			t.Errorf("lenient: HTTP %d", a.status)
		}
	})
}

func TestWebhookCopies(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem)
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultDropWebhook, Remaining: 1}, servicedesktest.Fault{Kind: servicedesktest.FaultDuplicateWebhook, Remaining: 1})
	got := []int{b.fake.WebhookCopies(), b.fake.WebhookCopies(), b.fake.WebhookCopies()}
	if diff := cmp.Diff([]int{0, 2, 1}, got); diff != "" {
		t.Error(diff)
	}
}
