package ledger_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func (s *swept) cancel(jobID string, run int) (ledger.Cancellation, error) {
	s.t.Helper()
	return s.Cancel(s.t.Context(), "alpha", jobID, run, "nobody needs it", func(context.Context, postgres.Tx, ledger.Cancellation) error { return nil })
}

func TestAJobIsCancelledWhereverItStands(t *testing.T) {
	for name, stand := range map[string]func(s *swept, id string){
		"waiting for its message": func(*swept, string) {},
		"waiting for its turn": func(s *swept, id string) {
			s.exec("UPDATE enhancement_history SET queued_at = now() WHERE job_id = $1", id)
		},
		"held": func(s *swept, id string) {
			s.exec("UPDATE enhancement_history SET queued_at = now(), held_for = 'servicedesk', held_since = now() WHERE job_id = $1", id)
		},
		"running": func(s *swept, id string) {
			s.exec("UPDATE enhancement_history SET status = 'running', started_at = now() WHERE job_id = $1", id)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSwept(t)
			j := s.accept("alpha", "1")
			stand(s, j.ID)
			if _, err := s.cancel(j.ID, 2); !errors.Is(err, ledger.ErrOtherRun) {
				t.Errorf("of another run: %v", err)
			}
			c, err := s.cancel(j.ID, 1)
			if err != nil || c.Before || c.Announced || !c.Job.Cancelled() || c.Job.FailureReason != ledger.CancelledReason+"nobody needs it" || c.Job.HeldFor != "" {
				t.Fatalf("%+v, %v", c, err)
			}
			again, err := s.Cancel(t.Context(), "alpha", j.ID, 1, "another reason", func(context.Context, postgres.Tx, ledger.Cancellation) error {
				t.Error("what belongs to it is done twice")
				return nil
			})
			if err != nil || !again.Before || again.Job.FailureReason != c.Job.FailureReason || !again.Job.FinishedAt.Equal(c.Job.FinishedAt) {
				t.Errorf("again: %+v, %v", again, err)
			}
			// Nothing brings the run back.
			if err := s.Readmit(t.Context(), "alpha", j.ID, 1); err != nil {
				t.Fatal(err)
			}
			if held, err := s.Hold(t.Context(), "alpha", j.ID, 1, ledger.Holding{Dependency: enhancement.DependencyServiceDesk, Limit: time.Hour}); err != nil || held.Held || held.Failed {
				t.Errorf("held: %+v, %v", held, err)
			}
			if _, err := s.Fetched(t.Context(), "alpha", j.ID, 1, ticket.Ticket{ID: "1", Subject: "changed"}); !errors.Is(err, enhancement.ErrNotFound) {
				t.Errorf("fetched: %v", err)
			}
			if u, err := s.EndUnwanted(t.Context(), "alpha", j.ID, 1, enhancement.StepRecord{}); err != nil || !u.Ended || u.Now {
				t.Errorf("its steps go on: %+v, %v", u, err)
			}
			if jobs := s.admit("alpha", 10, 10); len(jobs) != 0 {
				t.Errorf("admitted %+v", jobs)
			}
		})
	}
}

func TestWhatCannotBeCancelled(t *testing.T) {
	s := newSwept(t)
	j := s.accept("alpha", "1")
	s.exec("UPDATE enhancement_history SET status = 'completed', finished_at = now()")
	if _, err := s.cancel(j.ID, 1); !errors.Is(err, ledger.ErrEnded) || !strings.Contains(err.Error(), "completed") {
		t.Errorf("completed: %v", err)
	}
	s.exec("UPDATE enhancement_history SET status = 'failed', failure_reason = 'example'")
	if _, err := s.cancel(j.ID, 1); !errors.Is(err, ledger.ErrEnded) {
		t.Errorf("failed: %v", err)
	}
	for _, id := range []string{"5f98c2a9-c42b-82f4-99be-70b23f80ea81", "no-job"} {
		if _, err := s.cancel(id, 1); !errors.Is(err, enhancement.ErrNotFound) {
			t.Errorf("%s: %v", id, err)
		}
	}
	wrong := errors.New("example")
	other := s.accept("alpha", "2")
	_, err := s.Cancel(t.Context(), "alpha", other.ID, 1, "x", func(context.Context, postgres.Tx, ledger.Cancellation) error { return wrong })
	if now, lookErr := s.Job(t.Context(), "alpha", other.ID); !errors.Is(err, wrong) || lookErr != nil || now.Status != enhancement.StatusPending {
		t.Errorf("its entry fails, and it is %s: %v, %v", now.Status, err, lookErr)
	}
}

