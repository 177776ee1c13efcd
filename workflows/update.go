package workflows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/dapr/durabletask-go/workflow"
	"github.com/google/uuid"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

const (
	// noteLease outlasts one attempt with the verification that may follow it, so that no second writer
	// begins while the first may still be writing.
	noteLease = 15 * time.Second
	// notePoll is how often a writer that has to wait looks again.
	notePoll = 200 * time.Millisecond
)

// UpdateTicket puts the note on the ticket and ends the job.
func (a *Activities) UpdateTicket(actx workflow.ActivityContext) (any, error) {
	ctx, cancel, job, err := a.begin(actx, ActivityUpdateTicket, updatePolicy.attempt)
	if err != nil {
		return nil, err
	}
	defer cancel()
	return a.runUpdate(ctx, job)
}

func (a *Activities) runUpdate(ctx context.Context, job Job) (StepResult, error) {
	began := time.Now()
	stored, err := a.Ledger.Job(ctx, job.TenantID, job.JobID)
	if err != nil {
		return StepResult{}, err
	}
	if stored.Status == enhancement.StatusCompleted {
		return StepResult{Outcome: enhancement.OutcomeOK}, nil // an earlier run was cut off before it could report back
	}
	done, err := a.putNote(ctx, job, stored, began)
	if err == nil {
		a.Metrics.Completed(job.TenantID, time.Since(stored.ReceivedAt))
		a.Logger.InfoContext(ctx, "the ticket is enhanced", telemetry.KeyStatus, enhancement.StatusCompleted,
			telemetry.KeyTicket, stored.Ticket.ID, "note_id", done.NoteID, "note_action", done.Action,
			"waited_ms", time.Since(stored.ReceivedAt).Milliseconds())
		return StepResult{Outcome: enhancement.OutcomeOK}, nil
	}
	failed := enhancement.StepRecord{
		Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeFailed,
		Detail: err.Error(), Duration: time.Since(began),
	}
	if recordErr := a.record(ctx, job, failed); recordErr != nil {
		return StepResult{}, errors.Join(err, recordErr)
	}
	if hopeless(err) {
		return StepResult{failed.Outcome, failed.Detail}, nil
	}
	return StepResult{}, err
}

// hopeless says that another attempt would end the same way.
func hopeless(err error) bool {
	var answer *servicedesk.Error
	return errors.Is(err, tenant.ErrNotFound) || (errors.As(err, &answer) && !servicedesk.Retryable(err))
}

func (a *Activities) putNote(ctx context.Context, job Job, stored enhancement.Job, began time.Time) (servicedesk.NoteResult, error) {
	desk, format, err := a.Desks.Desk(ctx, job.TenantID)
	if err != nil {
		return servicedesk.NoteResult{}, err
	}
	write, degraded, err := a.draft(ctx, job, stored, format)
	if err != nil {
		return servicedesk.NoteResult{}, err
	}
	holder := uuid.NewString()
	if write.KnownNoteID, err = a.holdNote(ctx, job, stored.Ticket.ID, holder); err != nil {
		return servicedesk.NoteResult{}, err
	}
	done, err := desk.PutNote(ctx, write)
	if err != nil {
		a.release(ctx, job, stored.Ticket.ID, holder)
		return servicedesk.NoteResult{}, err
	}
	// The note stands: the books are brought into line with it even if this attempt's time is up.
	booking, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookingTimeout)
	defer cancel()
	took := time.Since(began)
	a.Metrics.Step(ActivityUpdateTicket, string(enhancement.OutcomeOK), took)
	err = a.Ledger.Complete(booking, ledger.Completion{
		TenantID: job.TenantID, JobID: job.JobID, TicketID: stored.Ticket.ID, NoteID: done.NoteID, Degraded: degraded,
		Step: enhancement.StepRecord{
			Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK,
			Detail: string(done.Action), Duration: took,
		},
	}, holder)
	return done, err
}

// draft renders the note that the synthesis left in the ledger, and names the steps it had to do without.
func (a *Activities) draft(ctx context.Context, job Job, stored enhancement.Job, format tenant.Format) (servicedesk.NoteWrite, []string, error) {
	steps, err := a.Ledger.Steps(ctx, job.TenantID, job.JobID)
	if err != nil {
		return servicedesk.NoteWrite{}, nil, err
	}
	var note synthesis.Note
	if err := json.Unmarshal(steps[enhancement.StepSynthesize].Result, &note); err != nil {
		return servicedesk.NoteWrite{}, nil, fmt.Errorf("decode the note of job %s: %w", job.JobID, err)
	}
	var degraded []string
	for _, step := range []enhancement.Step{
		enhancement.StepTicketSearch, enhancement.StepDocSearch, enhancement.StepIPSearch, enhancement.StepSynthesize,
	} {
		if record, ok := steps[step]; !ok || record.Outcome != enhancement.OutcomeOK {
			degraded = append(degraded, string(step))
		}
	}
	return servicedesk.NoteWrite{
		TicketID: stored.Ticket.ID,
		Marker:   enhancement.NoteReference(job.TenantID, stored.Ticket.ID),
		Body:     synthesis.Render(note, synthesis.Format(format)),
	}, degraded, nil
}

// holdNote waits for the right to write the ticket's note as long as ctx allows.
func (a *Activities) holdNote(ctx context.Context, job Job, ticketID, holder string) (string, error) {
	retry := time.NewTicker(notePoll)
	defer retry.Stop()
	for {
		noteID, err := a.Ledger.HoldNote(ctx, job.TenantID, ticketID, holder, noteLease)
		if !errors.Is(err, ledger.ErrNoteBusy) {
			return noteID, err
		}
		select {
		case <-ctx.Done():
			return "", err
		case <-retry.C:
		}
	}
}

// release gives up the lease early; if that fails it runs out by itself.
func (a *Activities) release(ctx context.Context, job Job, ticketID, holder string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookingTimeout)
	defer cancel()
	if err := a.Ledger.ReleaseNote(ctx, job.TenantID, ticketID, holder); err != nil {
		a.Logger.WarnContext(ctx, "the note's lease was not released early", "error", err)
	}
}
