package servicedesk_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

func TestTokenIsFetchedOnceAndKept(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileCloud)
	for range 3 {
		if _, err := b.client.Request(t.Context(), b.ticket); err != nil {
			t.Fatal(err)
		}
	}
	if n := b.refreshes(); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
}

func TestExpiredTokenIsRenewedOnceForAll(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileCloud)
	if _, err := b.client.Request(t.Context(), b.ticket); err != nil {
		t.Fatal(err)
	}
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultExpireToken})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := b.client.Request(t.Context(), b.ticket); err != nil {
				t.Errorf("Request: %v", err)
			}
		})
	}
	wg.Wait()
	if n := b.refreshes(); n != 2 {
		t.Errorf("%d refreshes, want the first and one for all", n)
	}
}

func TestFirstTokenIsFetchedOnceForAll(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileCloud)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := b.client.Request(t.Context(), b.ticket); err != nil {
				t.Errorf("Request: %v", err)
			}
		})
	}
	wg.Wait()
	if n := b.refreshes(); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
}

func TestTokenIsRenewedInTheMiddleOfPutNote(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileCloud)
	b.put(t, b.write("first"))
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultExpireToken, Operation: servicedesktest.OperationWriteNote})
	if got := b.put(t, b.write("second")); got.Action != servicedesk.NoteEdited {
		t.Errorf("got %+v", got)
	}
	b.onlyNote(t)
}

func TestNoRefreshOnOtherErrors(t *testing.T) {
	t.Parallel()
	for _, kind := range []servicedesktest.FaultKind{
		servicedesktest.FaultAlways500, servicedesktest.FaultThrottle, servicedesktest.FaultHTMLErrorPage, servicedesktest.FaultResetConnection,
	} {
		b := newBench(t, servicedesk.ProfileCloud)
		b.faults(servicedesktest.Fault{Kind: kind})
		for range 3 {
			_, err := b.client.Request(t.Context(), b.ticket)
			wantError(t, err, servicedesk.KindRetry)
		}
		if n := b.refreshes(); n != 1 {
			t.Errorf("%s: %d refreshes, want only the first", kind, n)
		}
	}
}

func TestUnauthorizedAfterOneRefresh(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileCloud)
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultUnauthorized})
	_, err := b.client.Request(t.Context(), b.ticket)
	wantError(t, err, servicedesk.KindUnauthorized)
	if n := b.refreshes(); n != 1 {
		t.Errorf("%d refreshes for a call that fetched the first token itself, want 1", n)
	}
	_, err = b.client.Request(t.Context(), b.ticket)
	if e := wantError(t, err, servicedesk.KindUnauthorized); e.HTTPStatus != http.StatusUnauthorized || e.Code != 4022 {
		t.Errorf("got %+v", e)
	}
	if n := b.refreshes(); n != 2 {
		t.Errorf("%d refreshes after the second call, want 2", n)
	}
}

func TestRefreshesAreHeldBackBeforeTheLockout(t *testing.T) {
	t.Parallel()
	clock := &fakeClock{now: time.Unix(1_700_000_000, 0)}
	b := newBench(t, servicedesk.ProfileCloud, func(c *servicedesk.Config) { c.Clock = clock.Now })
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultUnauthorized})
	for range 12 {
		_, err := b.client.Request(t.Context(), b.ticket)
		if err == nil {
			t.Fatal("the call succeeded")
		}
	}
	if n := b.refreshes(); n != 2 {
		t.Errorf("%d refreshes at once, want 2", n)
	}
	var at []time.Time
	for range 300 {
		clock.advance(time.Second)
		before := b.refreshes()
		_, _ = b.client.Request(t.Context(), b.ticket)
		if b.refreshes() > before {
			at = append(at, clock.Now())
		}
	}
	if len(at) < 300/25 {
		t.Errorf("%d refreshes in five minutes: an endpoint that is well again is noticed late", len(at))
	}
	for i := range len(at) - 3 {
		if took := at[i+3].Sub(at[i]); took < 45*time.Second {
			t.Errorf("four refreshes within %s", took)
		}
	}
	_, err := b.client.Request(t.Context(), b.ticket)
	if e := wantError(t, err, servicedesk.KindRetry); e.Op != "refresh_token" || e.TicketID != b.ticket {
		t.Errorf("got %+v", e)
	}
	b.faults()
	clock.advance(20 * time.Second)
	if _, err := b.client.Request(t.Context(), b.ticket); err != nil {
		t.Errorf("20 s later: %v", err)
	}
}

