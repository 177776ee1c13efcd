package sweep_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// A job goes when it has ended long ago, and its workflow with it.
func TestOldJobsAreRemoved(t *testing.T) {
	w := newWorld(t, "beta")
	for i := range 25 {
		w.end(w.run("alpha", strconv.Itoa(i)))
	}
	w.end(w.run("beta", "1"))
	young := w.run("alpha", "young")
	w.age(config.LedgerRetention + time.Minute)
	w.end(young)
	if n, err := w.Prune(t.Context()); err != nil || n != 0 {
		t.Errorf("%d went before their workflows, %v", n, err)
	}
	if n := w.purge(0); n != 26 {
		t.Errorf("%d workflows were removed", n)
	}
	if n, err := w.Prune(t.Context()); err != nil || n != 26 || w.measured(telemetry.MetricPruned) != "26" {
		t.Errorf("%d were removed, %v; %s are counted", n, err, w.measured(telemetry.MetricPruned))
	}
	if known, err := w.ledger.Known(t.Context(), "alpha", young.ID); err != nil || !known {
		t.Errorf("the young one is gone, %v", err)
	}
}

func TestPruningEndsWithItsContext(t *testing.T) {
	w := newWorld(t)
	w.end(w.run("alpha", "1"))
	w.age(config.LedgerRetention + time.Minute)
	w.purge(0)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { w.RunPrune(ctx) })
	for w.measured(telemetry.MetricPruned) == "0" {
		<-time.After(5 * time.Millisecond)
	}
	cancel()
	wg.Wait()
}
