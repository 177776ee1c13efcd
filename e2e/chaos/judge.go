package chaos

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/ai-agents/ai-agents/internal/enhancement"
)

// verdict is how a ticket ended.
type verdict string

const (
	// verdictNoted has exactly one note.
	verdictNoted verdict = "noted once"
	// verdictFailed has a row that says why there is none.
	verdictFailed verdict = "failed with reason"
	// verdictNone is as it should be when nobody was promised anything.
	verdictNone verdict = "nothing"
	// verdictLost was promised and is not there, or is stuck.
	verdictLost verdict = "lost"
	// verdictDoubled was done twice, or on the wrong ticket.
	verdictDoubled verdict = "duplicated"
)

// judge holds what a sender was told against what stands in the ledger and on the ticket. why explains a verdict that is
// none of the good ones.
func (a *account) judge() (v verdict, why string) {
	reference := enhancement.NoteReference(a.TenantID, a.TicketID)
	for _, n := range a.notes {
		if !strings.Contains(n.Description, reference) {
			return verdictDoubled, fmt.Sprintf("note %s on it is not this ticket's", n.ID)
		}
	}
	switch {
	case len(a.notes) > 1:
		return verdictDoubled, fmt.Sprintf("it has %d notes", len(a.notes))
	case len(a.rows) > 1: // senders tell of one event only
		return verdictDoubled, fmt.Sprintf("its one event has %d jobs", len(a.rows))
	}
	for _, attempt := range a.all() {
		if attempt.accepted() && !slices.ContainsFunc(a.rows, func(r row) bool { return r.jobID == attempt.JobID }) {
			return verdictLost, fmt.Sprintf("the sender was told of job %q, which the ledger does not have", attempt.JobID)
		}
	}
	if a.Again != nil && !a.Again.accepted() {
		return verdictLost, fmt.Sprintf("it was refused, and again when all was well: %d %s", a.Again.Status, a.Again.Detail)
	}
	if len(a.rows) == 0 {
		if len(a.notes) > 0 {
			return verdictDoubled, "it has a note without a job"
		}
		if a.Sought {
			return verdictLost, "its webhook never arrived, and no poll has found it"
		}
		return verdictNone, ""
	}
	return a.rows[0].judge(a)
}

// judge holds a job against the notes on its ticket.
func (r row) judge(a *account) (v verdict, why string) {
	switch {
	case r.status == enhancement.StatusFailed && r.reason == "":
		return verdictLost, "its job failed without a reason"
	case r.status == enhancement.StatusFailed && len(a.notes) > 0:
		return verdictFailed, r.reason + "; and there is a note all the same"
	case r.status == enhancement.StatusFailed:
		return verdictFailed, r.reason
	case r.status != enhancement.StatusCompleted:
		return verdictLost, fmt.Sprintf("job %s is still %s", r.jobID, r.status)
	case len(a.notes) == 0:
		return verdictLost, fmt.Sprintf("job %s is completed, and there is no note", r.jobID)
	case a.notes[0].ID != r.noteID:
		return verdictLost, fmt.Sprintf("job %s names note %q, and the ticket has %q", r.jobID, r.noteID, a.notes[0].ID)
	}
	return verdictNoted, ""
}

// answers sums up what a sender was told, for a list of tickets.
func (s *Sent) answers() string {
	parts := make([]string, 0, len(s.Attempts))
	for _, a := range s.all() {
		switch {
		case a.accepted():
			parts = append(parts, fmt.Sprintf("%d as job %s", a.Status, a.JobID))
		case a.Status == 0:
			parts = append(parts, "no answer")
		default:
			parts = append(parts, fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status)))
		}
	}
	return strings.Join(parts, ", ")
}
