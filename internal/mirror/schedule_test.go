package mirror

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// eventually waits for what background work is to bring about.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 20 s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (b *bench) run(m *Mirror) (stop func()) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			select {
			case err := <-ended:
				if err != nil {
					b.t.Errorf("Run: %v", err)
				}
			case <-time.After(20 * time.Second):
				b.t.Error("Run does not end")
			}
		})
	}
	b.t.Cleanup(stop)
	return stop
}

// often is a schedule for tests, by the database's clock.
func often(c *Config) {
	c.Clock, c.Sleep = nil, nil
	c.Tickets, c.Articles, c.Assets = 50*time.Millisecond, 50*time.Millisecond, 50*time.Millisecond
}

func TestTheScheduleServesAllTenants(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.clock.now = time.Now()
	b.store.Save(t, beta)
	b.store.Save(t, "disabled")
	b.exec("UPDATE tenant_configs SET enabled = false WHERE tenant_id = 'disabled'")
	disabled := b.serve("disabled", servicedesktest.Options{})
	other := b.serve(beta, servicedesktest.Options{})
	b.addTickets(30)
	other.AddRequest(servicedesktest.Request{Subject: "of beta", Status: "Closed", Resolution: "x"})
	other.AddSolution(servicedesktest.Solution{Title: "of beta", ApprovalStatus: approved})
	other.AddWorkstation(servicedesktest.Workstation{Name: "beta1.example.com"})
	for range 3 {
		b.run(b.another(often))
	}
	eventually(t, "both tenants are in step", func() bool {
		return len(b.stored(alpha)) == 27 && len(b.stored(beta)) == 1 && len(b.texts("SELECT article_id, title FROM kb_articles")) == 1 &&
			len(b.texts("SELECT system_id, hostname FROM systems")) == 1
	})
	b.inStep()
	b.clock.advance(time.Second)
	other.Resolve(other.AddRequest(servicedesktest.Request{Subject: "later", Status: "Open"}), "x")
	eventually(t, "a change flows in", func() bool { return len(b.stored(beta)) == 2 })
	if n := len(disabled.Calls()); n != 0 {
		t.Errorf("%d calls for a disabled tenant", n)
	}
}

// The desk of one tenant never answers; that of another is served all the same.
func TestADeadServerHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.store.Save(t, beta)
	b.clock.now = time.Now()
	hung := make(chan struct{})
	var once sync.Once
	b.intercept(func(ctx context.Context, _ string) {
		once.Do(func() { close(hung) })
		<-ctx.Done()
	})
	other := b.serve(beta, servicedesktest.Options{})
	b.run(b.another(often, func(c *Config) { c.Concurrency = 2 }))
	<-hung
	other.AddRequest(servicedesktest.Request{Subject: "of beta", Status: "Closed", Resolution: "x"})
	eventually(t, "beta is in step", func() bool { return len(b.stored(beta)) == 1 })
}

func TestALeaseIsForOne(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addTickets(5)
	dead, _, err := b.rows.claim(t.Context(), alpha, FeedTickets, claimNow)
	if err != nil || dead == nil {
		t.Fatal(err)
	}
	if _, err := b.Refresh(t.Context(), alpha, FeedTickets); !errors.Is(err, ErrBusy) {
		t.Errorf("while another is at it: %v", err)
	}
	b.refresh(FeedArticles) // another feed is free
	var waited time.Duration
	sum, err := b.Import(t.Context(), alpha, FeedTickets, Options{Report: func(p Progress) { waited += p.Waiting }})
	if err != nil || sum.Read != 5 || waited < defaultLease-askAgain || waited > 2*defaultLease {
		t.Errorf("an import waits for the dead one's lease: %v, %+v, %v", waited, sum, err)
	}
	// The dead one awakes: what it wants to write down is refused.
	if err := b.rows.save(t.Context(), alpha, FeedTickets, dead.holder, cursor{}, sightings{}); !errors.Is(err, errLeaseLost) {
		t.Errorf("the dead one's cursor: %v", err)
	}
	if err := b.rows.renew(t.Context(), alpha, FeedTickets, dead.holder); !errors.Is(err, errLeaseLost) {
		t.Errorf("the dead one's lease: %v", err)
	}
	b.inStep()
}

