package ledger_test

import (
	"errors"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

const (
	firstTrace  = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	secondTrace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
)

func created(ticketID, trace string) enhancement.Job {
	j := enhancement.New("alpha", enhancement.EventCreated, ticket.Ticket{ID: ticketID, Description: "d"}, "example-correlation")
	j.TraceParent = trace
	return j
}

// A job keeps its trace through all runs that go on with it, and gets another with the webhook that begins it anew.
func TestAJobKeepsItsTrace(t *testing.T) {
	s := newSwept(t)
	j := created("1", firstTrace)
	traceOf := func(when, want string) {
		t.Helper()
		if got, err := s.Job(t.Context(), "alpha", j.ID); err != nil || got.TraceParent != want {
			t.Errorf("%s it is traced at %q, %v, want %q", when, got.TraceParent, err, want)
		}
	}
	if a, err := s.Accept(t.Context(), j); err != nil || !a.Fresh || a.TraceParent != "" {
		t.Fatalf("%+v, %v", a, err)
	}
	j.TraceParent = secondTrace
	if a, err := s.Accept(t.Context(), j); err != nil || a.Fresh || a.TraceParent != firstTrace {
		t.Errorf("a repeated delivery is told %+v, %v", a, err)
	}
	traceOf("after a repeated delivery", firstTrace)
	if _, err := s.Queued(t.Context(), "alpha", j.ID); err != nil {
		t.Fatal(err)
	}
	admitted := s.admit("alpha", 1, 1)
	if len(admitted) != 1 || admitted[0].TraceParent != firstTrace {
		t.Fatalf("admitted %+v", admitted)
	}
	s.fail(j, 1)
	if _, err := s.Retry(t.Context(), "alpha", j.ID, nothing); err != nil {
		t.Fatal(err)
	}
	traceOf("begun anew by an operator", firstTrace)
	again := s.admit("alpha", 1, 1)
	if len(again) != 1 || again[0].TraceParent != firstTrace || again[0].WaitedSince.Before(admitted[0].StartedAt) {
		t.Errorf("the second run is %+v, it cannot have waited during the first", again)
	}
	s.fail(j, 2)
	if a, err := s.Accept(t.Context(), j); err != nil || !a.Fresh {
		t.Fatalf("%+v, %v", a, err)
	}
	traceOf("begun anew by its event", secondTrace)
}

// A run that begins late is traced elsewhere, and those after it from there on. Only what is under way is.
func TestARunIsTracedAnew(t *testing.T) {
	s := newSwept(t)
	j := created("1", firstTrace)
	if _, err := s.Accept(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Queued(t.Context(), "alpha", j.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.TraceAnew(t.Context(), "alpha", j.ID, 1, secondTrace); !errors.Is(err, enhancement.ErrNotFound) {
		t.Errorf("before it runs: %v", err)
	}
	first := s.admit("alpha", 1, 1)[0]
	if stored, err := s.Job(t.Context(), "alpha", j.ID); err != nil || !first.ReceivedAt.Equal(stored.ReceivedAt) {
		t.Errorf("admitted as received at %s, it was at %s, %v", first.ReceivedAt, stored.ReceivedAt, err)
	}
	if err := s.TraceAnew(t.Context(), "alpha", j.ID, 2, secondTrace); !errors.Is(err, enhancement.ErrNotFound) {
		t.Errorf("a run that is not: %v", err)
	}
	if err := s.TraceAnew(t.Context(), "alpha", j.ID, 1, secondTrace); err != nil {
		t.Fatal(err)
	}
	s.fail(j, 1)
	if _, err := s.Retry(t.Context(), "alpha", j.ID, nothing); err != nil {
		t.Fatal(err)
	}
	if again := s.admit("alpha", 1, 1); len(again) != 1 || again[0].TraceParent != secondTrace {
		t.Errorf("the next run is %+v", again)
	}
}

func TestAHeldJobHasWaitedSinceItWasHeld(t *testing.T) {
	s := newSwept(t)
	j := created("1", firstTrace)
	if _, err := s.Accept(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Queued(t.Context(), "alpha", j.ID); err != nil {
		t.Fatal(err)
	}
	first := s.admit("alpha", 1, 1)[0]
	held, err := s.Hold(t.Context(), "alpha", j.ID, 1, ledger.Holding{Dependency: enhancement.DependencyServiceDesk, Reason: "example", Limit: time.Hour})
	if err != nil || !held.Held {
		t.Fatalf("%+v, %v", held, err)
	}
	second := s.admit("alpha", 1, 1)
	if len(second) != 1 || second[0].TraceParent != firstTrace || second[0].WaitedSince.Before(first.StartedAt) {
		t.Errorf("%+v after %+v", second, first)
	}
}

func TestWhatTheSweeperTakesIsTraced(t *testing.T) {
	s := newSwept(t)
	if _, err := s.Accept(t.Context(), created("1", firstTrace)); err != nil {
		t.Fatal(err)
	}
	due, err := s.TakeDue(t.Context(), "alpha", ledger.Patience{}, 10, time.Minute)
	if err != nil || len(due) != 1 || due[0].TraceParent != firstTrace {
		t.Errorf("%+v, %v", due, err)
	}
}

func TestAnUpdateThatAnotherJobDoesIsToldOfItsTrace(t *testing.T) {
	s := newSwept(t)
	first := enhancement.NewRefetch("alpha", enhancement.EventUpdated, "1", "c")
	first.TraceParent = firstTrace
	if _, err := s.Accept(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	second := enhancement.NewRefetch("alpha", enhancement.EventUpdated, "1", "c")
	second.TraceParent = secondTrace
	if a, err := s.Accept(t.Context(), second); err != nil || a.JobID != first.ID || a.Fresh || a.TraceParent != firstTrace {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestTheLedgerTakesTraceparentsAlone(t *testing.T) {
	s := newSwept(t)
	for i, wrong := range []string{"nonsense", firstTrace + "-x", "01" + firstTrace[2:], firstTrace + "\n"} {
		if _, err := s.Accept(t.Context(), created(string(rune('1'+i)), wrong)); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
	if made, err := s.AcceptQueued(t.Context(), created("9", firstTrace)); err != nil || !made {
		t.Fatal(made, err)
	}
	if got := s.admit("alpha", 1, 1); len(got) != 1 || got[0].TraceParent != firstTrace {
		t.Errorf("a job that was polled is %+v", got)
	}
}
