package quota_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/suspension"
	"github.com/ai-agents/ai-agents/internal/suspension/suspensiontest"
	"github.com/ai-agents/ai-agents/internal/webhook/quota"
)

func TestNothingIsAcceptedWhileIntakeIsPaused(t *testing.T) {
	f := newFixture(t)
	terms := f.terms(t, "alpha", 100)
	before := job("alpha", 1)
	if _, err := f.limits.Accept(t.Context(), before, terms); err != nil {
		t.Fatal(err)
	}
	suspensiontest.Pause(t, f.ConsoleDB, "alpha", suspension.Intake)
	for i := range 3 { // by the database, and by what is remembered of its answer
		_, err := f.limits.Accept(t.Context(), job("alpha", 2), terms)
		paused, ok := errors.AsType[*quota.PausedError](err)
		if !ok || paused.RetryAfter != time.Minute {
			t.Fatalf("try %d: %v", i, err)
		}
		if again, err := f.limits.Accept(t.Context(), before, terms); err != nil || again.Fresh || again.JobID != before.ID {
			t.Errorf("what is on record already: %+v, %v", again, err)
		}
	}
	if _, err := f.limits.Accept(t.Context(), job("beta", 1), f.terms(t, "beta", 100)); err != nil {
		t.Errorf("the neighbour: %v", err)
	}
	var rows, counted int
	err := f.Database.Admin.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM enhancement_history WHERE tenant_id = 'alpha'),
		(SELECT coalesce(sum(n), 0) FROM webhook_rate, unnest(accepted) n WHERE tenant_id = 'alpha')`).Scan(&rows, &counted)
	if err != nil || rows != 1 || counted != 1 {
		t.Errorf("%d rows, %d counted, %v", rows, counted, err)
	}
	suspensiontest.Resume(t, f.ConsoleDB, "alpha", suspension.Intake)
	f.clock.move(time.Second)
	if a, err := f.limits.Accept(t.Context(), job("alpha", 2), terms); err != nil || !a.Fresh {
		t.Errorf("after the pause: %+v, %v", a, err)
	}
}

// A sender is told when to come back by what is known of the end.
func TestAPauseThatEndsSoon(t *testing.T) {
	f := newFixture(t)
	suspensiontest.Pause(t, f.ConsoleDB, suspension.Everybody, suspension.Intake)
	if _, err := f.Database.Admin.Exec(t.Context(), "UPDATE platform_pauses SET ends_at = now() + interval '20 seconds'"); err != nil {
		t.Fatal(err)
	}
	_, err := f.limits.Accept(t.Context(), job("alpha", 1), f.terms(t, "alpha", 100))
	if paused, ok := errors.AsType[*quota.PausedError](err); !ok || paused.RetryAfter <= 0 || paused.RetryAfter > 20*time.Second {
		t.Errorf("%v: %+v", err, paused)
	}
}

// Once the pause is committed, nothing that is asked for after it is accepted, whatever was under way.
func TestAPauseAmidAFlood(t *testing.T) {
	f := newFixture(t)
	terms := f.terms(t, "alpha", 1000)
	var (
		flood    sync.WaitGroup
		mu       sync.Mutex
		accepted int
		late     int
		done     = make(chan struct{})
	)
	for w := range 4 {
		flood.Go(func() {
			for n := 0; ; n++ {
				stands := false
				select {
				case <-done:
					stands = true
				default:
				}
				_, err := f.limits.Accept(t.Context(), job("alpha", 1000*w+n), terms)
				mu.Lock()
				if err == nil {
					accepted++
					if stands {
						late++
					}
				}
				mu.Unlock()
				if stands {
					return
				}
			}
		})
	}
	for full := false; !full; {
		mu.Lock()
		full = accepted >= 10
		mu.Unlock()
	}
	suspensiontest.Pause(t, f.ConsoleDB, "alpha", suspension.Intake)
	close(done)
	flood.Wait()
	var rows int
	if err := f.Database.Admin.QueryRow(t.Context(), "SELECT count(*) FROM enhancement_history").Scan(&rows); err != nil || rows != accepted || late != 0 {
		t.Errorf("%d rows of %d accepted, %d after the pause, %v", rows, accepted, late, err)
	}
}