// A run that loses its lease stops before its next call.
func TestALostLeaseStopsTheRun(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Mirror = b.another(func(c *Config) { c.lease = 2 * time.Second })
	b.addTickets(50)
	n := 0
	restore := b.intercept(func(ctx context.Context, _ string) {
		if n++; n == 5 {
			b.exec("UPDATE mirror_feeds SET lease_holder = '7d444840-9dc0-41d1-b245-5ffdce74fad2'")
			<-ctx.Done()
		}
	})
	_, err := b.Import(t.Context(), alpha, FeedTickets, Options{})
	restore()
	if !errors.Is(err, errLeaseLost) || n > 5 {
		t.Errorf("%d calls, %v", n, err)
	}
	var holder string
	if b.scan("SELECT lease_holder::text FROM mirror_feeds", &holder); !strings.HasPrefix(holder, "7d44") {
		t.Errorf("the lease was taken back: %s", holder)
	}
}

func TestFailuresBackOff(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultAlways500})
	var last time.Duration
	for i := range 12 {
		if _, err := b.Refresh(t.Context(), alpha, FeedTickets); err == nil {
			t.Fatal("a dead server goes unnoticed")
		}
		var failures int
		b.scan("SELECT failures, next_due - last_finished FROM mirror_feeds", &failures, &last)
		if failures != i+1 {
			t.Errorf("%d failures, want %d", failures, i+1)
		}
	}
	if last < 45*time.Minute || last > 75*time.Minute {
		t.Errorf("after many failures, the next step is due in %v", last)
	}
	if again := b.refreshDue(t.Context(), slot{alpha, FeedTickets}, b.cfg.Sleep); again > b.cfg.Tickets+time.Second {
		t.Errorf("a replica looks again in %v", again)
	}
	before := 0
	b.calls(&before)
	b.refreshDue(t.Context(), slot{alpha, FeedTickets}, b.cfg.Sleep)
	if n := b.calls(&before); n != 0 {
		t.Errorf("%d calls before the time has come", n)
	}
	b.faults()
	b.clock.advance(2 * time.Hour)
	if again := b.refreshDue(t.Context(), slot{alpha, FeedTickets}, b.cfg.Sleep); again < time.Minute || again > 3*time.Minute {
		t.Errorf("after a success, it looks again in %v", again)
	}
	var failures int
	if b.scan("SELECT failures FROM mirror_feeds", &failures); failures != 0 {
		t.Errorf("%d failures after a success", failures)
	}
}

func TestRunWithoutWork(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var log strings.Builder
	m := b.another(func(c *Config) {
		c.Tickets, c.Articles, c.Assets = 0, 0, 0
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	stop := b.run(m)
	stop()
	if n := len(b.sdp.Calls()); n != 0 || !strings.Contains(log.String(), "the mirror is off") {
		t.Errorf("%d calls, log %s", n, log.String())
	}
}

func TestLogsHaveNoTexts(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	b := newBench(t)
	b.Mirror = b.another(func(c *Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	b.addTickets(20)
	b.sdp.AddRequest(servicedesktest.Request{Status: "Closed", Resolution: "hunter2"})
	b.do(FeedTickets, Options{})
	b.refresh(FeedTickets)
	for _, text := range []string{"Printer", "Restarted", "hunter2", apiKey} {
		if strings.Contains(log.String(), text) {
			t.Errorf("the log has %q: %s", text, log.String())
		}
	}
	for _, want := range []string{"tenant_id=alpha", "feed=tickets", "added=18", "rejected=1"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s: %s", want, log.String())
		}
	}
}
