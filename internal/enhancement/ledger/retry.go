package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// ErrNotFailed says that a job is not to be begun anew, because it has not failed.
var ErrNotFailed = errors.New("the job has not failed")

// begunAnew is what becomes of a failed job with its next run. What an earlier run found may be out of date, so its steps go, too.
const begunAnew = `status = 'pending', run = run + 1, first_run = run + 1, confirmed = true, queued_at = now(),
	started_at = NULL, finished_at = NULL, failure_reason = '', degraded = '{}', trouble = '', trouble_at = NULL,
	held_for = '', held_since = NULL, blamed = 0, sweeps = 0, sweep_at = NULL, withheld = ''`

// Retry begins a failed job anew, with the text that it has, and does then in the same transaction. It waits for its turn from
// then on, whether or not a message tells so. It keeps its place among the ticket's jobs: its note gives way to one that was
// written for a later event. enhancement.ErrNotFound, or ErrNotFailed.
func (l *Ledger) Retry(ctx context.Context, tenantID, jobID string, then func(ctx context.Context, tx postgres.Tx, job enhancement.Job) error) (enhancement.Job, error) {
	const (
		begin = `UPDATE enhancement_history SET ` + begunAnew + `
			WHERE tenant_id = $1 AND job_id = $2 AND status = 'failed' RETURNING ` + jobColumns
		forget = `DELETE FROM enhancement_steps WHERE tenant_id = $1 AND job_id = $2`
		look   = `SELECT status FROM enhancement_history WHERE tenant_id = $1 AND job_id = $2`
	)
	var job enhancement.Job
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) (err error) {
		job, err = scanJob(tx.QueryRow(ctx, begin, tenantID, jobID))
		if errors.Is(err, pgx.ErrNoRows) {
			var status enhancement.Status
			if err := tx.QueryRow(ctx, look, tenantID, jobID).Scan(&status); err != nil {
				return err
			}
			return fmt.Errorf("%w: it is %s", ErrNotFailed, status)
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, forget, tenantID, jobID); err != nil {
			return fmt.Errorf("forget the steps: %w", err)
		}
		return then(ctx, tx, job)
	})
	if err != nil {
		return enhancement.Job{}, explain(err, "begin anew", jobID)
	}
	return job, nil
}