// Begun anew, by an operator or by its sender, a cancelled job is one like any other.
func TestACancelledJobIsBegunAnew(t *testing.T) {
	s := newSwept(t)
	j := s.accept("alpha", "1")
	if _, err := s.cancel(j.ID, 1); err != nil {
		t.Fatal(err)
	}
	if a, err := s.Accept(t.Context(), j); err != nil || !a.Fresh {
		t.Fatalf("%+v, %v", a, err)
	}
	now, err := s.Job(t.Context(), "alpha", j.ID)
	if err != nil || now.Cancelled() || now.Run != 2 {
		t.Errorf("%+v, %v", now, err)
	}
	if _, err := s.cancel(j.ID, 1); !errors.Is(err, ledger.ErrOtherRun) {
		t.Errorf("a click on the run before: %v", err)
	}
	if u, err := s.EndUnwanted(t.Context(), "alpha", j.ID, 2, enhancement.StepRecord{}); err != nil || u.Ended {
		t.Errorf("the next run: %+v, %v", u, err)
	}
	// The workflow of the run before is no further than it was, and what it comes to ends nothing.
	err = s.Complete(t.Context(), ledger.Completion{
		TenantID: "alpha", JobID: j.ID, TicketID: "1", NoteID: "5", Run: 1,
		Step: enhancement.StepRecord{Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK},
	}, holderA)
	if now, lookErr := s.Job(t.Context(), "alpha", j.ID); !errors.Is(err, ledger.ErrCancelled) || lookErr != nil || now.Status != enhancement.StatusPending {
		t.Errorf("the run before ends the next: %+v, %v, %v", now, err, lookErr)
	}
}

// Announcing a write and cancelling are in one order: the operator is told of every write that was announced.
func TestACancelKnowsOfEveryAnnouncedWrite(t *testing.T) {
	s := newSwept(t)
	for range 20 {
		s.exec("DELETE FROM enhancement_history")
		s.exec("DELETE FROM ticket_notes")
		j := s.accept("alpha", "1")
		s.exec("UPDATE enhancement_history SET status = 'running', started_at = now()")
		if _, err := s.HoldNote(t.Context(), "alpha", "1", holderA, time.Minute); err != nil {
			t.Fatal(err)
		}
		var (
			both      sync.WaitGroup
			announced error
			c         ledger.Cancellation
			cancelErr error
		)
		both.Go(func() {
			announced = s.IntendNote(t.Context(), ledger.Writer{TenantID: "alpha", TicketID: "1", Holder: holderA, JobID: j.ID, Run: 1}, "digest")
		})
		both.Go(func() { c, cancelErr = s.cancel(j.ID, 1) })
		both.Wait()
		if cancelErr != nil || c.Announced != (announced == nil) || announced != nil && !errors.Is(announced, ledger.ErrCancelled) {
			t.Fatalf("announced: %v; cancelled: %+v, %v", announced, c, cancelErr)
		}
	}
}

func (s *swept) rerun(jobID string, run int) (enhancement.Job, error) {
	s.t.Helper()
	return s.Rerun(s.t.Context(), "alpha", jobID, run, false, func(context.Context, postgres.Tx, enhancement.Job) error { return nil })
}

