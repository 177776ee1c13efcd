package enhancement_test

import (
	"slices"
	"testing"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/internal/ticket/tickettest"
)

func TestJobID(t *testing.T) {
	base := ticket.Ticket{ID: "1001", Subject: "s", Description: "d", Priority: "High"}
	changed := base
	changed.Description = "d2"
	id := func(tenantID string, e enhancement.Event, tk ticket.Ticket) string {
		return enhancement.New(tenantID, e, tk, "c").ID
	}
	created := id("alpha", enhancement.EventCreated, base)
	if created != id("alpha", enhancement.EventCreated, changed) {
		t.Error("a ticket is created twice when its text differs")
	}
	// Durable: an id that changes with a release would enhance a ticket twice.
	if want := "9f8b6979-8851-86b3-9a47-07088f6081d1"; created != want {
		t.Errorf("job id %s, want %s", created, want)
	}
	spaced := base
	spaced.Description = "d  \r\n"
	if id("alpha", enhancement.EventUpdated, base) != id("alpha", enhancement.EventUpdated, spaced) {
		t.Error("an update that changes white space at the end counts as a change")
	}
	ids := map[string]bool{
		created: true, id("beta", enhancement.EventCreated, base): true,
		id("alpha", enhancement.EventUpdated, base): true, id("alpha", enhancement.EventUpdated, changed): true,
	}
	if len(ids) != 4 {
		t.Errorf("%d distinct ids, want 4", len(ids))
	}
}

func TestJobsHoldNothingDeceptive(t *testing.T) {
	text := tickettest.Deceptive
	job := enhancement.New("alpha", enhancement.EventCreated, ticket.Ticket{ID: "1001", Subject: text, Description: text, Priority: text}, "c")
	for _, text := range []string{job.Ticket.Subject, job.Ticket.Description, job.Ticket.Priority} {
		tickettest.CheckDeceptive(t, "a job's ticket", text)
	}
}

func TestNoteReference(t *testing.T) {
	if got, want := enhancement.NoteReference("alpha", "1001"), "AI Agents reference ad2033f5cb23a92b"; got != want {
		t.Errorf("reference %q, want %q: notes written before are not found again", got, want)
	}
	if enhancement.NoteReference("alpha", "1001") == enhancement.NoteReference("beta", "1001") {
		t.Error("two tenants share a reference")
	}
}

// A technician who takes a ticket over is no new event.
func TestPeopleAreNoPartOfTheID(t *testing.T) {
	for _, event := range []enhancement.Event{enhancement.EventCreated, enhancement.EventUpdated} {
		asked := ticket.Ticket{ID: "1", Subject: "s", Description: "d", Priority: "High"}
		named := asked
		named.People = []string{" Jane Example ", "", "Front Desk"}
		one, other := enhancement.New("alpha", event, asked, ""), enhancement.New("alpha", event, named, "")
		if one.ID != other.ID || !slices.Equal(other.Ticket.People, []string{"Jane Example", "Front Desk"}) {
			t.Errorf("%s: %s and %s, of %q", event, one.ID, other.ID, other.Ticket.People)
		}
	}
}
