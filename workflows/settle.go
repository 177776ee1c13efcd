package workflows

import (
	"context"
	"errors"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// unsettled says that a cancelled run, or one that it went on with, has announced a write of which nobody knows what became of it.
func unsettled(job Job, stored enhancement.Job) bool {
	return stored.Run == job.Run && stored.Cancelled() && stored.NoteMayFollow()
}

// settle ends the last step of a cancelled run. Where a write was announced, it looks whether that has arrived: the operator was told that
// the job is completed then. What has not by now is looked for once more.
func (a *Activities) settle(ctx context.Context, job Job, began time.Time) (StepResult, error) {
	stored, err := a.Ledger.Job(ctx, job.TenantID, job.JobID)
	if err != nil {
		return StepResult{}, err
	}
	if !unsettled(job, stored) {
		return a.cancelled(ctx, job)
	}
	done, err := a.arrived(ctx, job, stored, began)
	if err == nil {
		outage, err := a.gate(ctx, job)
		if err != nil {
			return StepResult{}, err
		}
		return a.enhanced(ctx, job, stored, outage, done, true), nil
	}
	if !errors.Is(err, ledger.ErrCancelled) {
		a.Logger.WarnContext(ctx, "it was not found out whether the note of the cancelled job has arrived: it is looked for later", "error", err)
	}
	result, err := a.cancelled(ctx, job)
	result.TidyAfter = a.tidyAfter()
	return result, err
}

// settleLate looks once more, and says whether there is nothing else to do about the ticket.
func (a *Activities) settleLate(ctx context.Context, job Job, stored enhancement.Job) (over bool, err error) {
	done, err := a.arrived(ctx, job, stored, time.Now())
	switch {
	case errors.Is(err, ledger.ErrCancelled):
		return true, nil // it has not arrived: of ours, there is nothing on the ticket that was not before
	case err != nil:
		return false, err
	}
	a.Metrics.Completed(ctx, job.TenantID, string(stored.Event), time.Since(stored.ReceivedAt))
	a.Metrics.Note(string(done.Action))
	a.Logger.InfoContext(ctx, "the note of a cancelled job has arrived: the ticket is enhanced", telemetry.KeyStatus, enhancement.StatusCompleted,
		telemetry.KeyTicket, stored.Ticket.ID, "note_id", done.NoteID)
	return false, nil
}

// arrived completes a cancelled job whose note stands. Nothing is written: no write of a cancelled run can be announced. ErrCancelled when
// the note is not there.
func (a *Activities) arrived(ctx context.Context, job Job, stored enhancement.Job, began time.Time) (servicedesk.NoteResult, error) {
	steps, err := a.Ledger.Steps(ctx, job.TenantID, job.JobID)
	if err != nil {
		return servicedesk.NoteResult{}, err
	}
	return a.putNote(ctx, job, stored, steps, began)
}

// ofCancelled is what the result of a look is to a cancelled run: the note that it sent stands, or it is none of its business.
func ofCancelled(done servicedesk.NoteResult) (servicedesk.NoteResult, error) {
	if done.Action != servicedesk.NoteUnchanged {
		return servicedesk.NoteResult{}, ledger.ErrCancelled
	}
	done.Action = servicedesk.NoteVerified
	return done, nil
}