func TestAgedTokenIsReplacedBeforeUse(t *testing.T) {
	t.Parallel()
	clock := &fakeClock{now: time.Unix(1_700_000_000, 0)}
	b := newBench(t, servicedesk.ProfileCloud, func(c *servicedesk.Config) { c.Clock = clock.Now })
	for range 2 {
		if _, err := b.client.Request(t.Context(), b.ticket); err != nil {
			t.Fatal(err)
		}
		clock.advance(time.Hour)
	}
	if n := b.refreshes(); n != 2 {
		t.Errorf("%d refreshes, want 2", n)
	}
}

func TestFailedRefresh(t *testing.T) {
	t.Parallel()
	token := servicedesktest.OperationToken
	tests := map[string]struct {
		fault  servicedesktest.Fault
		change func(*servicedesk.OAuth)
		want   servicedesk.Kind
	}{
		"wrong secret":        {change: func(o *servicedesk.OAuth) { o.ClientSecret = "wrong" }, want: servicedesk.KindUnauthorized},
		"wrong refresh token": {change: func(o *servicedesk.OAuth) { o.RefreshToken = "wrong" }, want: servicedesk.KindUnauthorized},
		"400":                 {fault: servicedesktest.Fault{Kind: servicedesktest.FaultFailNext, Status: 400, Operation: token, Remaining: 1}, want: servicedesk.KindUnauthorized},
		"429":                 {fault: servicedesktest.Fault{Kind: servicedesktest.FaultFailNext, Status: 429, Operation: token, Remaining: 1}, want: servicedesk.KindRetry},
		"500":                 {fault: servicedesktest.Fault{Kind: servicedesktest.FaultAlways500, Operation: token}, want: servicedesk.KindRetry},
		"proxy page":          {fault: servicedesktest.Fault{Kind: servicedesktest.FaultHTMLErrorPage, Operation: token}, want: servicedesk.KindRetry},
		"reset":               {fault: servicedesktest.Fault{Kind: servicedesktest.FaultResetConnection, Operation: token}, want: servicedesk.KindRetry},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, servicedesk.ProfileCloud, func(c *servicedesk.Config) {
				if tt.change != nil {
					tt.change(&c.OAuth)
				}
			})
			if tt.fault.Kind != "" {
				b.faults(tt.fault)
			}
			_, err := b.client.Request(t.Context(), b.ticket)
			if e := wantError(t, err, tt.want); e.Op != "refresh_token" || e.TicketID != b.ticket {
				t.Errorf("got %+v", e)
			}
			if strings.Contains(err.Error(), "example-secret") || strings.Contains(err.Error(), "1000.refresh") {
				t.Errorf("credentials in %v", err)
			}
			if n := b.calls(http.MethodGet); n != 0 {
				t.Errorf("%d calls were made without a token", n)
			}
		})
	}
}

func TestLockedOutAccountIsRetried(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileCloud)
	for range 5 { // other processes of the same account
		if _, err := newClient(t, b.cfg).Request(t.Context(), b.ticket); err != nil {
			t.Fatal(err)
		}
	}
	_, err := b.client.Request(t.Context(), b.ticket)
	if e := wantError(t, err, servicedesk.KindRetry); e.HTTPStatus != http.StatusBadRequest || !strings.Contains(e.Message, "too many requests") {
		t.Errorf("got %+v", e)
	}
}

func TestOddTokenAnswers(t *testing.T) {
	t.Parallel()
	tests := map[string]servicedesk.Kind{
		`{"access_token":"a","expires_in":"3600"}`: "",
		`{"access_token":"a"}`:                     "",
		`{}`:                                       servicedesk.KindRetry,
		`not JSON`:                                 servicedesk.KindRetry,
		strings.Repeat("x", 5<<20):                 servicedesk.KindGiveUp,
	}
	for answer, want := range tests {
		mux := http.NewServeMux()
		mux.HandleFunc("POST /oauth/v2/token", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) })
		mux.HandleFunc("GET /app/x/api/v3/requests/1", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"request":{"id":"1"}}`))
		})
		srv := httptest.NewServer(mux)
		t.Cleanup(srv.Close)
		client := newClient(t, servicedesk.Config{
			BaseURL: srv.URL + "/app/x/api/v3", Profile: servicedesk.ProfileCloud, OAuth: oauth(srv.URL), Timeout: 2 * time.Second,
		})
		_, err := client.Request(t.Context(), "1")
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", answer, err)
			}
			continue
		}
		wantError(t, err, want)
	}
}

func TestWaitingForATokenEndsWithTheCaller(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileCloud, impatient)
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultHang, Operation: servicedesktest.OperationToken})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := b.client.Request(ctx, b.ticket)
	wantError(t, err, servicedesk.KindRetry)
}

type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
