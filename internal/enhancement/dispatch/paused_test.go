package dispatch_test

import (
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/suspension"
	"github.com/ai-agents/ai-agents/internal/suspension/suspensiontest"
)

// What is paused waits, however often it is told of; the neighbour does not. At its end it goes on without being told.
func TestAPausedTenantWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "alpha", "beta")
	suspensiontest.Pause(t, w.store.ConsoleDB, "alpha", suspension.Processing)
	w.queue("alpha", "1")
	w.queue("beta", "2")
	d, _ := w.replica(10 * time.Millisecond)
	d.Wake("alpha")
	w.until("the neighbour's is started", func(e *engine) bool { return of("beta", e.started) == 1 })
	w.queue("beta", "3")
	d.Wake("alpha")
	w.until("and its next one", func(e *engine) bool { return of("beta", e.started) == 2 })
	if n := of("alpha", w.engine.starts()); n != 0 {
		t.Fatalf("%d of the paused tenant's are started", n)
	}
	if err := d.Measure(t.Context()); err != nil {
		t.Fatal(err)
	}
	const series = `enhancement_paused{scope="processing",tenant_id="alpha"}`
	if got := w.measured(series); got != "1" {
		t.Errorf("%s is %q", series, got)
	}
	suspensiontest.Resume(t, w.store.ConsoleDB, "alpha", suspension.Processing)
	w.until("it goes on", func(e *engine) bool { return of("alpha", e.started) == 1 })
	if err := d.Measure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.measured(series); got != "" {
		t.Errorf("after the pause, %s is %q", series, got)
	}
}
