package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// NotLiveError says that a note must not be posted, because of the mode that its tenant is in.
type NotLiveError struct{ Mode tenant.Mode }

func (e *NotLiveError) Error() string {
	return fmt.Sprintf("the tenant's notes are not posted: its mode is %q", e.Mode)
}

// NoteMode is the mode that the tenant is in, as the database has it at this moment; tenant.ErrNotFound when there is none. A copy of the
// tenant may be minutes old, and whoever switches a tenant is told that it is done.
func (l *Ledger) NoteMode(ctx context.Context, tenantID string) (tenant.Mode, error) {
	var mode tenant.Mode
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) (err error) {
		mode, err = noteMode(ctx, tx, tenantID)
		return err
	})
	return mode, err
}

func noteMode(ctx context.Context, tx postgres.Tx, tenantID string) (tenant.Mode, error) {
	const query = `SELECT coalesce(enhancement_prefs->>'mode', '') FROM tenant_configs WHERE tenant_id = $1`
	var mode tenant.Mode
	err := tx.QueryRow(ctx, query, tenantID).Scan(&mode)
	if errors.Is(err, pgx.ErrNoRows) {
		err = tenant.ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("read the mode of tenant %s: %w", tenantID, err)
	}
	return mode.Effective(), nil
}

// Withholding is how a job ends whose note is not posted.
type Withholding struct {
	TenantID string
	JobID    string
	Run      int
	Mode     tenant.Mode
	Degraded []string // what the note had to do without; may be empty
	Step     enhancement.StepRecord
}

// Withhold ends a run of a job without its note. What is known of the ticket's note stays as it is: this job's never stood there. It
// reports whether it was this call that ended the run.
func (l *Ledger) Withhold(ctx context.Context, w Withholding) (bool, error) {
	ended := false
	err := l.db.InTenant(ctx, w.TenantID, func(tx postgres.Tx) (err error) {
		ended, err = withhold(ctx, tx, w)
		return err
	})
	if err != nil {
		return false, explain(err, "withhold the note of", w.JobID)
	}
	return ended, nil
}

func withhold(ctx context.Context, tx postgres.Tx, w Withholding) (bool, error) {
	const query = `
		UPDATE enhancement_history
		SET status = 'completed', withheld = $4, note_id = '', degraded = $5, failure_reason = '', finished_at = now(), held_for = ''
		WHERE tenant_id = $1 AND job_id = $2 AND run = $3 AND status IN ('pending', 'running')`
	if w.Degraded == nil {
		w.Degraded = []string{}
	}
	tag, err := tx.Exec(ctx, query, w.TenantID, w.JobID, w.Run, w.Mode, w.Degraded)
	if err != nil || tag.RowsAffected() == 0 {
		return false, err
	}
	w.Step.Run = w.Run
	return true, storeStep(ctx, tx, w.TenantID, w.JobID, w.Step)
}

// Unwanted says what a run of a job has left to do.
type Unwanted struct {
	// Ended says that it has nothing left to do: the job has ended, or this run of it was cancelled.
	Ended bool
	// Now says that it was this call that ended it.
	Now bool
	// Event is what happened to the ticket.
	Event enhancement.Event
}

// EndUnwanted ends a run of a job whose tenant wants no notes (tenant.ModeOff), with step as its last, and says whether there is anything left to
// do for it. A job that was begun ends here for good: what a switch back finds half done would be a note without its sources.
func (l *Ledger) EndUnwanted(ctx context.Context, tenantID, jobID string, run int, step enhancement.StepRecord) (Unwanted, error) {
	const query = `
		SELECT status = 'completed' OR cancelled_run >= $3, coalesce((SELECT enhancement_prefs->>'mode' FROM tenant_configs WHERE tenant_id = $1), ''), event
		FROM enhancement_history WHERE tenant_id = $1 AND job_id = $2`
	var u Unwanted
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		var mode tenant.Mode
		if err := tx.QueryRow(ctx, query, tenantID, jobID, run).Scan(&u.Ended, &mode, &u.Event); err != nil || u.Ended || mode.Effective() != tenant.ModeOff {
			return err
		}
		var err error
		u.Now, err = withhold(ctx, tx, Withholding{TenantID: tenantID, JobID: jobID, Run: run, Mode: tenant.ModeOff, Step: step})
		// Not by this call: another step of the run was quicker, or another run has begun, which is none of this one's business.
		u.Ended = true
		return err
	})
	if err != nil {
		return Unwanted{}, explain(err, "look whether anybody wants", jobID)
	}
	return u, nil
}
