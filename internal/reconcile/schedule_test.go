package reconcile

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// eventually waits for what background work is to bring about.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 30 s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// often polls by the database's clock.
func often(c *Config) {
	c.Clock, c.Sleep, c.Interval, c.Grace = nil, nil, 50*time.Millisecond, 0
}

// run has a replica work until the test ends, or stop is called.
func (b *bench) run(r *Reconciler) (stop func()) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Run(ctx)
	}()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			select {
			case <-ended:
			case <-time.After(20 * time.Second):
				b.t.Error("Run does not end")
			}
		})
	}
	b.t.Cleanup(stop)
	return stop
}

// newLive is a bench in the present.
func newLive(t *testing.T) *bench {
	t.Helper()
	b := newBench(t, servicedesktest.Options{Clock: time.Now})
	b.exec("DELETE FROM reconcile_polls")
	return b
}

func (b *bench) jobs(tenantID string) (n int) {
	b.t.Helper()
	b.scan("SELECT count(*) FROM enhancement_history WHERE tenant_id = '"+tenantID+"'", &n)
	return n
}

func openNow(server *servicedesktest.Server, n int) {
	for i := range n {
		server.AddRequest(servicedesktest.Request{Subject: "Printer " + strconv.Itoa(i), Status: "Open"})
	}
}

func TestReplicasServeAllTenants(t *testing.T) {
	t.Parallel()
	b := newLive(t)
	b.store.Save(t, "disabled")
	b.exec("UPDATE tenant_configs SET enabled = false WHERE tenant_id = 'disabled'")
	disabled := b.serve("disabled", servicedesktest.Options{Clock: time.Now})
	openNow(b.sdp, 5)
	replicas := make([]*Reconciler, 3)
	for i := range replicas {
		replicas[i] = b.replica(b.books, often)
		b.run(replicas[i])
	}
	eventually(t, "alpha's are caught", func() bool { return b.jobs(alpha) == 5 })
	b.store.Save(t, beta) // while they run
	other := b.serve(beta, servicedesktest.Options{Clock: time.Now})
	openNow(other, 3)
	eventually(t, "a new tenant's are caught", func() bool { return b.jobs(beta) == 3 })
	openNow(b.sdp, 2)
	eventually(t, "later ones are caught", func() bool { return b.jobs(alpha) == 7 })
	if n := len(disabled.Calls()); n != 0 {
		t.Errorf("%d calls for a disabled tenant", n)
	}
	b.Reconciler = replicas[0]
	b.tellSilence(t.Context())
	if seconds, err := strconv.ParseFloat(b.measured(`reconcile_silence_seconds{tenant_id="alpha"}`), 64); err != nil || seconds <= 0 || seconds > 30 {
		t.Errorf("alpha has been silent for %v s, %v", seconds, err)
	}
	if got := b.measured(`reconcile_silence_seconds{tenant_id="disabled"}`); got != "0" {
		t.Errorf("a disabled tenant has been silent for %s s", got)
	}
	b.exec("UPDATE tenant_configs SET enabled = false WHERE tenant_id = 'beta'")
	b.tellSilence(t.Context())
	if got := b.measured(`reconcile_silence_seconds{tenant_id="beta"}`); got != "0" {
		t.Errorf("one that was disabled is still said to be silent, for %s s", got)
	}
}

// hanging is a server that never answers.
type hanging struct {
	Desk

	calls *atomic.Int32
}

func (d hanging) ListRequests(ctx context.Context, _ servicedesk.ListQuery) (servicedesk.RequestPage, error) {
	d.calls.Add(1)
	<-ctx.Done()
	return servicedesk.RequestPage{}, ctx.Err()
}

