package workflows_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dapr/durabletask-go/workflow"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger/ledgertest"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/workflows"
)

// living is a ticket with its note, on which one job follows another.
type living struct {
	*fixture

	t   *testing.T
	sdp *servicedesktest.Server
	// relevance of what is found falls from job to job, as that of past tickets does with their age.
	relevance float64
}

// patient is for tests in which the server answers.
const patient = 5 * time.Second

func newLiving(t *testing.T, timeout time.Duration) *living {
	t.Helper()
	f := newFixture(t)
	sdp, _ := f.withServiceDesk(t, timeout)
	return &living{fixture: f, t: t, sdp: sdp, relevance: 1}
}

// accepted makes the ticket's next job.
func (l *living) accepted(text string) workflows.Job {
	l.t.Helper()
	job := enhancement.New("alpha", enhancement.EventUpdated, ticket.Ticket{ID: "1001", Description: text}, "c-"+text)
	if _, err := l.ledger.Accept(l.t.Context(), job); err != nil {
		l.t.Fatal(err)
	}
	claimed, err := ledgertest.Claim(l.t.Context(), l.ledger, "alpha", job.ID)
	if err != nil {
		l.t.Fatal(err)
	}
	return workflows.Job{TenantID: "alpha", JobID: job.ID, TicketID: "1001", Run: claimed.Run}
}

func (l *living) do(job workflows.Job, activity workflow.Activity) error {
	l.t.Helper()
	input, err := json.Marshal(job)
	if err != nil {
		l.t.Fatal(err)
	}
	_, err = activity(activityContext{ctx: l.t.Context(), input: input})
	return err
}

func (l *living) synthesize(job workflows.Job) {
	l.t.Helper()
	a := l.activities
	for _, activity := range []workflow.Activity{
		a.Search(enhancement.StepTicketSearch), a.Search(enhancement.StepDocSearch), a.Search(enhancement.StepIPSearch), a.Synthesize,
	} {
		if err := l.do(job, activity); err != nil {
			l.t.Fatal(err)
		}
	}
}

func (l *living) update(job workflows.Job) error {
	l.t.Helper()
	return l.do(job, l.activities.UpdateTicket)
}

// enhance takes a job from end to end, and wants it to have done this about the note.
func (l *living) enhance(text, want string) workflows.Job {
	l.t.Helper()
	job := l.accepted(text)
	l.synthesize(job)
	if err := l.update(job); err != nil {
		l.t.Fatal(err)
	}
	l.wantDetail(job, want)
	return job
}

func (l *living) wantDetail(job workflows.Job, want string) {
	l.t.Helper()
	stored, err := l.ledger.Job(l.t.Context(), "alpha", job.JobID)
	if err != nil || stored.Status != enhancement.StatusCompleted || stored.NoteID == "" {
		l.t.Errorf("the job is %+v, %v", stored, err)
	}
	steps, err := l.ledger.Steps(l.t.Context(), "alpha", job.JobID)
	if err != nil {
		l.t.Fatal(err)
	}
	if detail := steps[enhancement.StepUpdateTicket].Detail; detail != want && !strings.HasPrefix(detail, want+": ") {
		l.t.Errorf("the step says %q, want %q", detail, want)
	}
}

func (l *living) finds(ids ...string) {
	l.sources[enhancement.StepTicketSearch].find = func(context.Context, gather.Query, int) (gather.Result, error) {
		l.relevance = max(0.1, l.relevance-0.07)
		var items []gather.Item
		for _, id := range ids {
			items = append(items, gather.Item{Kind: gather.KindTicket, ID: id, Title: "title of " + id, Text: "text", Resolution: "resolution", Relevance: l.relevance})
		}
		return gather.Result{Items: items}, nil
	}
}

// note is the one note on the ticket.
func (l *living) note() servicedesktest.Note {
	l.t.Helper()
	notes := l.sdp.Notes("1001")
	if len(notes) != 1 {
		l.t.Fatalf("%d notes", len(notes))
	}
	return notes[0]
}

func (l *living) wantNote(has bool, parts ...string) {
	l.t.Helper()
	for _, part := range parts {
		if text := l.note().Description; strings.Contains(text, part) != has {
			l.t.Errorf("%q in the note: %t\n%s", part, !has, text)
		}
	}
}

// until waits for what another process does in its own time, and fails the test when that does not come.
func until(t *testing.T, what string, happened func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for !happened() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s: %v", what, context.Cause(ctx))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (l *living) edit(description string) {
	l.sdp.EditNote("1001", l.note().ID, servicedesktest.Person{ID: "77"}, description)
}

func (l *living) writes() int {
	n := 0
	for _, call := range l.sdp.Calls() {
		if call.Method == http.MethodPost || call.Method == http.MethodPut {
			n++
		}
	}
	return n
}

