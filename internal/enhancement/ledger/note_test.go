package ledger_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

const (
	holderA = "0f8fad5b-d9cb-469f-a165-70867728950e"
	holderB = "5b1f5b5c-7a3e-4b52-9d2e-0a4b6a0b4c11"
)

// noteDesk writes the note of ticket 1001 as the workflow does.
type noteDesk struct {
	*ledger.Ledger

	t *testing.T
}

func (d noteDesk) accept(text string) enhancement.Job {
	d.t.Helper()
	j := enhancement.New("alpha", enhancement.EventUpdated, ticket.Ticket{ID: "1001", Description: text}, "c")
	accept(d.t, d.Ledger, j)
	result := json.RawMessage(fmt.Sprintf(`{"summary": %q}`, text))
	if err := d.RecordStep(d.t.Context(), "alpha", j.ID, enhancement.StepRecord{
		Step: enhancement.StepSynthesize, Outcome: enhancement.OutcomeOK, Result: result,
	}); err != nil {
		d.t.Fatal(err)
	}
	return j
}

func (d noteDesk) hold(holder string) ledger.HeldNote {
	d.t.Helper()
	held, err := d.HoldNote(d.t.Context(), "alpha", "1001", holder, time.Minute)
	if err != nil {
		d.t.Fatal(err)
	}
	return held
}