// One tenant's server never answers, another's pace is used up; the third's is polled all the same, and a stop ends it all.
func TestNobodyIsHeldUp(t *testing.T) {
	t.Parallel()
	b := newLive(t)
	desk, err := b.desks.Polled(t.Context(), alpha)
	if err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int32
	b.store.Save(t, "hung")
	b.desks.set("hung", hanging{desk, &calls})
	b.store.Save(t, "slow")
	b.serve("slow", servicedesktest.Options{Clock: time.Now})
	b.exec("INSERT INTO mirror_pace (tenant_id, host, paid_until) SELECT 'slow', $1, now() + interval '1 hour'", hostOf(t, b, "slow"))
	stop := b.run(b.replica(b.books, often, func(c *Config) { c.Concurrency = 2 }))
	eventually(t, "the hung server is asked", func() bool { return calls.Load() == 1 })
	openNow(b.sdp, 2)
	eventually(t, "alpha's are caught", func() bool { return b.jobs(alpha) == 2 })
	stop()
	var held int
	if b.scan("SELECT count(*) FROM reconcile_polls WHERE lease_holder IS NOT NULL", &held); held != 0 {
		t.Errorf("%d leases are held after the stop", held)
	}
}

func hostOf(t *testing.T, b *bench, tenantID string) string {
	t.Helper()
	desk, err := b.desks.Polled(t.Context(), tenantID)
	if err != nil {
		t.Fatal(err)
	}
	return desk.Host()
}

// Many tenants are not polled at the same moment, neither the first time nor later.
func TestPollsAreSpread(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{})
	const tenants = 200
	b.exec(`INSERT INTO tenant_configs (tenant_id, name, servicedesk_url, servicedesk_profile, api_key_sealed, signing_secret_sealed)
		SELECT 'tenant-' || n, 'example', 'https://sdp.example.com/api/v3', 'onprem', 'x', 'x' FROM generate_series(1, $1::int) n`, tenants)
	desk, err := b.desks.Polled(t.Context(), alpha)
	if err != nil {
		t.Fatal(err)
	}
	spread := func() (seconds int) {
		b.scan("SELECT count(DISTINCT date_trunc('second', next_due)) FROM reconcile_polls WHERE tenant_id LIKE 'tenant-%'", &seconds)
		return seconds
	}
	for i := range tenants {
		id := "tenant-" + strconv.Itoa(i+1)
		b.desks.set(id, desk)
		b.Reconciler.poll(t.Context(), id, b.clock.sleep)
	}
	if n := spread(); n < 40 {
		t.Errorf("the first polls of %d tenants are in %d seconds of a minute", tenants, n)
	}
	b.exec("UPDATE reconcile_polls SET next_due = $1", b.clock.now())
	for i := range tenants {
		b.Reconciler.poll(t.Context(), "tenant-"+strconv.Itoa(i+1), b.clock.sleep)
	}
	if n := spread(); n < 15 {
		t.Errorf("the next polls of %d tenants are in %d seconds", tenants, n)
	}
}

func TestTurnedOff(t *testing.T) {
	t.Parallel()
	b := newLive(t)
	before := len(b.sdp.Calls())
	b.replica(b.books, func(c *Config) { c.Interval = 0 }).Run(t.Context())
	if b.log.count("RECONCILE_INTERVAL is 0") != 1 || len(b.sdp.Calls()) != before {
		t.Error("it is not off, or does not say so")
	}
}

func TestTheDatabaseIsGone(t *testing.T) {
	t.Parallel()
	b := newLive(t)
	r := b.replica(b.books, often)
	b.exec("ALTER FUNCTION due_reconcile_polls(integer, text) RENAME TO gone")
	b.exec("ALTER FUNCTION reconcile_silence() RENAME TO gone_too")
	b.run(r)
	eventually(t, "it is said", func() bool { return b.log.count("cannot be listed") > 0 && b.log.count("cannot be told") > 0 })
	b.exec("ALTER FUNCTION gone(integer, text) RENAME TO due_reconcile_polls")
	openNow(b.sdp, 1)
	eventually(t, "it goes on", func() bool { return b.jobs(alpha) == 1 })
}
