package crew_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ai-agents/ai-agents/internal/crew"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// replica is a Hand between an engine and a register that do what they are told.
type replica struct {
	*crew.Hand

	mu        sync.Mutex
	connected int
	connects  int
	refuse    error // to connect
	lost      bool  // the engine does not count on the worker
	halted    bool
	steps     int
	drain     bool  // what the register says
	down      error // the register is
	told      []crew.State
	left      bool
}

func newReplica() *replica {
	r := &replica{}
	r.Hand = crew.NewHand(crew.Config{
		Replica: "example-1", Version: "v1", Engine: r, Beats: r, Metrics: telemetry.NewMetrics(), Logger: slog.New(slog.DiscardHandler),
		Halt:  func(halted bool) { r.set(func(r *replica) { r.halted = halted }) },
		Steps: func() (n int) { r.set(func(r *replica) { n = r.steps }); return n },
	})
	return r
}

func (r *replica) set(change func(*replica)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(r)
}

func (r *replica) Connect(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse != nil {
		return r.refuse
	}
	r.connected++
	r.connects++
	context.AfterFunc(ctx, func() { r.set(func(r *replica) { r.connected-- }) })
	return nil
}

func (r *replica) Ready(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lost || r.connected == 0 {
		return errors.New("example: no worker")
	}
	return nil
}

func (r *replica) Beat(_ context.Context, m crew.Member) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = append(r.told, m.State)
	return r.drain, r.down
}

func (r *replica) Leave(context.Context, string) error {
	r.set(func(r *replica) { r.left = true })
	return nil
}

func (r *replica) is(t *testing.T, when string, state crew.State, connected int, halted bool) {
	t.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.State() != state || r.connected != connected || r.halted != halted {
		t.Errorf("%s: it is %s, connected %d, halted %t", when, r.State(), r.connected, r.halted)
	}
}

// gauges fails unless the metrics say whether it takes work, and whether an operator wants it not to.
func (r *replica) gauges(t *testing.T, when string, active, draining int) {
	t.Helper()
	synctest.Wait()
	rec := httptest.NewRecorder()
	r.Metrics.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	for name, want := range map[string]int{telemetry.MetricWorkers: active, telemetry.MetricDraining: draining} {
		if !strings.Contains(rec.Body.String(), fmt.Sprintf("\n%s %d\n", name, want)) {
			t.Errorf("%s: %s is not %d", when, name, want)
		}
	}
}

// begin starts and runs it until the test ends.
func (r *replica) begin(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	if err := r.Start(ctx); err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	return func() { cancel(); running.Wait() }
}

func TestADrainWaitsForTheSteps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newReplica()
		r.steps = 2
		stop := r.begin(t)
		defer stop()
		r.is(t, "at first", crew.Working, 1, false)
		r.gauges(t, "at first", 1, 0)
		r.set(func(r *replica) { r.drain = true })
		time.Sleep(crew.BeatEvery)
		r.is(t, "told to", crew.Draining, 1, true)
		r.gauges(t, "told to", 0, 1)
		time.Sleep(time.Minute)
		r.is(t, "with steps under way", crew.Draining, 1, true)
		if err := r.Hand.Ready(t.Context()); err != nil {
			t.Errorf("while it is drained: %v", err)
		}
		r.set(func(r *replica) { r.steps = 0 })
		time.Sleep(crew.BeatEvery)
		r.is(t, "with none", crew.Drained, 0, true)
		r.gauges(t, "with none", 0, 1)
		if err := r.Hand.Ready(t.Context()); err != nil {
			t.Errorf("a drained worker counts as lost: %v", err)
		}
		r.set(func(r *replica) { r.drain = false })
		time.Sleep(crew.BeatEvery)
		r.is(t, "wanted again", crew.Working, 1, false)
		time.Sleep(crew.BeatEvery)
		r.gauges(t, "wanted again", 1, 0)
		if err := r.Hand.Ready(t.Context()); err != nil {
			t.Errorf("connected again: %v", err)
		}
	})
}

// Where others keep giving it steps, it is disconnected all the same, in the end.
func TestADrainDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newReplica()
		r.steps, r.drain = 1, true
		stop := r.begin(t)
		defer stop()
		time.Sleep(3 * time.Minute)
		r.is(t, "after minutes", crew.Drained, 0, true)
	})
}

// Under load, other replicas' jobs leave a worker no quiet second, but moments without a step, in which nothing is cut off.
func TestADrainUnderLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newReplica()
		r.drain = true
		ctx, cancel := context.WithCancel(t.Context())
		var others sync.WaitGroup
		others.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				r.set(func(r *replica) { r.steps = min(n%4, 1) })
				time.Sleep(110 * time.Millisecond)
			}
		})
		defer others.Wait()
		defer cancel()
		stop := r.begin(t)
		defer stop()
		time.Sleep(9 * time.Second)
		r.is(t, "while quiet is hoped for", crew.Draining, 1, true)
		time.Sleep(2 * time.Second)
		r.is(t, "later", crew.Drained, 0, true)
	})
}

func TestADrainThatIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newReplica()
		r.steps, r.drain = 1, true
		stop := r.begin(t)
		defer stop()
		r.is(t, "told to", crew.Draining, 1, true)
		r.set(func(r *replica) { r.drain = false })
		time.Sleep(crew.BeatEvery)
		r.is(t, "not any more", crew.Working, 1, false)
		time.Sleep(5 * time.Minute)
		r.is(t, "later", crew.Working, 1, false)
		if r.connects != 1 {
			t.Errorf("it was connected %d times", r.connects)
		}
	})
}

// A worker that cannot be connected again is tried again, and counts as lost by no watchdog until it was.
func TestAWorkerThatCannotBeConnectedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newReplica()
		r.drain = true
		stop := r.begin(t)
		defer stop()
		time.Sleep(10 * time.Second)
		r.set(func(r *replica) { r.drain, r.refuse = false, errors.New("example: no sidecar") })
		time.Sleep(10 * time.Second)
		r.is(t, "without a sidecar", crew.Drained, 0, true)
		r.set(func(r *replica) { r.refuse = nil })
		time.Sleep(crew.BeatEvery)
		r.is(t, "with one", crew.Working, 1, false)
	})
}

func TestWhatTheRegisterIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newReplica()
		stop := r.begin(t)
		synctest.Wait()
		r.set(func(r *replica) { r.lost = true })
		time.Sleep(crew.BeatEvery)
		synctest.Wait() // it wakes at the same moment
		if err := r.Hand.Ready(t.Context()); err == nil {
			t.Error("a worker that nobody drained is not missed")
		}
		// A register that is down drains nobody.
		r.set(func(r *replica) { r.lost, r.down, r.drain = false, errors.New("example: no database"), true })
		time.Sleep(time.Minute)
		r.is(t, "without the register", crew.Working, 1, false)
		stop()
		if r.told[0] != crew.Working || r.told[1] != crew.Unavailable || !r.left {
			t.Errorf("told %v, left %t", r.told[:2], r.left)
		}
	})
}
