package mirror

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/htmltext"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// status is what a ticket's status says.
type status int

const (
	statusUnknown status = iota // lists may lack it
	statusOpen
	statusDone
)

func (m *Mirror) status(t servicedesk.Request) status {
	if t.Status == "" && t.StatusInternalName == "" {
		return statusUnknown
	}
	if t.HasStatus(m.cfg.ResolvedStatuses...) {
		return statusDone
	}
	return statusOpen
}

// What reading a ticket has found.
type ticketState int

const (
	ticketGone  ticketState = iota // deleted, merged, or in the trash
	ticketOpen                     // not resolved
	ticketEmpty                    // resolved, and nobody has said how
	ticketDone                     // to be kept
)

type foundTicket struct {
	state  ticketState
	ticket history.PastTicket
}

// readTicket reads a ticket's detail, and its resolution where the detail lacks it.
func (r *run) readTicket(ctx context.Context, listed servicedesk.Request) (foundTicket, error) {
	t, err := ask(ctx, r, func(ctx context.Context) (servicedesk.Request, error) { return r.desk.Request(ctx, listed.ID) })
	switch {
	case isGone(err):
		return foundTicket{state: ticketGone}, nil
	case err != nil:
		return foundTicket{}, fmt.Errorf("read the ticket: %w", err)
	case t.IsTrashed:
		return foundTicket{state: ticketGone}, nil
	case r.m.status(t) != statusDone:
		return foundTicket{state: ticketOpen}, nil
	}
	if strings.TrimSpace(t.Resolution) == "" {
		solved, err := ask(ctx, r, func(ctx context.Context) (servicedesk.Resolution, error) { return r.desk.Resolution(ctx, listed.ID) })
		if err != nil && !servicedesk.NotFound(err) {
			return foundTicket{}, fmt.Errorf("read the resolution: %w", err)
		}
		t.Resolution = solved.Content
		if t.ResolutionTime.IsZero() {
			t.ResolutionTime = solved.SubmittedOn
		}
	}
	past := pastTicket(t)
	if past.Resolution == "" {
		return foundTicket{state: ticketEmpty}, nil
	}
	// The version is what lists say, because that is what it will be compared with.
	if !listed.LastUpdatedTime.IsZero() {
		past.UpdatedAt = listed.LastUpdatedTime
	}
	return foundTicket{state: ticketDone, ticket: past}, nil
}

// pastTicket is a ticket as the history keeps it. When it was resolved is the first that is known of: when it was
// resolved, completed, its resolution written, when it last changed, when it was created.
func pastTicket(t servicedesk.Request) history.PastTicket {
	times := []time.Time{t.ResolvedTime, t.CompletedTime, t.ResolutionTime, t.LastUpdatedTime, t.CreatedTime}
	known := slices.IndexFunc(times, func(at time.Time) bool { return !at.IsZero() })
	past := history.PastTicket{
		ID: t.ID, Subject: ticket.Normalize(t.Subject), Description: htmltext.FromHTML(t.Description),
		Resolution: htmltext.FromHTML(t.Resolution), CreatedAt: t.CreatedTime, UpdatedAt: t.LastUpdatedTime,
		Requester: t.Requester.Name, Technician: t.Technician,
	}
	if known >= 0 {
		past.ResolvedAt = times[known]
	}
	past.Description = cmp.Or(past.Description, ticket.Normalize(t.ShortDescription))
	return past
}