func TestALaterNoteMarksWhatChanged(t *testing.T) {
	t.Parallel()
	l := newLiving(t, patient)
	l.enhance("one", "created")
	l.wantNote(false, "Updated ", "New:")
	l.finds("17", "18")
	l.enhance("two", "edited")
	l.wantNote(true, "UTC.</strong> Similar Tickets: new #18. Recommendations changed.", "<strong>New:</strong> <strong>Ticket #18")
	l.wantNote(false, "New:</strong> <strong>Ticket #17", "no longer named")
	// Against the note before, which is the second.
	l.finds("18")
	l.enhance("three", "edited")
	l.wantNote(true, "UTC.</strong> Similar Tickets: no longer named #17. Recommendations changed.")
	l.wantNote(false, "New:")
}

func TestAJobThatHasNothingNewToSayWritesNothing(t *testing.T) {
	t.Parallel()
	l := newLiving(t, patient)
	l.enhance("one", "created")
	l.enhance("two", "unchanged")
	l.finds("17", "18")
	l.enhance("three", "edited")
	marked, writes := l.note(), l.writes()
	l.enhance("four", "unchanged") // nothing but the marks would change
	if l.note().Description != marked.Description || l.writes() != writes {
		t.Errorf("%d writes, the note is\n%s", l.writes()-writes, l.note().Description)
	}
	l.finds("19")
	l.enhance("five", "edited")
	l.wantNote(true, "new #19; no longer named #17, #18")
}

func TestATechniciansEditIsRespected(t *testing.T) {
	t.Parallel()
	l := newLiving(t, patient)
	l.enhance("one", "created")
	ours := l.note().Description
	l.edit(ours + "<p>Called the customer.</p>")
	edited := l.note().Description
	l.finds("18")
	l.enhance("two", "kept_edited")
	if l.note().Description != edited {
		t.Errorf("the note now reads %s", l.note().Description)
	}
	l.edit(ours)
	l.finds("17", "19")
	l.enhance("three", "edited") // and the marks are against what stood, not against what was never written
	l.wantNote(true, "Similar Tickets: new #19. ")
	l.wantNote(false, "#18")
}

func TestATechniciansDeletionIsRespected(t *testing.T) {
	t.Parallel()
	l := newLiving(t, patient)
	l.enhance("one", "created")
	l.sdp.DeleteNote("1001", l.note().ID)
	l.finds("18")
	l.enhance("two", "kept_deleted")
	l.enhance("three", "kept_deleted")
	if notes := l.sdp.Notes("1001"); len(notes) != 0 {
		t.Errorf("%d notes", len(notes))
	}
}

// An operator who begins a job anew does not ask for a technician's words to be overwritten.
func TestAnOperatorsRetryRespectsTheTechnician(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(l *living){
		"kept_edited":  func(l *living) { l.edit("Called the customer.") },
		"kept_deleted": func(l *living) { l.sdp.DeleteNote("1001", l.note().ID) },
		"edited":       func(*living) {},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			l := newLiving(t, patient)
			l.enhance("one", "created")
			change(l)
			l.finds("18")
			job := l.accepted("two")
			if _, err := l.ledger.Fail(t.Context(), "alpha", job.JobID, job.Run, "example"); err != nil {
				t.Fatal(err)
			}
			if _, err := l.ledger.Retry(t.Context(), "alpha", job.JobID, func(context.Context, postgres.Tx, enhancement.Job) error { return nil }); err != nil {
				t.Fatal(err)
			}
			claimed, err := ledgertest.Claim(t.Context(), l.ledger, "alpha", job.JobID)
			if err != nil {
				t.Fatal(err)
			}
			job.Run = claimed.Run
			l.synthesize(job)
			if err := l.update(job); err != nil {
				t.Fatal(err)
			}
			l.wantDetail(job, want)
		})
	}
}

// What docs/operations.md tells operators to do who want a note again.
func TestWhatIsKnownOfANoteIsForgotten(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(l *living){
		"edited":  func(l *living) { l.edit(l.note().Description + "Called the customer.") },
		"created": func(l *living) { l.sdp.DeleteNote("1001", l.note().ID) },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			l := newLiving(t, patient)
			l.enhance("one", "created")
			change(l)
			l.finds("18")
			l.enhance("two", map[string]string{"edited": "kept_edited", "created": "kept_deleted"}[want])
			_, err := l.database.Admin.Exec(t.Context(), `
				UPDATE ticket_notes SET note_id = '', stored_digest = '', other_digests = '{}', content_digest = '', written_by = NULL
				WHERE tenant_id = 'alpha' AND ticket_id = '1001'`)
			if err != nil {
				t.Fatal(err)
			}
			l.enhance("three", want)
			l.wantNote(true, "#18")
			l.wantNote(false, "Called the customer.", "Updated ")
		})
	}
}

// dying is a ledger whose process dies at an entry.
type dying struct {
	workflows.Ledger

	intend, complete bool
}

var errDied = errors.New("example: the process died")

func (d *dying) IntendNote(ctx context.Context, w ledger.Writer, digests ...string) error {
	if d.intend {
		return errDied
	}
	return d.Ledger.IntendNote(ctx, w, digests...)
}

func (d *dying) Complete(ctx context.Context, c ledger.Completion, holder string) error {
	if d.complete {
		return errDied
	}
	return d.Ledger.Complete(ctx, c, holder)
}

