package workflows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/dapr/durabletask-go/workflow"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/masking"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// UpdateTicket puts the note on the ticket and ends the job.
func (a *Activities) UpdateTicket(actx workflow.ActivityContext) (any, error) {
	// Waiting for another writer comes on top of what the attempt itself may take.
	ctx, cancel, job, err := a.begin(actx, ActivityUpdateTicket, noteLease+updatePolicy.attempt)
	if err != nil {
		return nil, err
	}
	defer cancel()
	return traced(ctx)(a.runUpdate(ctx, job))
}

func (a *Activities) runUpdate(ctx context.Context, job Job) (StepResult, error) {
	began := time.Now()
	stored, err := a.Ledger.Job(ctx, job.TenantID, job.JobID)
	if err != nil {
		return StepResult{}, err
	}
	if stored.Status == enhancement.StatusCompleted {
		return a.wasCompleted(ctx, job, stored), nil
	}
	if stored.RunCancelled(job.Run) {
		return a.settle(ctx, job, began)
	}
	steps, err := a.Ledger.Steps(ctx, job.TenantID, job.JobID)
	if err != nil {
		return StepResult{}, err
	}
	outage, err := a.gate(ctx, job)
	if err != nil {
		return StepResult{}, err
	}
	// What an earlier attempt has sent may still be on its way. What those of runs before FirstRun did is not on record.
	_, triedBefore := steps[enhancement.StepUpdateTicket]
	triedBefore = triedBefore || stored.FirstRun > 1
	// Asked before the server is, which may be dead: a note that is not posted does not wait for it. What decides is asked again later.
	mode, err := a.Ledger.NoteMode(ctx, job.TenantID)
	switch {
	case err != nil && !errors.Is(err, tenant.ErrNotFound): // of a tenant that is gone, putNote tells
		return StepResult{}, err
	case err == nil && mode != tenant.ModeLive:
		return a.withhold(ctx, job, stored.Event, steps, mode, outage, triedBefore, began)
	}
	if closed(outage) {
		return blocked(outage.Reason, outage), nil
	}
	done, err := a.putNote(ctx, job, stored, steps, began)
	if switched, ok := errors.AsType[*ledger.NotLiveError](err); ok {
		return a.withhold(ctx, job, stored.Event, steps, switched.Mode, outage, triedBefore, began)
	}
	if errors.Is(err, ledger.ErrCancelled) {
		return a.settle(ctx, job, began)
	}
	if err == nil {
		return a.enhanced(ctx, job, stored, outage, done, triedBefore), nil
	}
	failed := enhancement.StepRecord{
		Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeFailed,
		Detail: err.Error(), Duration: time.Since(began),
	}
	if recordErr := a.record(ctx, job, failed); recordErr != nil {
		return StepResult{}, errors.Join(err, recordErr)
	}
	if passing(job, err) {
		return a.failed(ctx, job, enhancement.StepUpdateTicket, err)
	}
	if job.Holds && errors.Is(err, ledger.ErrNoteBusy) { // the server is not to blame, nor is the job
		a.tried(ctx, job, outage, false)
		return blocked(err.Error(), outage), nil
	}
	if hopeless(err) {
		a.works(ctx, job)
		return StepResult{Outcome: failed.Outcome, Detail: failed.Detail}, nil
	}
	return StepResult{}, err
}

// wasCompleted ends a job that an earlier step has ended, because its note is not wanted. Or else an earlier attempt was cut off before it
// could report back, and what else it knew is lost.
func (a *Activities) wasCompleted(ctx context.Context, job Job, stored enhancement.Job) StepResult {
	a.runOver(ctx, job, booked(job, stored))
	a.ended(job)
	result := StepResult{Outcome: enhancement.OutcomeOK}
	if stored.Withheld == "" {
		result.TidyAfter = a.tidyAfter()
	}
	return result
}

