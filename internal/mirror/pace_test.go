package mirror

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// perMinute is the most calls the fake has received within any minute.
func perMinute(calls []servicedesktest.Call) int {
	most := 0
	for i := range calls {
		n := 0
		for _, c := range calls[i:] {
			if c.Time.Sub(calls[i].Time) < time.Minute && c.Path != "/oauth/v2/token" {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

func TestPace(t *testing.T) {
	t.Parallel()
	for profile, most := range map[servicedesk.Profile]int{servicedesk.ProfileCloud: 29, servicedesk.ProfileOnPrem: 64} {
		b := newBench(t, func(c *Config) { c.CloudCalls, c.OnPremCalls = 0, 60 })
		b.sdp = b.serve(alpha, servicedesktest.Options{Profile: profile})
		b.addTickets(150)
		b.sdp.AddSolution(servicedesktest.Solution{Title: "a", ApprovalStatus: "Approved"})
		b.do(FeedTickets, Options{})
		b.do(FeedArticles, Options{}) // at once, and from the same purse
		b.inStep()
		if n := perMinute(b.sdp.Calls()); n > most || n < most*2/3 {
			t.Errorf("%s: %d calls within a minute, want up to %d", profile, n, most)
		}
		b.clock.longestSleep()
	}
}

func TestAThrottledImport(t *testing.T) {
	t.Parallel()
	for profile, limit := range map[servicedesk.Profile]int{servicedesk.ProfileOnPrem: 2, servicedesk.ProfileCloud: 20} {
		b := newBench(t, func(c *Config) { c.OnPremCalls = 600 })
		b.sdp = b.serve(alpha, servicedesktest.Options{Profile: profile})
		b.addTickets(350)
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultRateLimit, Limit: limit, DurationMS: int((15 * time.Minute).Milliseconds())})
		var waited []time.Duration
		b.do(FeedTickets, Options{Report: func(p Progress) {
			if p.Waiting > 0 {
				waited = append(waited, p.Waiting)
				if p.Reason == "" || p.Done > 350 {
					t.Errorf("reported %+v", p)
				}
			}
		}})
		b.inStep()
		refused := 0
		for _, c := range b.sdp.Calls() {
			if c.Status == http.StatusTooManyRequests || c.Status == http.StatusBadRequest {
				refused++
			}
		}
		if len(waited) == 0 || waited[0] < 4*time.Minute || waited[0] > 6*time.Minute {
			t.Errorf("%s: waited %v", profile, waited)
		}
		if refused != len(waited) {
			t.Errorf("%s: %d calls were refused in %d waits: a blocked server is called again", profile, refused, len(waited))
		}
	}
}

// However often the server says so, an import waits and goes on.
func TestALongBlock(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addTickets(3)
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultThrottle, Remaining: 2 * foregroundAttempts})
	b.do(FeedTickets, Options{})
	b.inStep()
	if most := b.clock.longestSleep(); most < 48*time.Minute || most > 72*time.Minute {
		t.Errorf("the longest wait was %v", most)
	}
	if n := len(b.sdp.Calls()); n != 2*foregroundAttempts+4 {
		t.Errorf("%d calls", n)
	}
}

// A step of the schedule does not wait: it gives its place to another tenant.
func TestAThrottledRefresh(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addTickets(10)
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultThrottle, Remaining: 2})
	_, err := b.Refresh(t.Context(), alpha, FeedTickets)
	held, ok := errors.AsType[*heldUpError](err)
	if !ok || held.wait < 4*time.Minute {
		t.Fatalf("got %v", err)
	}
	if most := b.clock.longestSleep(); most > 0 {
		t.Errorf("it slept for %v", most)
	}
	before := 0
	b.calls(&before)
	if _, err := b.Refresh(t.Context(), alpha, FeedArticles); err == nil || b.calls(&before) != 0 {
		t.Errorf("another feed calls the blocked server: %v", err)
	}
	var failures, strikes int
	var due time.Duration
	b.scan("SELECT failures, next_due - last_finished FROM mirror_feeds WHERE feed = 'tickets'", &failures, &due)
	if failures != 0 || due < 4*time.Minute || due > 7*time.Minute {
		t.Errorf("%d failures, due in %v", failures, due)
	}
	b.clock.advance(7 * time.Minute)
	if _, err := b.Refresh(t.Context(), alpha, FeedTickets); err == nil { // the second throttled call
		t.Error("the fault is over early")
	}
	if b.scan("SELECT strikes FROM mirror_pace", &strikes); strikes != 2 {
		t.Errorf("%d strikes", strikes)
	}
	b.clock.advance(13 * time.Minute)
	b.refresh(FeedTickets)
	b.inStep()
	if b.scan("SELECT strikes FROM mirror_pace", &strikes); strikes != 0 {
		t.Errorf("%d strikes are held against a server that answers", strikes)
	}
}

func TestRefusedCredentials(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addTickets(150)
	n := 0
	restore := b.intercept(func(context.Context, string) {
		if n++; n == 60 {
			b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultUnauthorized})
		}
	})
	sum, err := b.Import(t.Context(), alpha, FeedTickets, Options{})
	restore()
	if err == nil || !strings.Contains(err.Error(), "agentctl tenant apply") || strings.Contains(err.Error(), apiKey) {
		t.Fatalf("got %v", err)
	}
	if n != 60 || sum.Added != 58 || sum.Rejected != 0 {
		t.Errorf("%d calls, %+v", n, sum)
	}
	b.faults()
	if sum := b.do(FeedTickets, Options{}); !sum.Resumed {
		t.Errorf("got %+v", sum)
	}
	b.inStep()
}
