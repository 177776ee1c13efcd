package simulator

import (
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

const (
	statusOpen     = "Open"
	statusResolved = "Resolved"

	// maxSubject is ServiceDesk Plus's own limit. It has none for descriptions that we would notice.
	maxSubject = 250
)

// Requester is the person who opens a ticket.
type Requester struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

func (r Requester) person() servicedesktest.Person {
	return servicedesktest.Person{Name: r.Name, Email: r.Email}
}

// NewTicket is a ticket to open. Description is plain text.
type NewTicket struct {
	Subject     string    `json:"subject"`
	Description string    `json:"description"`
	Priority    string    `json:"priority"`
	Requester   Requester `json:"requester"`
	Category    string    `json:"category"`
	Site        string    `json:"site"`
}

// TicketChange holds the fields to change; nil means: leave it.
type TicketChange struct {
	Subject     *string `json:"subject,omitempty"`
	Description *string `json:"description,omitempty"`
	Priority    *string `json:"priority,omitempty"`
	Status      *string `json:"status,omitempty"`
	// Resolution, in plain text, resolves the ticket, unless Status says otherwise.
	Resolution *string `json:"resolution,omitempty"`
}

// Emission is what became of a ticket's webhook.
type Emission struct {
	TicketID string `json:"ticket_id"`
	PageURL  string `json:"page_url"`
	// Webhook is nil when none was asked for.
	Webhook *Delivery `json:"webhook,omitempty"`
}

// Ticket is a ticket as the admin API shows it. Description and Resolution are HTML.
type Ticket struct {
	ID          string    `json:"ticket_id"`
	Subject     string    `json:"subject"`
	Priority    string    `json:"priority"`
	Status      string    `json:"status"`
	Created     time.Time `json:"created_at"`
	PageURL     string    `json:"page_url"`
	NoteCount   int       `json:"note_count"`
	Requester   Requester `json:"requester"`
	Description string    `json:"description,omitempty"` // not in lists
	Resolution  string    `json:"resolution,omitempty"`  // not in lists
	// Notes are oldest first; not in lists.
	Notes []servicedesktest.Note `json:"notes,omitempty"`
}

func (t NewTicket) check() error { return checkSubject(t.Subject) }

func (c TicketChange) check() error {
	if c.Subject == nil {
		return nil
	}
	return checkSubject(*c.Subject)
}

func checkSubject(s string) error {
	switch {
	case strings.TrimSpace(s) == "":
		return refuse(http.StatusBadRequest, "subject: is missing")
	case utf8.RuneCountInString(s) > maxSubject:
		return refuse(http.StatusBadRequest, "subject: is longer than the %d characters that ServiceDesk Plus takes", maxSubject)
	}
	return nil
}

// summary is a ticket without its texts.
func (w *World) summary(d *desk, r servicedesktest.Request) Ticket {
	return Ticket{
		ID: r.ID, Subject: r.Subject, Priority: r.Priority, Status: r.Status, Created: r.CreatedTime.UTC(),
		PageURL: w.endpoints(d).TicketPage(r.ID), NoteCount: len(d.sdp.Notes(r.ID)),
		Requester: Requester{r.Requester.Name, r.Requester.Email},
	}
}

func (w *World) detail(d *desk, r servicedesktest.Request) Ticket {
	t := w.summary(d, r)
	t.Description, t.Resolution, t.Notes = r.Description, r.Resolution, d.sdp.Notes(r.ID)
	t.NoteCount = len(t.Notes)
	return t
}