// enhanced tells of a job that has ended with what is on its ticket.
func (a *Activities) enhanced(
	ctx context.Context, job Job, stored enhancement.Job, outage ledger.Outage, done servicedesk.NoteResult, triedBefore bool,
) StepResult {
	// Where writing fails, that reading works proves nothing, and for a superseded note nobody was asked.
	a.tried(ctx, job, outage, wrote(done.Action) || outage.Standing && outage.Step == enhancement.StepFetchTicket && done.Action != noteSuperseded)
	late := slow(stored, time.Now())
	a.runOver(ctx, job, ending{
		status: string(enhancement.StatusCompleted), slow: late, attrs: []attribute.KeyValue{tracing.KeyNoteAction.String(string(done.Action))},
	})
	a.ended(job)
	a.Metrics.Completed(ctx, job.TenantID, string(stored.Event), time.Since(stored.AskedAt))
	a.Metrics.Note(string(done.Action))
	a.Logger.InfoContext(ctx, "the ticket is enhanced", telemetry.KeyStatus, enhancement.StatusCompleted,
		telemetry.KeyTicket, stored.Ticket.ID, "note_id", done.NoteID, "note_action", done.Action,
		"waited_ms", time.Since(stored.AskedAt).Milliseconds(), "slow", late)
	result := StepResult{Outcome: enhancement.OutcomeOK}
	// A write that was verified may have been another writer's, and be committed after all.
	if triedBefore || done.Action == servicedesk.NoteVerified {
		result.TidyAfter = a.tidyAfter()
	}
	return result
}

// wrote says that the server has taken a write.
func wrote(action servicedesk.NoteAction) bool {
	return action == servicedesk.NoteCreated || action == servicedesk.NoteEdited || action == servicedesk.NoteVerified
}

// hopeless says that another attempt would end the same way.
func hopeless(err error) bool {
	_, answered := errors.AsType[*servicedesk.Error](err)
	return errors.Is(err, tenant.ErrNotFound) || (answered && !servicedesk.Retryable(err))
}

type stepRecords = map[enhancement.Step]enhancement.StepRecord

func (a *Activities) putNote(
	ctx context.Context, job Job, stored enhancement.Job, steps stepRecords, began time.Time,
) (servicedesk.NoteResult, error) {
	desk, format, err := a.Desks.Desk(ctx, job.TenantID)
	if err != nil {
		return servicedesk.NoteResult{}, err
	}
	note, err := draft(job, steps)
	if err != nil {
		return servicedesk.NoteResult{}, err
	}
	holder := uuid.NewString()
	held, err := a.holdNote(ctx, job, stored.Ticket.ID, holder)
	if err != nil {
		return servicedesk.NoteResult{}, err
	}
	if held.Mode != tenant.ModeLive {
		a.release(ctx, job, stored.Ticket.ID, holder)
		return servicedesk.NoteResult{}, &ledger.NotLiveError{Mode: held.Mode}
	}
	write, content := edition(note, held, steps[enhancement.StepSynthesize].FinishedAt, synthesis.Format(format))
	write.TicketID, write.Marker = stored.Ticket.ID, enhancement.NoteReference(job.TenantID, stored.Ticket.ID)
	write.Intend = func(ctx context.Context, digests ...string) error {
		return a.Ledger.IntendNote(ctx, ledger.Writer{
			TenantID: job.TenantID, TicketID: stored.Ticket.ID, Holder: holder, JobID: job.JobID, Run: job.Run,
		}, digests...)
	}
	looking := unsettled(job, stored)
	if looking { // a note of before that says the same is not the one that was sent
		write.SayingTheSame = ""
	}
	done, err := a.write(ctx, desk, write, held, stored)
	if err == nil && looking {
		done, err = ofCancelled(done)
	}
	if err != nil {
		// Where the server may still be working on the write, the lease runs out by itself, so that the next
		// writer looks when there is something to see.
		if !servicedesk.Uncertain(err) {
			a.release(ctx, job, stored.Ticket.ID, holder)
		}
		return servicedesk.NoteResult{}, err
	}
	var written *ledger.WrittenNote
	if done.Action != noteSuperseded && !done.Action.Kept() {
		written = &ledger.WrittenNote{Run: stored.Run, Stored: done.Digest, Content: content, Sent: servicedesk.TextDigest(write.Body)}
	}
	err = a.complete(ctx, job, stored, steps, done, written, holder, time.Since(began))
	if errors.Is(err, ledger.ErrCancelled) { // and with it the end of the lease was not booked
		a.release(ctx, job, stored.Ticket.ID, holder)
	}
	return done, err
}

// noteSuperseded is the action of a job that found the note of a later one.
const noteSuperseded servicedesk.NoteAction = enhancement.NoteSuperseded

// write puts the note on the ticket, unless what stands there was written for a later event.
func (*Activities) write(
	ctx context.Context, desk Desk, w servicedesk.NoteWrite, held ledger.HeldNote, stored enhancement.Job,
) (servicedesk.NoteResult, error) {
	if held.WrittenFor.After(stored.ReceivedAt) {
		return servicedesk.NoteResult{NoteID: held.ID, Action: noteSuperseded}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, updatePolicy.attempt)
	defer cancel()
	done, err := desk.PutNote(ctx, w)
	if err != nil {
		return servicedesk.NoteResult{}, fmt.Errorf("put the note on ticket %s: %w", w.TicketID, err)
	}
	return done, nil
}

