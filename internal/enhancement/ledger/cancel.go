package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// CancelledReason is how the reasons of cancelled jobs begin.
const CancelledReason = "cancelled by an operator: "

var (
	// ErrEnded says that a job is not to be cancelled, because it has ended.
	ErrEnded = errors.New("the job has ended")
	// ErrOtherRun says that a job is in another run than it was when somebody looked.
	ErrOtherRun = errors.New("the job is in another run")
	// ErrCancelled says that a run must not go on: an operator has cancelled it, or has had the job begun anew.
	ErrCancelled = errors.New("the job was cancelled")
)

// Cancellation is what became of a job that was to be cancelled.
type Cancellation struct {
	Job enhancement.Job
	// Before says that it was cancelled before, and nothing was changed.
	Before bool
	// Announced says that the run, or one before it was held, had begun to write its note: what was sent by then may arrive, and ends the
	// job as completed.
	// Nothing is sent again.
	Announced bool
}

// Cancel ends a run of a job, wherever it stands: it fails, for CancelledReason and why. No step of the run begins any more, and none
// announces a write of its note (IntendNote): both are in one order, by the lock of the job's row. then is of the same transaction, and
// left out when the run was cancelled before. enhancement.ErrNotFound, ErrEnded, or ErrOtherRun.
func (l *Ledger) Cancel(ctx context.Context, tenantID, jobID string, run int, why string,
	then func(ctx context.Context, tx postgres.Tx, c Cancellation) error,
) (Cancellation, error) {
	const (
		look = `
			SELECT ` + jobColumns + ` FROM enhancement_history
			WHERE tenant_id = $1 AND job_id = $2 FOR UPDATE`
		end = `
			UPDATE enhancement_history
			SET status = 'failed', failure_reason = $3, finished_at = now(), held_for = '', cancelled_run = run
			WHERE tenant_id = $1 AND job_id = $2 RETURNING ` + jobColumns
	)
	var c Cancellation
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) (err error) {
		if c.Job, err = scanJob(tx.QueryRow(ctx, look, tenantID, jobID)); err != nil {
			return err
		}
		c.Announced = c.Job.NoteMayFollow()
		switch {
		case c.Job.Run != run:
			return fmt.Errorf("%w: it is run %d", ErrOtherRun, c.Job.Run)
		case c.Job.Cancelled():
			c.Before = true
			return nil
		case c.Job.Status.Terminal():
			return fmt.Errorf("%w: it is %s", ErrEnded, c.Job.Status)
		}
		if c.Job, err = scanJob(tx.QueryRow(ctx, end, tenantID, jobID, told(CancelledReason+why))); err != nil {
			return err
		}
		return then(ctx, tx, c)
	})
	if err != nil {
		return Cancellation{}, explain(err, "cancel", jobID)
	}
	return c, nil
}

// announce notes that a run of a job is about to write its note. ErrCancelled when it must not.
func announce(ctx context.Context, tx postgres.Tx, tenantID, jobID string, run int) error {
	const query = `
		UPDATE enhancement_history SET announced_run = greatest(announced_run, $3)
		WHERE tenant_id = $1 AND job_id = $2 AND run = $3 AND cancelled_run < $3`
	tag, err := tx.Exec(ctx, query, tenantID, jobID, run)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrCancelled
	}
	return err
}

// Rerun begins a completed job anew, with the text that it has, or with that of its ticket; then is of the same transaction. It keeps its
// place among the ticket's jobs, and edits the note that stands. ErrOtherRun when it was begun anew since somebody looked, so that nothing
// is done twice; ErrNotCompleted; ErrLaterJob when the ticket has one, whose note this one's would give way to. enhancement.ErrNotFound.
func (l *Ledger) Rerun(ctx context.Context, tenantID, jobID string, run int, refetch bool,
	then func(ctx context.Context, tx postgres.Tx, job enhancement.Job) error,
) (enhancement.Job, error) {
	const (
		look = `
			SELECT ` + jobColumns + `, EXISTS (
				SELECT FROM enhancement_history later
				WHERE later.tenant_id = h.tenant_id AND later.ticket_id = h.ticket_id AND later.job_id <> h.job_id
				  AND (later.received_at, later.job_id) > (h.received_at, h.job_id))
			FROM enhancement_history h WHERE tenant_id = $1 AND job_id = $2 FOR UPDATE`
		forget = `DELETE FROM enhancement_steps WHERE tenant_id = $1 AND job_id = $2`
		begin  = `
			UPDATE enhancement_history SET ` + begunAnew + `, refetch = refetch OR $3
			WHERE tenant_id = $1 AND job_id = $2 RETURNING ` + jobColumns
	)
	var job enhancement.Job
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) (err error) {
		later := false
		job, err = scanJob(tx.QueryRow(ctx, look, tenantID, jobID), &later)
		switch {
		case err != nil:
			return err
		case job.Run != run:
			return fmt.Errorf("%w: it is run %d", ErrOtherRun, job.Run)
		case job.Status != enhancement.StatusCompleted:
			return fmt.Errorf("%w: it is %s", ErrNotCompleted, job.Status)
		case later:
			return ErrLaterJob
		}
		if _, err := tx.Exec(ctx, forget, tenantID, jobID); err != nil {
			return fmt.Errorf("forget the steps: %w", err)
		}
		if job, err = scanJob(tx.QueryRow(ctx, begin, tenantID, jobID, refetch)); err != nil {
			return err
		}
		return then(ctx, tx, job)
	})
	if err != nil {
		return enhancement.Job{}, explain(err, "run again", jobID)
	}
	return job, nil
}

var (
	// ErrNotCompleted says that a job is not to be run again, because it has not been completed.
	ErrNotCompleted = errors.New("the job has not been completed")
	// ErrLaterJob says that the ticket has a later job.
	ErrLaterJob = errors.New("the ticket has a later job")
)
