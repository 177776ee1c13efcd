package ledger_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

func nothing(context.Context, postgres.Tx, enhancement.Job) error { return nil }

func TestAnOperatorBeginsAFailedJobAnew(t *testing.T) {
	s := newSwept(t)
	j := s.accept("alpha", "1")
	step := enhancement.StepRecord{Step: enhancement.StepDocSearch, Outcome: enhancement.OutcomeFailed}
	if err := s.RecordStep(t.Context(), "alpha", j.ID, step); err != nil {
		t.Fatal(err)
	}
	s.fail(j, 1)
	before, err := s.Job(t.Context(), "alpha", j.ID)
	if err != nil {
		t.Fatal(err)
	}
	boom := errors.New("example")
	if _, err := s.Retry(t.Context(), "alpha", j.ID, func(context.Context, postgres.Tx, enhancement.Job) error { return boom }); !errors.Is(err, boom) {
		t.Fatalf("what belongs to it failed: %v", err)
	}
	if after, err := s.Job(t.Context(), "alpha", j.ID); err != nil || after.Status != enhancement.StatusFailed {
		t.Fatalf("and left %+v, %v", after, err)
	}
	again, err := s.Retry(t.Context(), "alpha", j.ID, nothing)
	if err != nil || again.Status != enhancement.StatusPending || again.Run != 2 || again.FailureReason != "" || again.Ticket.Description != "d" {
		t.Fatalf("%+v, %v", again, err)
	}
	if !again.ReceivedAt.Equal(before.ReceivedAt) || !again.FinishedAt.IsZero() {
		t.Errorf("it has not kept its place: %+v", again)
	}
	if steps, err := s.Steps(t.Context(), "alpha", j.ID); err != nil || len(steps) != 0 {
		t.Errorf("the new run begins with %v, %v", steps, err)
	}
	if withdrawn, err := s.Withdraw(t.Context(), "alpha", j.ID); err != nil || withdrawn {
		t.Errorf("withdrawn by a sender: %t, %v", withdrawn, err)
	}
	if next := s.admitOne("alpha"); next != j.ID {
		t.Errorf("%s is next", next)
	}
}

func TestOnlyAFailedJobIsBegunAnew(t *testing.T) {
	s := newSwept(t)
	pending, running, completed := s.accept("alpha", "1"), s.accept("alpha", "2"), s.accept("alpha", "3")
	s.claim(running)
	if err := s.Complete(t.Context(), ledger.Completion{
		TenantID: "alpha", JobID: completed.ID, TicketID: "3", NoteID: "1",
		Step: enhancement.StepRecord{Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK},
	}, "0f8fad5b-d9cb-469f-a165-70867728950e"); err != nil {
		t.Fatal(err)
	}
	for want, j := range map[string]enhancement.Job{"pending": pending, "running": running, "completed": completed} {
		if _, err := s.Retry(t.Context(), "alpha", j.ID, nothing); !errors.Is(err, ledger.ErrNotFailed) || !strings.Contains(err.Error(), want) {
			t.Errorf("a %s job: %v", want, err)
		}
	}
	for _, id := range []string{"no-id", "9f8b6979-8851-86b3-9a47-07088f6081d1"} {
		if _, err := s.Retry(t.Context(), "alpha", id, nothing); !errors.Is(err, enhancement.ErrNotFound) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// A step that ends when another run has begun is of the text, and of the searches, of its own: the next one does not go on with it. What
// its calls cost is paid all the same.
func TestALateStepIsNotTheNextRuns(t *testing.T) {
	s := newSwept(t)
	j := s.accept("alpha", "1")
	s.fail(j, 1)
	if _, err := s.Retry(t.Context(), "alpha", j.ID, nothing); err != nil {
		t.Fatal(err)
	}
	late := enhancement.StepRecord{Run: 1, Step: enhancement.StepSynthesize, Outcome: enhancement.OutcomeOK, Detail: "late"}
	if err := s.RecordStep(t.Context(), "alpha", j.ID, late, enhancement.LLMCall{Model: "example", CalledAt: time.Now()}); err != nil {
		t.Fatal(err)
	}
	steps, err := s.Steps(t.Context(), "alpha", j.ID)
	calls, callsErr := s.LLMCalls(t.Context(), "alpha", j.ID)
	if len(steps) != 0 || len(calls) != 1 || err != nil || callsErr != nil {
		t.Fatalf("steps %v, %d calls, %v, %v", steps, len(calls), err, callsErr)
	}
	late.Run = 2
	if err := s.RecordStep(t.Context(), "alpha", j.ID, late); err != nil {
		t.Fatal(err)
	}
	late.Run, late.Detail = 1, "later still"
	if err := s.RecordStep(t.Context(), "alpha", j.ID, late); err != nil {
		t.Fatal(err)
	}
	if steps, err = s.Steps(t.Context(), "alpha", j.ID); err != nil || steps[enhancement.StepSynthesize].Detail != "late" {
		t.Errorf("%+v, %v", steps, err)
	}
	if err := s.RecordStep(t.Context(), "alpha", "5f98c2a9-c42b-82f4-99be-70b23f80ea81", late); !errors.Is(err, enhancement.ErrNotFound) {
		t.Errorf("of no job: %v", err)
	}
}
