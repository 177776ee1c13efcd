package dispatch_test

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

func TestAJobIsStartedWhenItIsToldOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "alpha")
	d, _ := w.replica(never)
	j := w.queue("alpha", "1")
	d.Wake("alpha")
	w.until("the job is started", func(e *engine) bool { return len(e.started) == 1 })
	want := ledger.Admitted{TenantID: "alpha", JobID: j.ID, TicketID: "1", CorrelationID: "example-correlation", Run: 1}
	got := w.engine.starts()[0]
	if got.WaitedSince.IsZero() || got.StartedAt.Before(got.WaitedSince) || !got.ReceivedAt.Equal(got.WaitedSince) {
		t.Errorf("it was received at %s and waited from %s to %s", got.ReceivedAt, got.WaitedSince, got.StartedAt)
	}
	got.ReceivedAt, got.WaitedSince, got.StartedAt = time.Time{}, time.Time{}, time.Time{}
	if got != want {
		t.Errorf("started %+v", got)
	}
}

// What another replica's end of a job makes room for is found on a tick.
func TestAJobIsStartedWithoutBeingToldOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "alpha")
	w.cfg.TenantLimit = 1
	w.replica(10 * time.Millisecond)
	w.queue("alpha", "1")
	w.queue("alpha", "2")
	w.until("one is started", func(e *engine) bool { return len(e.started) == 1 })
	w.end(w.engine.starts()[0])
	w.until("the next is started", func(e *engine) bool { return len(e.started) == 2 })
}

// Behind a tenant with 10,000 waiting jobs, another's single one is the next to be started.
func TestATenantWithOneTicketGoesAheadOfOneWithThousands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "alpha", "beta")
	w.burst("alpha", 10_000)
	d, _ := w.replica(never)
	d.Wake("alpha")
	w.until("alpha has what it may", func(e *engine) bool { return len(e.started) == w.cfg.TenantLimit })
	w.queue("beta", "1")
	d.Wake("beta")
	w.until("beta's is started", func(e *engine) bool { return of("beta", e.started) == 1 })
	if n := of("alpha", w.engine.starts()); n != w.cfg.TenantLimit {
		t.Errorf("%d of alpha's were started before", n)
	}
}

// With all room taken by others, it is the next when there is some.
func TestATenantThatHasNothingRunningIsTheNext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "alpha", "beta", "gamma")
	w.cfg.TenantLimit, w.cfg.GlobalLimit = 4, 6
	w.burst("alpha", 100)
	w.burst("gamma", 100)
	d, _ := w.replica(never)
	d.Wake("alpha")
	w.until("all room is taken", func(e *engine) bool { return len(e.started) == w.cfg.GlobalLimit })
	if a, g := of("alpha", w.engine.starts()), of("gamma", w.engine.starts()); a != 3 || g != 3 {
		t.Errorf("alpha has %d, gamma %d", a, g)
	}
	w.queue("beta", "1")
	d.Wake("beta")
	w.end(w.engine.starts()[0])
	d.Wake(w.engine.starts()[0].TenantID)
	w.until("one more is started", func(e *engine) bool { return len(e.started) == w.cfg.GlobalLimit+1 })
	if last := w.engine.starts()[w.cfg.GlobalLimit]; last.TenantID != "beta" {
		t.Errorf("the next was %+v", last)
	}
}

// Tenants take turns also where none has fewer running than another, and a stream of newcomers does not keep one waiting.
func TestTenantsTakeTurns(t *testing.T) {
	t.Parallel()
	tenants := []string{"alpha", "beta", "gamma"}
	w := newWorld(t, append(tenants, "delta", "epsilon", "zeta")...)
	w.cfg.TenantLimit, w.cfg.GlobalLimit = 1, 1
	for _, id := range tenants {
		w.burst(id, 10)
	}
	d, _ := w.replica(never)
	d.Wake("alpha")
	for n := 1; n <= 9; n++ {
		w.until("the next is started", func(e *engine) bool { return len(e.started) == n })
		if n <= 3 {
			w.queue([]string{"delta", "epsilon", "zeta"}[n-1], "1")
		}
		w.end(w.engine.starts()[n-1])
		d.Wake(w.engine.starts()[n-1].TenantID)
	}
	for _, id := range tenants {
		if got := of(id, w.engine.starts()); got < 1 || got > 3 {
			t.Errorf("%s had %d turns", id, got)
		}
	}
	first := []string{w.engine.starts()[0].TenantID, w.engine.starts()[1].TenantID, w.engine.starts()[2].TenantID}
	if slices.Sort(first); !slices.Equal(first, tenants) {
		t.Errorf("the first turns were %v", first)
	}
}

