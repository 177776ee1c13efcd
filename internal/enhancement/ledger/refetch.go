package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// yetToFetch finds the job that will see what the event of job is about: the ticket's newest, when it fetches the ticket
// and has not begun. An older one would not do, since its note gives way to the newest one's. Should it begin at this
// moment, it still fetches after the event happened. Zero when there is none.
func yetToFetch(ctx context.Context, tx postgres.Tx, job enhancement.Job) (Accepted, error) {
	const query = `
		SELECT job_id::text, status, coalesce(trace_parent, '') FROM (
			SELECT job_id, status, refetch, started_at, trace_parent FROM enhancement_history
			WHERE tenant_id = $1 AND ticket_id = $2 ORDER BY received_at DESC, job_id DESC LIMIT 1) newest
		WHERE status = 'pending' AND refetch AND started_at IS NULL`
	var a Accepted
	err := tx.QueryRow(ctx, query, job.TenantID, job.Ticket.ID).Scan(&a.JobID, &a.Status, &a.TraceParent)
	if errors.Is(err, pgx.ErrNoRows) {
		return Accepted{}, nil
	}
	if err != nil {
		return Accepted{}, fmt.Errorf("look for a job that has not begun: %w", err)
	}
	return a, nil
}

// givesWayTo is for how long a job that runs counts as doing the work: longer than any job takes, and not for good, for its
// workflow may be lost.
const givesWayTo = 5 * time.Minute

// Fetched gives a running job the texts of its ticket, and ends it when they are those of the ticket's job before it, if
// that one is done or doing: whatever was said to have happened changed nothing, or somebody only claimed it. It
// reports whether the job has ended so. A job ended without a note of its own says nothing about the ticket and is
// passed over, unless it was withheld in the mode that the tenant is in now. What an earlier run's steps have made of other texts goes. ErrNotFound: the run is over. One that
// waits runs all the same: the start of its workflow got no answer.
func (l *Ledger) Fetched(ctx context.Context, tenantID, jobID string, run int, t ticket.Ticket) (unchanged bool, err error) {
	const (
		outdate = `
			DELETE FROM enhancement_steps s USING enhancement_history h
			WHERE s.tenant_id = $1 AND s.job_id = $2 AND s.step NOT IN ('fetch_ticket', 'update_ticket')
			  AND h.tenant_id = $1 AND h.job_id = $2 AND h.run = $3 AND h.status IN ('pending', 'running')
			  AND (h.subject, h.description, h.priority) IS DISTINCT FROM ($4, $5, $6)`
		store = `
			UPDATE enhancement_history
			SET subject = $4, description = $5, priority = $6, people = coalesce($7::text[], '{}'), status = 'running', started_at = coalesce(started_at, now())
			WHERE tenant_id = $1 AND job_id = $2 AND run = $3 AND status IN ('pending', 'running')`
		end = `
			UPDATE enhancement_history job
			SET status = 'completed', note_id = before.note_id, degraded = before.degraded, finished_at = now(),
				withheld = CASE before.status WHEN 'completed' THEN before.withheld ELSE '' END
			FROM enhancement_history before
			WHERE job.tenant_id = $1 AND job.job_id = $2 AND before.tenant_id = $1
			  AND before.job_id = (
				SELECT older.job_id FROM enhancement_history older
				WHERE older.tenant_id = $1 AND older.ticket_id = job.ticket_id
				  AND (older.received_at, older.job_id) < (job.received_at, job.job_id)
				  AND NOT (older.status = 'completed' AND older.note_id = '' AND older.withheld <> $4)
				ORDER BY older.received_at DESC, older.job_id DESC LIMIT 1)
			  AND (before.status = 'completed' OR before.status = 'running' AND before.started_at > now() - $3::interval)
			  AND (before.subject, before.description, before.priority) = (job.subject, job.description, job.priority)`
	)
	err = l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		if _, err := tx.Exec(ctx, outdate, tenantID, jobID, run, t.Subject, t.Description, t.Priority); err != nil {
			return fmt.Errorf("forget what is out of date: %w", err)
		}
		stored, err := tx.Exec(ctx, store, tenantID, jobID, run, t.Subject, t.Description, t.Priority, t.People)
		if err != nil {
			return fmt.Errorf("store the ticket: %w", err)
		}
		if stored.RowsAffected() == 0 {
			return pgx.ErrNoRows
		}
		mode, err := noteMode(ctx, tx, tenantID)
		if err != nil {
			return err
		}
		ended, err := tx.Exec(ctx, end, tenantID, jobID, givesWayTo, mode)
		unchanged = ended.RowsAffected() > 0
		return err
	})
	if err != nil {
		return false, explain(err, "store the fetched ticket of", jobID)
	}
	return unchanged, nil
}