// Between the write and its entry in the books a process dies. The next attempt recognises the note; so does another job,
// also when the first one is never tried again.
func TestAWriteThatWasNotBookedIsOurs(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]func(l *living, job workflows.Job){
		"the same job again": func(l *living, job workflows.Job) {
			writes := l.writes()
			if err := l.update(job); err != nil {
				l.t.Fatal(err)
			}
			l.wantDetail(job, "unchanged")
			if l.writes() != writes {
				l.t.Errorf("%d more writes", l.writes()-writes)
			}
			l.wantNote(true, "new #18; no longer named #17")
			l.finds("20")
			l.enhance("four", "edited")
			l.wantNote(true, "new #20; no longer named #18")
		},
		"another job": func(l *living, job workflows.Job) {
			l.finds("19")
			l.enhance("three", "edited")
			l.wantNote(true, "new #19; no longer named #17") // as far as is known
			if err := l.update(job); err != nil {
				l.t.Fatal(err)
			}
			l.wantDetail(job, "superseded")
			l.wantNote(true, "#19")
		},
		"another job that says what was said before": func(l *living, _ workflows.Job) {
			l.finds("17")
			l.enhance("three", "edited") // it does not stand any more
			l.wantNote(true, "#17")
			l.wantNote(false, "#18")
		},
		"a technician, and another job": func(l *living, _ workflows.Job) {
			l.edit(l.note().Description + "Called the customer.")
			l.enhance("three", "kept_edited")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLiving(t, patient)
			l.enhance("one", "created")
			l.finds("18")
			job := l.accepted("two")
			l.synthesize(job)
			d := &dying{Ledger: l.ledger, complete: true}
			l.activities.Ledger = d
			if err := l.update(job); !errors.Is(err, errDied) {
				t.Fatalf("got %v", err)
			}
			d.complete = false
			next(l, job)
		})
	}
}

func TestNothingIsWrittenThatTheBooksDoNotExpect(t *testing.T) {
	t.Parallel()
	l := newLiving(t, patient)
	job := l.accepted("one")
	l.synthesize(job)
	d := &dying{Ledger: l.ledger, intend: true}
	l.activities.Ledger = d
	if err := l.update(job); !errors.Is(err, errDied) {
		t.Fatalf("got %v", err)
	}
	if n := l.writes(); n != 0 {
		t.Errorf("%d writes", n)
	}
	d.intend = false
	if err := l.update(job); err != nil { // the lease was given back
		t.Fatal(err)
	}
	l.wantDetail(job, "created")
}

// The result of the job before is kept for a while only. Then nothing can be marked; what is unchanged is still told.
func TestANoteWhoseJobIsForgotten(t *testing.T) {
	t.Parallel()
	for name, result := range map[string]json.RawMessage{"nothing": nil, "nothing that can be read": json.RawMessage(`{"sections": 7}`)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLiving(t, patient)
			first := l.enhance("one", "created")
			step := enhancement.StepRecord{Step: enhancement.StepSynthesize, Outcome: enhancement.OutcomeOK, Result: result}
			if err := l.ledger.RecordStep(t.Context(), "alpha", first.JobID, step); err != nil {
				t.Fatal(err)
			}
			second := l.enhance("two", "unchanged")
			if err := l.ledger.RecordStep(t.Context(), "alpha", second.JobID, step); err != nil {
				t.Fatal(err)
			}
			l.finds("18")
			l.enhance("three", "edited")
			l.wantNote(true, "#18")
			l.wantNote(false, "Updated ", "New:")
		})
	}
}

// An edit arrives so late that the next job's stands already; its text is ours, and the job after that writes over it.
func TestALateEditIsOurs(t *testing.T) {
	t.Parallel()
	l := newLiving(t, 300*time.Millisecond)
	l.enhance("one", "created")
	l.finds("18")
	late := l.accepted("two")
	l.synthesize(late)
	l.sdp.SetFaults(lateCommit(4 * time.Second)) // the lease runs out after 3 s
	if err := l.update(late); !servicedesk.Uncertain(err) {
		t.Fatalf("got %v", err)
	}
	l.finds("19")
	l.enhance("three", "edited")
	until(t, "the late edit arrives", func() bool { return strings.Contains(l.note().Description, "#18") })
	l.finds("20")
	l.enhance("four", "edited")
	l.wantNote(true, "#20")
}

// A second note that a technician has written into is not tidied away with what a lost write left.
func TestTidyingSparesATechniciansWords(t *testing.T) {
	t.Parallel()
	l := newLiving(t, patient)
	job := l.enhance("one", "created")
	ours := l.note()
	for _, text := range []string{ours.Description, ours.Description + "Called the customer."} {
		l.sdp.AddNote("1001", servicedesktest.Note{Description: text, Author: ours.Author})
	}
	if err := l.do(job, l.activities.TidyNote); err != nil {
		t.Fatal(err)
	}
	notes := l.sdp.Notes("1001")
	if len(notes) != 2 || notes[0].ID != ours.ID || !strings.Contains(notes[1].Description, "Called the customer.") {
		t.Errorf("left: %+v", notes)
	}
}
