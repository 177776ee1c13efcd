package reconcile

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/suspension"
	"github.com/ai-agents/ai-agents/internal/suspension/suspensiontest"
)

// While intake is paused, the poll brings nothing in by the back door, and calls nobody. Afterwards it finds what was created
// meanwhile, also when that is older than RECONCILE_MAX_AGE by now.
func TestAPauseOfTheIntakeIsMadeUpFor(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		b.clock.move(time.Hour)
		want := b.open(1, 10*time.Minute)
		b.poll()
		suspensiontest.Pause(t, b.store.ConsoleDB, alpha, suspension.Intake)
		calls := 0
		b.lists(&calls)
		for range 5 {
			b.clock.move(24 * time.Hour)
			want = append(want, b.open(2, 10*time.Hour)...)
			b.poll()
		}
		if n := b.lists(&calls); n != 0 || len(b.missed()) != 1 || b.row().failures != 0 {
			t.Fatalf("%d lists, %v caught, %d failures while intake is paused", n, b.missed(), b.row().failures)
		}
		if got := b.measured(`reconcile_polls_total{outcome="paused"}`); got != "5" {
			t.Errorf("%s polls are told as paused", got)
		}
		suspensiontest.Resume(t, b.store.ConsoleDB, alpha, suspension.Intake)
		b.clock.move(interval)
		b.poll()
		if got := b.missed(); !slices.Equal(got, want) || b.row().leftOut != 0 {
			t.Fatalf("caught %v, want %v; %d left out", got, want, b.row().leftOut)
		}
		// From then on, ages count as ever.
		b.clock.move(4 * 24 * time.Hour)
		b.open(1, 80*time.Hour)
		b.poll()
		if got := b.missed(); len(got) != len(want) || b.row().leftOut == 0 {
			t.Errorf("caught %v, %d left out", got, b.row().leftOut)
		}
	})
}

// pausing pauses when the first list was given: the poll is under way, then.
type pausing struct {
	Desk

	t *testing.T
	b *bench
}

func (p pausing) ListRequests(ctx context.Context, q servicedesk.ListQuery) (servicedesk.RequestPage, error) {
	page, err := p.Desk.ListRequests(ctx, q)
	suspensiontest.Pause(p.t, p.b.store.ConsoleDB, alpha, suspension.Intake)
	return page, err
}

func TestAPauseAmidAPoll(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{})
	b.clock.move(time.Hour)
	ids := b.open(2, 10*time.Minute)
	desk, err := b.desks.Polled(t.Context(), alpha)
	if err != nil {
		t.Fatal(err)
	}
	b.desks.set(alpha, pausing{desk, t, b})
	b.poll()
	if got := b.missed(); len(got) != 0 {
		t.Fatalf("caught %v after the pause", got)
	}
	b.desks.set(alpha, desk)
	suspensiontest.Resume(t, b.store.ConsoleDB, alpha, suspension.Intake)
	b.clock.move(interval)
	b.poll()
	if got := b.missed(); !slices.Equal(got, ids) {
		t.Errorf("caught %v, want %v", got, ids)
	}
	job, err := b.books.Job(t.Context(), alpha, enhancement.NewRefetch(alpha, enhancement.EventCreated, ids[0], "").ID)
	if err != nil || job.Run != 1 {
		t.Errorf("%+v, %v", job, err)
	}
}