// complete brings the books into line with the note that stands, even if the attempt's time is up.
func (a *Activities) complete(
	ctx context.Context, job Job, stored enhancement.Job, steps stepRecords, done servicedesk.NoteResult,
	written *ledger.WrittenNote, holder string, took time.Duration,
) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookingTimeout)
	defer cancel()
	a.Metrics.Step(ctx, ActivityUpdateTicket, string(enhancement.OutcomeOK), took)
	err := a.Ledger.Complete(ctx, ledger.Completion{
		TenantID: stored.TenantID, JobID: stored.ID, TicketID: stored.Ticket.ID, NoteID: done.NoteID,
		ReceivedAt: stored.ReceivedAt, Degraded: degraded(steps),
		Step: enhancement.StepRecord{
			Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK,
			Detail: told(done.Action), Duration: took,
		},
		Run: job.Run, Sent: wrote(done.Action), Written: written,
	}, holder)
	if err != nil {
		return fmt.Errorf("the note stands, but could not be booked: %w", err)
	}
	return nil
}

// told is what the record of the step says of the action: one that a technician may wonder about, in words.
func told(action servicedesk.NoteAction) string {
	reason := map[servicedesk.NoteAction]string{
		noteSuperseded:              "the note of a later event stands",
		servicedesk.NoteKeptEdited:  "somebody has changed the note, so it is left as it is",
		servicedesk.NoteKeptDeleted: "somebody has deleted the note, so it is not written again",
		servicedesk.NoteKeptUnread:  "the server does not tell what the note says, so it is left as it is",
		noteWithheldShadow:          "the tenant is in shadow mode, so the note is kept here and not posted",
		noteWithheldOff:             "the tenant's notes are switched off, so none is posted",
	}[action]
	if reason == "" {
		return string(action)
	}
	return string(action) + ": " + reason
}

// draft is the note that the synthesis left in the ledger.
func draft(job Job, steps stepRecords) (synthesis.Note, error) {
	var note synthesis.Note
	if err := json.Unmarshal(steps[enhancement.StepSynthesize].Result, &note); err != nil {
		return synthesis.Note{}, fmt.Errorf("decode the note of job %s: %w", job.JobID, err)
	}
	return note, nil
}

// edition is what to write in place of the note that stands: the note, with what has changed marked as of when it was
// synthesized, which is the same for every attempt. content is the digest of what the note says, without marks and without
// what it says of its own job; where the one that stands says the same, these alone are no reason to edit it.
func edition(note synthesis.Note, held ledger.HeldNote, at time.Time, format synthesis.Format) (w servicedesk.NoteWrite, content string) {
	content = servicedesk.ReadingDigest(synthesis.Render(note.Said(), format))
	w = servicedesk.NoteWrite{KnownNoteID: held.ID, Ours: held.Digests()}
	if content == held.Content {
		w.SayingTheSame = held.Stored
	}
	var before synthesis.Note
	// One that another release wrote in a way that cannot be read any more is as good as none.
	if len(held.Before) > 0 && json.Unmarshal(held.Before, &before) == nil {
		// What one of an earlier release told in a source's title may be what none tells any more.
		note = synthesis.Changes(before.Veiled(masking.New(nil, nil)), note).Marked(note, at, synthesis.DefaultMaxWords)
	}
	w.Body = synthesis.Render(note, format)
	return w, content
}

// degraded names the steps that the note had to do without, or with less.
func degraded(steps stepRecords) []string {
	var names []string
	for _, step := range []enhancement.Step{
		enhancement.StepTicketSearch, enhancement.StepDocSearch, enhancement.StepIPSearch, enhancement.StepSynthesize,
	} {
		if record, ok := steps[step]; !ok || record.Outcome != enhancement.OutcomeOK {
			names = append(names, string(step))
		}
	}
	return names
}

// holdNote waits for the right to write the ticket's note, as long as another's lease can last.
func (a *Activities) holdNote(ctx context.Context, job Job, ticketID, holder string) (ledger.HeldNote, error) {
	waiting, cancel := context.WithTimeout(ctx, noteLease)
	defer cancel()
	retry := time.NewTicker(notePoll)
	defer retry.Stop()
	for {
		held, err := a.Ledger.HoldNote(ctx, job.TenantID, ticketID, holder, a.pause(noteLease))
		if !errors.Is(err, ledger.ErrNoteBusy) {
			return held, err
		}
		select {
		case <-waiting.Done():
			return ledger.HeldNote{}, err
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
