package preview

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// ErrNoTicket says that there is no ticket of this id.
var ErrNoTicket = errors.New("no such ticket")

// errNoText says that there is nothing to search by.
var errNoText = errors.New("the ticket has neither a subject nor a description")

// read finds the ticket's texts, and says where.
func (s *Service) read(ctx context.Context, r Request) (ticket.Ticket, adminapi.PreviewSource, error) {
	ctx, cancel := context.WithTimeout(ctx, s.deps.Limits.Read)
	defer cancel()
	if r.Ticket != nil {
		t := within(ticket.Ticket{
			ID: r.TicketID, Subject: r.Ticket.Subject, Description: r.Ticket.Description, Priority: r.Ticket.Priority,
			People: ticket.People(r.Ticket.People...),
		})
		if t.Text() == "" {
			return ticket.Ticket{}, "", refuse(CodeNoText, errNoText.Error())
		}
		return t, adminapi.SourceGiven, nil
	}
	places := []adminapi.PreviewSource{r.Source}
	if r.Source == "" || r.Source == adminapi.SourceAuto {
		places = []adminapi.PreviewSource{adminapi.SourceServiceDesk, adminapi.SourceLedger, adminapi.SourceHistory}
	}
	var (
		told   []string
		failed bool
	)
	for _, place := range places {
		t, err := s.readFrom(ctx, place, r.TenantID, r.TicketID)
		if err == nil && t.Text() == "" {
			err = errNoText
		}
		if err == nil {
			return t, place, nil
		}
		unknown := errors.Is(err, ErrNoTicket) || errors.Is(err, errNoText)
		if !unknown {
			s.deps.Logger.WarnContext(ctx, "a ticket could not be read for a preview", "source", string(place), "error", err)
		}
		failed = failed || !unknown
		told = append(told, reason(place, err, unknown))
	}
	code := CodeNoTicket
	if failed {
		code = CodeUnread
	}
	return ticket.Ticket{}, "", refuse(code, strings.Join(told, "; "))
}

// reason is what of err may be told: that a server is down, and not what it or the database said.
func reason(place adminapi.PreviewSource, err error, unknown bool) string {
	if unknown {
		return string(place) + ": " + err.Error()
	}
	return string(place) + ": could not be read"
}

func (s *Service) readFrom(ctx context.Context, place adminapi.PreviewSource, tenantID, ticketID string) (ticket.Ticket, error) {
	switch place {
	case adminapi.SourceServiceDesk:
		if !ticket.ValidID(ticketID) {
			return ticket.Ticket{}, ErrNoTicket
		}
		return s.deps.Desks.Ticket(ctx, tenantID, ticketID)
	case adminapi.SourceLedger:
		job, err := s.deps.Jobs.Newest(ctx, tenantID, ticketID)
		if errors.Is(err, enhancement.ErrNotFound) {
			return ticket.Ticket{}, ErrNoTicket
		}
		return job.Ticket, err
	case adminapi.SourceHistory:
		past, err := s.deps.Past.Ticket(ctx, tenantID, ticketID)
		if errors.Is(err, history.ErrNoTicket) {
			return ticket.Ticket{}, ErrNoTicket
		}
		return within(past), err
	case adminapi.SourceAuto, adminapi.SourceGiven:
	}
	return ticket.Ticket{}, fmt.Errorf("%q is no place to read a ticket from", place)
}

// within brings texts into the limits of a ticket, as the fetch of a job does.
func within(t ticket.Ticket) ticket.Ticket {
	t.Subject = ticket.Truncate(ticket.Normalize(t.Subject), ticket.MaxSubject)
	t.Description = ticket.Truncate(ticket.Normalize(t.Description), ticket.MaxDescription)
	t.Priority = ticket.Truncate(ticket.Normalize(t.Priority), ticket.MaxPriority)
	return t
}