// writer is a holder of the note of alpha's ticket 1001, for a job that is its own.
func writer(t *testing.T, l *ledger.Ledger, holder string) ledger.Writer {
	t.Helper()
	j := enhancement.New("alpha", enhancement.EventUpdated, ticket.Ticket{ID: "1002", Description: "of " + holder}, "c")
	if _, err := l.Accept(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	return ledger.Writer{TenantID: "alpha", TicketID: "1001", Holder: holder, JobID: j.ID, Run: 1}
}

func (d noteDesk) intend(holder string, digests ...string) {
	d.t.Helper()
	if err := d.IntendNote(d.t.Context(), writer(d.t, d.Ledger, holder), digests...); err != nil {
		d.t.Fatal(err)
	}
}

func (d noteDesk) complete(j enhancement.Job, holder string, written *ledger.WrittenNote) {
	d.t.Helper()
	err := d.Complete(d.t.Context(), ledger.Completion{
		TenantID: "alpha", JobID: j.ID, TicketID: "1001", NoteID: "337", Written: written,
		Step: enhancement.StepRecord{Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK},
	}, holder)
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d noteDesk) want(held ledger.HeldNote, want ledger.HeldNote) {
	d.t.Helper()
	held.WrittenFor, held.Mode = time.Time{}, ""
	if diff := cmp.Diff(want, held, cmpopts.EquateEmpty()); diff != "" {
		d.t.Error(diff)
	}
}

func TestTheBooksOfTheNote(t *testing.T) {
	d := noteDesk{newLedger(t), t}
	first, second := d.accept("one"), d.accept("two")
	d.want(d.hold(holderA), ledger.HeldNote{})
	d.intend(holderA, "sent-1")
	d.want(d.hold(holderA), ledger.HeldNote{Others: []string{"sent-1"}}) // had it died here
	d.complete(first, holderA, &ledger.WrittenNote{Run: 1, Stored: "stored-1", Content: "content-1", Sent: "sent-1"})
	one := ledger.HeldNote{ID: "337", Stored: "stored-1", Content: "content-1", Before: json.RawMessage(`{"summary": "one"}`)}
	held := d.hold(holderA)
	d.want(held, one)
	if got := held.Digests(); !slices.Equal(got, []string{"stored-1"}) {
		t.Errorf("digests %q", got)
	}

	d.intend(holderA, "stored-1", "sent-2", "") // an edit that may have arrived
	one.Others = []string{"stored-1", "sent-2"}
	d.want(d.hold(holderA), one)
	d.complete(second, holderA, nil) // left to somebody else: nothing is known that was not before
	d.want(d.hold(holderA), one)

	d.intend(holderA, "stored-1", "sent-3")
	d.complete(second, holderA, &ledger.WrittenNote{Run: 1, Stored: "stored-3", Content: "content-2", Sent: "sent-3"})
	d.want(d.hold(holderA), ledger.HeldNote{
		ID: "337", Stored: "stored-3", Content: "content-2", Before: json.RawMessage(`{"summary": "two"}`),
		Others: []string{"sent-2", "stored-1", "stored-1"},
	})

	// A late write has come to stand in place of what was stored; that may still be on its way back.
	d.intend(holderA, "sent-2 as it reads", "sent-4")
	d.complete(second, holderA, &ledger.WrittenNote{Run: 1, Stored: "stored-4", Content: "content-2", Sent: "sent-4"})
	if got, want := d.hold(holderA).Digests(), []string{"stored-4", "sent-2", "stored-1", "sent-2 as it reads", "stored-3"}; !slices.Equal(got, want) {
		t.Errorf("digests %q, want %q", got, want)
	}
}

// A writer whose lease was lost must not write; what it had announced counts as ours, and the other's entry stands.
func TestAWriterThatLostTheNote(t *testing.T) {
	d := noteDesk{newLedger(t), t}
	late, other := d.accept("late"), d.accept("other")
	if _, err := d.HoldNote(t.Context(), "alpha", "1001", holderA, 0); err != nil { // runs out at once
		t.Fatal(err)
	}
	d.intend(holderA, "sent-late") // nobody has taken it yet
	d.hold(holderB)
	if err := d.IntendNote(t.Context(), writer(t, d.Ledger, holderA), "never sent"); !errors.Is(err, ledger.ErrNoteBusy) {
		t.Errorf("announced in spite of another holder: %v", err)
	}
	d.intend(holderB, "sent-other")
	d.complete(other, holderB, &ledger.WrittenNote{Run: 1, Stored: "stored-other", Content: "content", Sent: "sent-other"})
	d.complete(late, holderA, &ledger.WrittenNote{Run: 1, Stored: "stored-late", Content: "content-late", Sent: "sent-late"})
	d.want(d.hold(holderB), ledger.HeldNote{
		ID: "337", Stored: "stored-other", Content: "content", Others: []string{"sent-late"}, Before: json.RawMessage(`{"summary": "other"}`),
	})
}

func TestTheDigestsOfANoteAreBounded(t *testing.T) {
	d := noteDesk{newLedger(t), t}
	j := d.accept("one")
	d.hold(holderA)
	for i := range 40 {
		d.intend(holderA, "standing", fmt.Sprintf("sent-%d", i))
	}
	others := d.hold(holderA).Others
	if len(others) != 16 || others[0] != "sent-25" || !slices.Equal(others[14:], []string{"standing", "sent-39"}) {
		t.Errorf("kept: %q", others)
	}
	for range 40 { // nothing is sent, nothing is added
		d.complete(j, holderA, &ledger.WrittenNote{Run: 1, Stored: "stored", Content: "content", Sent: "sent"})
		d.hold(holderA)
	}
	if now := d.hold(holderA).Others; !slices.Equal(now, others) {
		t.Errorf("kept: %q", now)
	}
}

// What stands was written by a run that has been begun anew since: its result is gone, or is another by now.
func TestTheNoteBeforeIsThatOfTheRun(t *testing.T) {
	d := noteDesk{newLedger(t), t}
	first := d.accept("one")
	d.hold(holderA)
	d.complete(first, holderA, &ledger.WrittenNote{Run: 1, Stored: "stored", Content: "content", Sent: "sent"})
	d.accept("two")
	d.accept("one") // the ticket has returned to its text; the second run has the same result step
	if held := d.hold(holderA); held.Before != nil || held.Stored != "stored" {
		t.Errorf("the note before is taken from another run: %s", held.Before)
	}
}
