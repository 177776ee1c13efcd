package e2e_test

import (
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/simulator"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// livingNote is a ticket with its note, on a service desk of its own.
type livingNote struct {
	t        *testing.T
	tenantID string
	ticketID string
	marker   string
}

// eachDesk runs the test on-premises with notes in HTML, and in the cloud with notes in Markdown.
func eachDesk(t *testing.T, name string, test func(t *testing.T, l livingNote)) {
	t.Helper()
	for profile, format := range map[servicedesk.Profile]tenant.Format{
		servicedesk.ProfileOnPrem: tenant.FormatHTML, servicedesk.ProfileCloud: tenant.FormatMarkdown,
	} {
		t.Run(string(profile), func(t *testing.T) {
			t.Parallel()
			c := client("e2e-"+name+"-"+string(profile), profile)
			c.Format = format
			c.Systems = append(c.Systems, inventory.System{
				Hostname: "switch-" + c.ID + ".example.com", Address: "192.0.2.78", Role: "Switch", Client: c.ID, Location: "Floor 3",
			})
			if err := users.Onboard(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			first := open(t, c.ID)
			job, ticket := await(t, c.ID, first.Accepted.JobID)
			mustNotContain(t, noted(t, job, ticket), "Updated ", "New:")
			test(t, livingNote{t, c.ID, first.TicketID, enhancement.NoteReference(c.ID, first.TicketID)})
		})
	}
}

// change changes the ticket's text and gives the notes that are on it afterwards, with what became of ours.
func (l livingNote) change(text string) (notes []servicedesktest.Note, action string) {
	l.t.Helper()
	changed, err := users.ChangeTicket(l.t.Context(), l.tenantID, l.ticketID, text)
	if err != nil || changed.Accepted.JobID == "" {
		l.t.Fatalf("changed: %+v, %v", changed, err)
	}
	return l.after(changed)
}

func (l livingNote) after(o platform.Opened) (notes []servicedesktest.Note, action string) {
	l.t.Helper()
	job, ticket := await(l.t, l.tenantID, o.Accepted.JobID)
	if job.Status != enhancement.StatusCompleted {
		l.t.Fatalf("the job is %s: %s", job.Status, job.FailureReason)
	}
	shown, err := users.Admin().Job(l.t.Context(), l.tenantID, job.ID)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, step := range shown.Steps {
		if step.Step == enhancement.StepUpdateTicket {
			action, _, _ = strings.Cut(step.Detail, ":")
		}
	}
	return ticket.Notes, action
}

func (l livingNote) one(notes []servicedesktest.Note) servicedesktest.Note {
	l.t.Helper()
	if len(notes) != 1 {
		l.t.Fatalf("the ticket has %d notes, want exactly one", len(notes))
	}
	mustContain(l.t, notes[0].Description, l.marker)
	return notes[0]
}

func (l livingNote) ticket() simulator.Ticket {
	l.t.Helper()
	ticket, err := users.Ticket(l.t.Context(), l.tenantID, l.ticketID)
	if err != nil {
		l.t.Fatal(err)
	}
	return ticket
}

func TestALaterNoteNamesWhatChanged(t *testing.T) {
	t.Parallel()
	eachDesk(t, "changed", func(t *testing.T, l livingNote) {
		notes, action := l.change("The scanner on floor 3 shows error E-42. It hangs on the switch 192.0.2.78.")
		note := l.one(notes)
		if action != "edited" || note.Edits != 1 {
			t.Errorf("%s, %d edits", action, note.Edits)
		}
		mustContain(t, note.Description, "Updated ", "UTC.", "System Info: new switch-"+l.tenantID, "no longer named scanner-"+l.tenantID, "New:")
		// What says nothing new leaves the note alone, marks included.
		notes, action = l.change("The scanner on floor 3 shows error E-42. It hangs on the switch 192.0.2.78!")
		if again := l.one(notes); action != "unchanged" || again.Edits != 1 || again.Description != note.Description {
			t.Errorf("%s, %d edits:\n%s", action, again.Edits, again.Description)
		}
	})
}

func TestTheTechnicianHasTheLastWord(t *testing.T) {
	t.Parallel()
	eachDesk(t, "edited", func(t *testing.T, l livingNote) {
		note := l.one(l.ticket().Notes)
		if err := users.EditNote(t.Context(), l.tenantID, l.ticketID, note.ID, note.Description+"<p>Called the customer.</p>"); err != nil {
			t.Fatal(err)
		}
		notes, action := l.change("It hangs on the switch 192.0.2.78.")
		if edited := l.one(notes); action != "kept_edited" || edited.Edits != 1 || !strings.Contains(edited.Description, "Called the customer.") {
			t.Errorf("%s, %d edits:\n%s", action, edited.Edits, edited.Description)
		}
		if err := users.EditNote(t.Context(), l.tenantID, l.ticketID, note.ID, note.Description); err != nil {
			t.Fatal(err)
		}
		notes, action = l.change("It hangs on the switch 192.0.2.78, which is off.")
		if ours := l.one(notes); action != "edited" || strings.Contains(ours.Description, "Called the customer.") {
			t.Errorf("restored: %s:\n%s", action, ours.Description)
		}
	})
}

func TestANoteThatWasDeletedStaysDeleted(t *testing.T) {
	t.Parallel()
	eachDesk(t, "deleted", func(t *testing.T, l livingNote) {
		note := l.one(l.ticket().Notes)
		if err := users.DeleteNote(t.Context(), l.tenantID, l.ticketID, note.ID); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"It hangs on the switch 192.0.2.78.", "It hangs on the switch 192.0.2.78, which is off."} {
			if notes, action := l.change(text); action != "kept_deleted" || len(notes) != 0 {
				t.Errorf("%s, %d notes", action, len(notes))
			}
		}
	})
}

// An edit is committed and never answered: it counts as written, and the note is still ours to edit.
func TestAnEditWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	eachDesk(t, "unanswered", func(t *testing.T, l livingNote) {
		err := users.SetFaults(t.Context(), l.tenantID, "servicedesk", servicedesktest.Faults{Active: []servicedesktest.Fault{
			{Kind: servicedesktest.FaultCommitThenTimeout, Remaining: 1},
		}})
		if err != nil {
			t.Fatal(err)
		}
		notes, action := l.change("It hangs on the switch 192.0.2.78.")
		if l.one(notes); action != "verified" {
			t.Errorf("%s", action)
		}
		notes, action = l.change("The scanner on floor 3 shows error E-42 since the update.")
		if l.one(notes); action != "edited" {
			t.Errorf("after it: %s", action)
		}
	})
}
