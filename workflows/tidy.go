package workflows

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dapr/durabletask-go/workflow"
	"github.com/google/uuid"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func (a *Activities) tidyAfter() time.Duration { return cmp.Or(a.TidyAfter, defaultTidyAfter) }

// TidyNote removes what a write that was given up as lost has left on the ticket beside the note that stands.
func (a *Activities) TidyNote(actx workflow.ActivityContext) (any, error) {
	ctx, cancel, job, err := a.begin(actx, ActivityTidyNote, tidyPolicy.attempt)
	if err != nil {
		return nil, err
	}
	defer cancel()
	return traced(ctx)(StepResult{Outcome: enhancement.OutcomeOK}, a.runTidy(ctx, job))
}

func (a *Activities) runTidy(ctx context.Context, job Job) error {
	stored, err := a.Ledger.Job(ctx, job.TenantID, job.JobID)
	if err != nil {
		return err
	}
	// Where notes are off, nothing is touched, and the books are not opened for a ticket that may have no note. What decides is asked
	// again below.
	switch mode, err := a.Ledger.NoteMode(ctx, job.TenantID); {
	case errors.Is(err, tenant.ErrNotFound):
		return nil // and with it the right to touch its tickets
	case err != nil:
		return err
	case mode == tenant.ModeOff:
		return nil
	}
	if unsettled(job, stored) {
		if over, err := a.settleLate(ctx, job, stored); over || err != nil {
			return err
		}
	}
	desk, _, err := a.Desks.Desk(ctx, job.TenantID)
	switch {
	case errors.Is(err, tenant.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	holder := uuid.NewString()
	held, err := a.holdNote(ctx, job, stored.Ticket.ID, holder)
	if err != nil {
		return err
	}
	defer a.release(ctx, job, stored.Ticket.ID, holder)
	// In shadow mode it adds nothing to take a second note of ours away, which stood there before.
	if held.Mode == tenant.ModeOff {
		return nil
	}
	writing, cancel := context.WithTimeout(ctx, updatePolicy.attempt)
	defer cancel()
	removed, err := desk.TidyNotes(writing, servicedesk.NoteTidy{
		TicketID: stored.Ticket.ID, KeepNoteID: held.ID, Ours: held.Digests(),
		Marker: enhancement.NoteReference(job.TenantID, stored.Ticket.ID),
	})
	if err != nil {
		return fmt.Errorf("tidy the notes of ticket %s: %w", stored.Ticket.ID, err)
	}
	if removed > 0 {
		a.Logger.WarnContext(ctx, "a late write had doubled the note", "removed", removed)
	}
	return nil
}