// Three replicas work off what waits: everything once, never more of a tenant than it may have, and over the limit of all
// tenants by no more than a batch for each further replica.
func TestReplicasKeepTheLimitsTogether(t *testing.T) {
	t.Parallel()
	tenants := []string{"alpha", "beta", "gamma", "delta"}
	w := newWorld(t, tenants...)
	const each, replicas, batch = 40, 3, 4
	for _, id := range tenants {
		w.burst(id, each)
	}
	wakes := make([]func(string), replicas)
	for i := range replicas {
		d, _ := w.replica(10 * time.Millisecond)
		wakes[i] = d.Wake
	}
	for ended := range each * len(tenants) {
		w.until("the next is started", func(e *engine) bool { return len(e.started) > ended })
		total := 0
		for _, id := range tenants {
			n := w.running(id)
			if total += n; n > w.cfg.TenantLimit {
				t.Errorf("%d of %s run", n, id)
			}
		}
		if total > w.cfg.GlobalLimit+(replicas-1)*batch {
			t.Errorf("%d run", total)
		}
		a := w.engine.starts()[ended]
		w.end(a)
		wakes[ended%replicas](a.TenantID)
	}
	times := map[string]int{}
	for _, a := range w.engine.starts() {
		if times[a.JobID]++; times[a.JobID] > 1 {
			t.Errorf("%s was started twice", a.JobID)
		}
	}
	if len(times) != each*len(tenants) {
		t.Errorf("%d were started", len(times))
	}
}

// What waits of a tenant is started at its pace, however quickly it ends and however often it is told so; and at its pace, too, when
// nobody tells. Another tenant's job does not wait for that.
func TestABacklogIsStartedAtItsPace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "alpha", "beta")
	const jobs, pace, burst = 16, 40, 4
	w.cfg.TenantLimit, w.cfg.TenantPace = 2, pace
	w.burst("alpha", jobs)
	began := time.Now()
	d, _ := w.replica(never)
	for n := range jobs {
		w.until("the next is started", func(e *engine) bool { return of("alpha", e.started) > n })
		started := slices.DeleteFunc(w.engine.starts(), func(a ledger.Admitted) bool { return a.TenantID != "alpha" })
		w.end(started[n])
		if n%2 == 0 {
			d.Wake("alpha")
		}
		if n == 5 {
			w.queue("beta", "1")
			d.Wake("beta")
		}
	}
	if least := time.Second * (jobs - burst) / pace; time.Since(began) < least {
		t.Errorf("%d jobs took %s, less than %s", jobs, time.Since(began), least)
	}
	w.until("beta's is started", func(e *engine) bool { return of("beta", e.started) == 1 })
}

// However many wake it, it looks once for those that came before it began.
func TestWakesAreOneLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "alpha")
	d, _ := w.replica(never)
	w.until("it rests", func(*engine) bool { w.engine.tell(); return w.ledger.asked() == 1 })
	w.ledger.mu.Lock() // it cannot look further than here
	for range 10_000 {
		d.Wake("alpha")
	}
	w.ledger.mu.Unlock()
	w.queue("alpha", "1")
	d.Wake("alpha")
	w.until("the job is started", func(e *engine) bool { return len(e.started) == 1 })
	if asked := w.ledger.asked(); asked > 10 {
		t.Errorf("the ledger was asked %d times", asked)
	}
}

// While the engine is down, jobs wait in their order, and it is tried with one of them at a time.
func TestJobsWaitForAnEngineThatIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "alpha", "beta")
	w.engine.down = true
	first := w.queue("alpha", "1")
	d, _ := w.replica(10 * time.Millisecond)
	w.until("it has been tried twice", func(e *engine) bool { return e.tries >= 2 })
	for i := range 20 {
		w.queue("beta", strconv.Itoa(i))
	}
	d.Wake("beta")
	before := 0
	w.engine.set(func(e *engine) { before = e.tries })
	w.until("it has been tried again", func(e *engine) bool { return e.tries > before })
	if n := w.running("alpha") + w.running("beta"); n > 1 {
		t.Errorf("%d jobs are running of an engine that is down", n)
	}
	w.engine.set(func(e *engine) { e.down = false })
	w.until("all are started that may be", func(e *engine) bool { return of("alpha", e.started) == 1 && of("beta", e.started) == w.cfg.TenantLimit })
	if !slices.ContainsFunc(w.engine.starts(), func(a ledger.Admitted) bool { return a.JobID == first.ID }) {
		t.Errorf("started %+v", w.engine.starts())
	}
}

