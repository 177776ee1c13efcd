package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dapr/durabletask-go/workflow"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/htmltext"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// detailUnchanged is what the ledger says of a fetch that showed that there is nothing to do.
const detailUnchanged = "unchanged since the job before"

// errNoText says that there is nothing to search by.
var errNoText = errors.New("the ticket has neither a subject nor a description")

// FetchTicket reads the ticket of a job whose sender is not believed about it, and keeps its texts in the ledger.
func (a *Activities) FetchTicket(actx workflow.ActivityContext) (any, error) {
	ctx, cancel, job, err := a.begin(actx, ActivityFetchTicket, fetchPolicy.attempt)
	if err != nil {
		return nil, err
	}
	defer cancel()
	return traced(ctx)(a.runFetch(ctx, job))
}

func (a *Activities) runFetch(ctx context.Context, job Job) (StepResult, error) {
	began := time.Now()
	stored, err := a.Ledger.Job(ctx, job.TenantID, job.JobID)
	if err != nil {
		return StepResult{}, err
	}
	if stored.Status == enhancement.StatusCompleted {
		// An earlier attempt ended the job and was cut off before it could report back.
		a.runOver(ctx, job, booked(job, stored))
		a.ended(job)
		return StepResult{Outcome: enhancement.OutcomeOK, Ended: true}, nil
	}
	switch over, err := a.unwanted(ctx, job); {
	case err != nil:
		return StepResult{}, err
	case over: // it was cancelled, perhaps: no later step tells of the end
		a.runOverAsBooked(ctx, job)
		a.giveTurnBack(ctx, job)
		a.ended(job)
		return StepResult{Outcome: enhancement.OutcomeOK, Ended: true}, nil
	}
	outage, err := a.gate(ctx, job)
	if err != nil {
		return StepResult{}, err
	}
	if closed(outage) {
		return blocked(outage.Reason, outage), nil
	}
	record := enhancement.StepRecord{Step: enhancement.StepFetchTicket, Outcome: enhancement.OutcomeOK}
	unchanged, fetchErr := a.fetch(ctx, job, stored.Ticket.ID)
	switch {
	case fetchErr != nil:
		record.Outcome, record.Detail = enhancement.OutcomeFailed, fetchErr.Error()
	case unchanged:
		record.Detail = detailUnchanged
	}
	record.Duration = time.Since(began)
	if err := a.record(ctx, job, record); err != nil {
		return StepResult{}, errors.Join(fetchErr, err)
	}
	if passing(job, fetchErr) {
		return a.failed(ctx, job, enhancement.StepFetchTicket, fetchErr)
	}
	// Where it was writing that failed last, reading proves nothing.
	ended := unchanged || fetchErr != nil && (hopeless(fetchErr) || errors.Is(fetchErr, errNoText))
	if outage.Standing && (ended || fetchErr == nil && outage.Step == enhancement.StepFetchTicket) {
		a.tried(ctx, job, outage, outage.Step == enhancement.StepFetchTicket)
	}
	if fetchErr != nil && !ended {
		return StepResult{}, fetchErr
	}
	if unchanged {
		a.runOverAsBooked(ctx, job)
		a.ended(job)
		a.Metrics.Unchanged(job.TenantID, string(stored.Event))
		a.Logger.InfoContext(ctx, "there was nothing to enhance anew", telemetry.KeyStatus, enhancement.StatusCompleted,
			telemetry.KeyTicket, stored.Ticket.ID)
	}
	return StepResult{Outcome: record.Outcome, Detail: record.Detail, Ended: unchanged}, nil
}

// fetch reports whether the ticket's text is one that is done or being done already.
func (a *Activities) fetch(ctx context.Context, job Job, ticketID string) (unchanged bool, err error) {
	desk, _, err := a.Desks.Desk(ctx, job.TenantID)
	if err != nil {
		return false, err
	}
	found, err := desk.Request(ctx, ticketID)
	if err != nil {
		return false, fmt.Errorf("fetch ticket %s: %w", ticketID, err)
	}
	if found.IsTrashed {
		return false, &servicedesk.Error{
			Op: "get_request", TicketID: ticketID, Kind: servicedesk.KindNotFound, Message: "the ticket is in the trash",
		}
	}
	t := asTicket(ticketID, found)
	if t.Text() == "" {
		return false, errNoText
	}
	return a.Ledger.Fetched(ctx, job.TenantID, job.JobID, job.Run, t)
}

// asTicket brings a request into the limits of a ticket. What a sender would be told to shorten is cut here: there is
// nobody to tell.
func asTicket(id string, r servicedesk.Request) ticket.Ticket {
	return ticket.Ticket{
		ID:          id,
		Subject:     ticket.Truncate(ticket.Normalize(r.Subject), ticket.MaxSubject),
		Description: ticket.Truncate(htmltext.FromHTML(r.Description), ticket.MaxDescription),
		Priority:    ticket.Truncate(ticket.Normalize(r.Priority), ticket.MaxPriority),
		People:      ticket.People(r.Requester.Name, r.Technician),
	}
}
