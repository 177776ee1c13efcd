package mirror

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/desk/pace"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// endless sleeps for longer than a second never end, and are counted.
func endless(sleeping *atomic.Int32) func(context.Context, time.Duration) error {
	return func(ctx context.Context, d time.Duration) error {
		if d <= time.Second {
			return nil
		}
		sleeping.Add(1)
		<-ctx.Done()
		return ctx.Err()
	}
}

func ticketsOnly(c *Config) { c.Articles, c.Assets, c.Concurrency = 0, 0, 2 }

// serveBeta has beta's server come up, with one ticket, and waits for it.
func (b *bench) serveBeta() {
	b.t.Helper()
	b.serve(beta, servicedesktest.Options{}).AddRequest(servicedesktest.Request{Subject: "of beta", Status: "Closed", Resolution: "x"})
	eventually(b.t, "beta is in step", func() bool { return len(b.stored(beta)) == 1 })
}

// More tenants wait for their pace than there are places.
func TestTenantsThatWaitForTheirPaceHoldNobodyUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.clock.now = time.Now()
	b.store.Save(t, beta)
	for i := range 4 {
		id := fmt.Sprintf("slow-%d", i)
		b.store.Save(t, id)
		server := b.serve(id, servicedesktest.Options{})
		for range 2 * pace.Burst {
			server.AddRequest(servicedesktest.Request{Subject: "a", Status: "Closed", Resolution: "x"})
		}
	}
	var sleeping atomic.Int32
	b.run(b.another(often, ticketsOnly, func(c *Config) { c.OnPremCalls, c.Sleep = 1, endless(&sleeping) }))
	eventually(t, "all places would be taken", func() bool { return sleeping.Load() >= 2 })
	b.serveBeta()
}

// dead is a server that does not answer, at once or after a long time.
type dead struct {
	Desk

	clock *clock
	after time.Duration
	calls atomic.Int32
}

func (d *dead) ListRequests(context.Context, servicedesk.ListQuery) (servicedesk.RequestPage, error) {
	d.calls.Add(1)
	d.clock.advance(d.after)
	return servicedesk.RequestPage{}, &servicedesk.Error{Op: "list_requests", Kind: servicedesk.KindRetry, Message: "timed out"}
}

// More servers are dead than there are places.
func TestDeadServersHoldNobodyUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.store.Save(t, beta)
	servers := make([]*dead, 6)
	for i := range servers {
		id := fmt.Sprintf("dead-%d", i)
		b.store.Save(t, id)
		alive, err := b.desks.Mirrored(t.Context(), alpha)
		if err != nil {
			t.Fatal(err)
		}
		servers[i] = &dead{Desk: alive, clock: b.clock, after: time.Duration(i%2) * 30 * time.Second}
		b.desks.set(id, servers[i])
	}
	var sleeping atomic.Int32
	b.run(b.another(ticketsOnly, func(c *Config) { c.Tickets, c.Sleep = 50*time.Millisecond, endless(&sleeping) }))
	eventually(t, "each was called", func() bool {
		for _, server := range servers {
			if server.calls.Load() == 0 {
				return false
			}
		}
		return true
	})
	b.serveBeta()
	for i, server := range servers {
		if n := server.calls.Load(); n != 1 {
			t.Errorf("%d calls of server %d, which answers after %v", n, i, server.after)
		}
	}
}

func TestASlowFailureEndsAStep(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultAlways500})
	for took, want := range map[time.Duration]int{0: scheduledAttempts, 30 * time.Second: 1} {
		calls := 0
		restore := b.intercept(func(context.Context, string) {
			calls++
			b.clock.advance(took)
		})
		if _, err := b.Refresh(t.Context(), alpha, FeedTickets); err == nil || calls != want {
			t.Errorf("%d calls that take %v, want %d: %v", calls, took, want, err)
		}
		calls = 0
		if _, err := b.Import(t.Context(), alpha, FeedTickets, Options{}); err == nil || calls != foregroundAttempts {
			t.Errorf("an import: %d calls that take %v: %v", calls, took, err)
		}
		restore()
	}
}

// A record whose detail takes that long to fail is not passed over: the next one would take as long.
func TestASlowFailureOfADetailEndsAStep(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addTickets(5)
	calls := 0
	b.intercept(func(_ context.Context, op string) {
		if op == "request" {
			calls++
			b.clock.advance(30 * time.Second)
			b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultAlways500})
		}
	})
	if sum, err := b.Refresh(t.Context(), alpha, FeedTickets); err == nil || sum.Rejected != 0 || calls != 1 {
		t.Errorf("%d calls, %+v, %v", calls, sum, err)
	}
}

// The schedule gives a feed back for a moment only; an import that waits has to get it all the same.
func TestAnImportThatWaitsComesNext(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addTickets(5)
	step, _, err := b.rows.claim(t.Context(), alpha, FeedTickets, claimDue)
	if err != nil || step == nil {
		t.Fatal(err)
	}
	waits, between := 0, 0
	m := b.another(func(c *Config) {
		c.Sleep = func(ctx context.Context, d time.Duration) error {
			if d != askAgain { // for its pace
				return b.clock.sleep(ctx, d)
			}
			if waits++; waits == 1 { // the step ends, and another is due
				if err := b.rows.finish(ctx, alpha, FeedTickets, step.holder, outcome{}); err != nil {
					t.Error(err)
				}
				b.refreshDue(ctx, slot{alpha, FeedTickets}, b.cfg.Sleep)
				between = len(b.sdp.Calls())
			}
			return b.clock.sleep(ctx, d)
		}
	})
	if sum, err := m.Import(t.Context(), alpha, FeedTickets, Options{}); err != nil || sum.Read != 5 || waits != 1 || between != 0 {
		t.Errorf("%+v, %v after %d waits; the schedule made %d calls", sum, err, waits, between)
	}
	b.inStep()

	// One that has given up is not waited for.
	step, _, err = b.rows.claim(t.Context(), alpha, FeedTickets, claimNow)
	if err != nil || step == nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone := b.another(func(c *Config) {
		c.Sleep = func(context.Context, time.Duration) error {
			cancel()
			return ctx.Err()
		}
	})
	if _, err := gone.Import(ctx, alpha, FeedTickets, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := b.rows.finish(t.Context(), alpha, FeedTickets, step.holder, outcome{}); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(time.Minute)
	before := 0
	b.calls(&before)
	if b.refreshDue(t.Context(), slot{alpha, FeedTickets}, b.cfg.Sleep); b.calls(&before) == 0 {
		t.Error("the schedule waits for an import that is no more")
	}
}