func TestACompletedJobIsRunAgain(t *testing.T) {
	s := newSwept(t)
	j := s.accept("alpha", "1")
	if _, err := s.rerun(j.ID, 1); !errors.Is(err, ledger.ErrNotCompleted) {
		t.Errorf("one that waits: %v", err)
	}
	if err := s.RecordStep(t.Context(), "alpha", j.ID, enhancement.StepRecord{Step: enhancement.StepSynthesize, Outcome: enhancement.OutcomeOK}); err != nil {
		t.Fatal(err)
	}
	s.exec("UPDATE enhancement_history SET status = 'completed', finished_at = now(), note_id = '5', withheld = 'shadow'")
	again, err := s.Rerun(t.Context(), "alpha", j.ID, 1, true, func(context.Context, postgres.Tx, enhancement.Job) error { return nil })
	if err != nil || again.Run != 2 || again.FirstRun != 2 || again.Status != enhancement.StatusPending || !again.Refetch || !again.ReceivedAt.Before(time.Now()) {
		t.Fatalf("%+v, %v", again, err)
	}
	if steps, err := s.Steps(t.Context(), "alpha", j.ID); err != nil || len(steps) != 0 {
		t.Errorf("%d steps are left, %v", len(steps), err)
	}
	if _, err := s.rerun(j.ID, 1); !errors.Is(err, ledger.ErrOtherRun) { // a double click
		t.Errorf("twice: %v", err)
	}
	if id := s.admitOne("alpha"); id != j.ID {
		t.Errorf("admitted %s", id)
	}
	s.exec("UPDATE enhancement_history SET status = 'completed', finished_at = now()")
	s.exec("UPDATE enhancement_history SET received_at = received_at - interval '1 hour'")
	s.accept("alpha", "2") // of another ticket
	if _, err := s.Accept(t.Context(), enhancement.New("alpha", enhancement.EventUpdated, ticket.Ticket{ID: "1", Description: "later"}, "c")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.rerun(j.ID, 2); !errors.Is(err, ledger.ErrLaterJob) {
		t.Errorf("with a later job: %v", err)
	}
	if _, err := s.rerun("5f98c2a9-c42b-82f4-99be-70b23f80ea81", 1); !errors.Is(err, enhancement.ErrNotFound) {
		t.Errorf("one that there is not: %v", err)
	}
}

// While a server is down, jobs are held between their writes: what an earlier run has sent may arrive all the same.
func TestACancelKnowsOfAWriteFromBeforeTheJobWasHeld(t *testing.T) {
	s := newSwept(t)
	j := s.running("1")
	s.announce(j.ID, 1)
	if held, err := s.Hold(t.Context(), "alpha", j.ID, 1, ledger.Holding{Dependency: enhancement.DependencyServiceDesk, Limit: time.Hour}); err != nil || !held.Held {
		t.Fatalf("%+v, %v", held, err)
	}
	if c, err := s.cancel(j.ID, 2); err != nil || !c.Announced {
		t.Errorf("%+v, %v", c, err)
	}
	if again, err := s.Retry(t.Context(), "alpha", j.ID, nothing); err != nil || again.NoteMayFollow() {
		t.Errorf("begun anew: %+v, %v", again, err)
	}
}

func (s *swept) running(ticketID string) enhancement.Job {
	s.t.Helper()
	j := s.accept("alpha", ticketID)
	s.exec("UPDATE enhancement_history SET status = 'running', started_at = now() WHERE job_id = $1", j.ID)
	return j
}

func (s *swept) announce(jobID string, run int) {
	s.t.Helper()
	if _, err := s.HoldNote(s.t.Context(), "alpha", "1", holderA, time.Minute); err != nil {
		s.t.Fatal(err)
	}
	w := ledger.Writer{TenantID: "alpha", TicketID: "1", Holder: holderA, JobID: jobID, Run: run}
	if err := s.IntendNote(s.t.Context(), w, "digest"); err != nil {
		s.t.Fatal(err)
	}
}

// A cancelled run that sent nothing ends nothing, and leaves no trace of an end.
func TestACancelledRunIsNotCompleted(t *testing.T) {
	s := newSwept(t)
	j := s.running("1")
	if _, err := s.cancel(j.ID, 1); err != nil {
		t.Fatal(err)
	}
	end := ledger.Completion{
		TenantID: "alpha", JobID: j.ID, TicketID: "1", NoteID: "5", Run: 1,
		Step: enhancement.StepRecord{Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK},
	}
	if err := s.Complete(t.Context(), end, holderA); !errors.Is(err, ledger.ErrCancelled) {
		t.Errorf("got %v", err)
	}
	now, err := s.Job(t.Context(), "alpha", j.ID)
	steps, stepsErr := s.Steps(t.Context(), "alpha", j.ID)
	if err != nil || stepsErr != nil || !now.Cancelled() || len(steps) != 0 {
		t.Errorf("%+v, steps %v, %v, %v", now, steps, err, stepsErr)
	}
	end.JobID = "5f98c2a9-c42b-82f4-99be-70b23f80ea81"
	if err := s.Complete(t.Context(), end, holderA); !errors.Is(err, enhancement.ErrNotFound) {
		t.Errorf("of no job: %v", err)
	}
}

// An attempt of the run before, which did not see that the job was begun anew, neither writes nor ends what has begun.
func TestARerunIsNotEndedByTheRunBefore(t *testing.T) {
	s := newSwept(t)
	j := s.running("1")
	s.announce(j.ID, 1)
	end := ledger.Completion{
		TenantID: "alpha", JobID: j.ID, TicketID: "1", NoteID: "5", Run: 1, Sent: true,
		Step: enhancement.StepRecord{Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK},
	}
	if err := s.Complete(t.Context(), end, holderA); err != nil {
		t.Fatal(err)
	}
	if _, err := s.rerun(j.ID, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := s.HoldNote(t.Context(), "alpha", "1", holderB, time.Minute); err != nil {
		t.Fatal(err)
	}
	err := s.IntendNote(t.Context(), ledger.Writer{TenantID: "alpha", TicketID: "1", Holder: holderB, JobID: j.ID, Run: 1}, "digest")
	if !errors.Is(err, ledger.ErrCancelled) {
		t.Errorf("announced: %v", err)
	}
	if err := s.Complete(t.Context(), end, holderB); !errors.Is(err, ledger.ErrCancelled) {
		t.Errorf("completed: %v", err)
	}
	if now, err := s.Job(t.Context(), "alpha", j.ID); err != nil || now.Status != enhancement.StatusPending || now.Run != 2 {
		t.Errorf("%+v, %v", now, err)
	}
}