// A job of which the engine can make nothing is not the next one for ever: it is left to the sweeper.
func TestAJobThatTheEngineChokesOnDoesNotHoldUpOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "alpha")
	bad, good := w.queue("alpha", "1"), w.queue("alpha", "2")
	w.engine.bad[bad.ID] = true
	w.replica(10 * time.Millisecond)
	w.until("both have been tried", func(e *engine) bool { return e.tries == 2 })
	if started := w.engine.starts(); len(started) != 1 || started[0].JobID != good.ID {
		t.Errorf("started %+v", started)
	}
	// It has had its chance: neither a tick nor another job brings it back.
	next := w.queue("alpha", "3")
	w.until("the next is started", func(e *engine) bool { return len(e.started) == 2 })
	if started := w.engine.starts(); started[1].JobID != next.ID {
		t.Errorf("started %+v", started)
	}
	w.untilLogged("left to the sweeper")
	if got, err := w.ledger.Job(t.Context(), "alpha", bad.ID); err != nil || got.Status != enhancement.StatusRunning {
		t.Errorf("%+v, %v", got, err)
	}
}

// A tenant whose jobs cannot be admitted, whatever the reason, is no other tenant's business.
func TestATenantWhoseJobsCannotBeAdmittedHoldsUpNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "alpha", "beta")
	w.ledger.bad = "alpha"
	w.queue("alpha", "1")
	d, _ := w.replica(never)
	for i := range 3 { // without a pause, for there is no tick
		w.queue("beta", strconv.Itoa(i))
		d.Wake("beta")
		w.until("beta's is started", func(e *engine) bool { return of("beta", e.started) == i+1 })
	}
	if !strings.Contains(w.log.String(), "could not be admitted") {
		t.Error("nobody learns of it")
	}
}

func TestItGoesOnWhenTheLedgerIsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "alpha")
	w.ledger.set(true)
	d, _ := w.replica(never)
	w.queue("alpha", "1")
	w.until("it has been asked thrice", func(*engine) bool { w.engine.tell(); return w.ledger.asked() >= 3 })
	for range 1_000 {
		d.Wake("alpha")
	}
	if asked := w.ledger.asked(); asked > 10 {
		t.Errorf("a ledger that is down was asked %d times", asked)
	}
	w.ledger.set(false)
	w.until("the job is started", func(e *engine) bool { return len(e.started) == 1 })
}

// A replica that ends, and one that begins, find all there is to do in the ledger.
func TestTheNextReplicaGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "alpha")
	w.burst("alpha", 10)
	w.cfg.TenantLimit = 3
	_, stop := w.replica(never)
	w.until("the first three are started", func(e *engine) bool { return len(e.started) == 3 })
	stop()
	for _, a := range w.engine.starts() {
		w.end(a)
	}
	w.replica(never)
	w.until("three more are started", func(e *engine) bool { return len(e.started) == 6 })
}

// Queues are measured, and those that are empty are forgotten.
func TestQueuesAreMeasured(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "alpha", "beta")
	w.burst("alpha", 6)
	w.queue("beta", "1")
	d, _ := w.replica(never)
	w.until("what may be started is", func(e *engine) bool { return len(e.started) == w.cfg.TenantLimit+1 })
	if err := d.Measure(t.Context()); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		telemetry.MetricQueue + `{state="waiting",tenant_id="alpha"}`: "2",
		telemetry.MetricRunning + `{tenant_id="alpha"}`:               "4",
		telemetry.MetricQueue + `{state="held",tenant_id="alpha"}`:    "0",
		telemetry.MetricRunning + `{tenant_id="beta"}`:                "1",
		telemetry.MetricQueueOldest + `{tenant_id="beta"}`:            "0",
	} {
		if got := w.measured(line); got != want {
			t.Errorf("%s %s, want %s", line, got, want)
		}
	}
	if oldest := w.measured(telemetry.MetricQueueOldest + `{tenant_id="alpha"}`); !strings.HasPrefix(oldest, "3") { // 3,600 seconds
		t.Errorf("alpha's oldest has waited for %s s", oldest)
	}
	for _, a := range w.engine.starts() {
		if a.TenantID == "beta" {
			w.end(a)
		}
	}
	if err := d.Measure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.measured(telemetry.MetricRunning + `{tenant_id="beta"}`); got != "" {
		t.Errorf("beta, which has nothing to do, has %s running", got)
	}
}

func TestItEndsWithItsContextWhateverGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "alpha")
	w.ledger.set(true)
	_, stop := w.replica(never)
	w.until("it rests after failures", func(*engine) bool { w.engine.tell(); return w.ledger.asked() >= 2 })
	ended := make(chan struct{})
	var once sync.Once
	go func() { stop(); once.Do(func() { close(ended) }) }()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Error("it goes on")
	}
}
