// Package ledger owns the tables of enhancement_history: which jobs were accepted, how far each came
// and what its steps produced. Every call is one transaction of one tenant.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Ledger keeps the account of jobs.
type Ledger struct {
	db *postgres.DB
}

// New makes a Ledger.
func New(db *postgres.DB) *Ledger { return &Ledger{db: db} }

// Accept commits job as pending unless it is there already. It returns the status on record and
// whether this call made the row.
func (l *Ledger) Accept(ctx context.Context, job enhancement.Job) (enhancement.Status, bool, error) {
	// DO NOTHING returns no row for a known job, so the second half of the union reads it; the two
	// exclude each other because both see the snapshot from before the insert.
	const query = `
		WITH inserted AS (
			INSERT INTO enhancement_history
				(tenant_id, job_id, ticket_id, event, subject, description, priority, correlation_id)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (tenant_id, job_id) DO NOTHING
			RETURNING status)
		SELECT status, true FROM inserted
		UNION ALL
		SELECT status, false FROM enhancement_history WHERE tenant_id = $1 AND job_id = $2`
	var (
		status   enhancement.Status
		inserted bool
	)
	accept := func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, query, job.TenantID, job.ID, job.Ticket.ID, job.Event, job.Ticket.Subject,
			job.Ticket.Description, job.Ticket.Priority, job.CorrelationID).Scan(&status, &inserted)
	}
	err := l.db.InTenant(ctx, job.TenantID, accept)
	if errors.Is(err, pgx.ErrNoRows) {
		// A concurrent delivery committed its row after this statement's snapshot: a new one sees it.
		err = l.db.InTenant(ctx, job.TenantID, accept)
	}
	if err != nil {
		return "", false, fmt.Errorf("accept job %s: %w", job.ID, err)
	}
	return status, inserted, nil
}

// Confirm notes that a repeated delivery of a pending job was published and is about to be
// answered 202, which Withdraw then respects. ErrNotFound: the row was withdrawn in the meantime.
func (l *Ledger) Confirm(ctx context.Context, tenantID, jobID string) error {
	const query = `UPDATE enhancement_history SET confirmed = true WHERE tenant_id = $1 AND job_id = $2`
	return l.changeOne(ctx, "confirm", tenantID, jobID, query)
}

// Withdraw takes back a pending job whose publish failed, so that nothing is left that would swallow
// the sender's retry. It reports false, and the job stays, when it turns out that the job was
// published after all (it is claimed) or was confirmed to another sender.
func (l *Ledger) Withdraw(ctx context.Context, tenantID, jobID string) (bool, error) {
	const query = `DELETE FROM enhancement_history
		WHERE tenant_id = $1 AND job_id = $2 AND status = 'pending' AND NOT confirmed`
	err := l.changeOne(ctx, "withdraw", tenantID, jobID, query)
	if errors.Is(err, enhancement.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Claim moves a pending job to running, which is the receiver's right to start its workflow, and
// returns the status that results; a job that was claimed before stays as it is.
// ErrNotFound: the job was never accepted, or was withdrawn.
func (l *Ledger) Claim(ctx context.Context, tenantID, jobID string) (enhancement.Status, error) {
	const query = `
		UPDATE enhancement_history
		SET status = CASE status WHEN 'pending' THEN 'running' ELSE status END,
		    started_at = coalesce(started_at, now())
		WHERE tenant_id = $1 AND job_id = $2
		RETURNING status`
	var status enhancement.Status
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, query, tenantID, jobID).Scan(&status)
	})
	if err != nil {
		return "", explain(err, "claim", jobID)
	}
	return status, nil
}

// Fail ends a job that is not ended yet. A job that was completed stays completed: its note stands.
func (l *Ledger) Fail(ctx context.Context, tenantID, jobID, reason string) error {
	if reason == "" {
		reason = "no reason given"
	}
	const query = `
		UPDATE enhancement_history
		SET status = 'failed', failure_reason = $3, finished_at = now()
		WHERE tenant_id = $1 AND job_id = $2 AND status IN ('pending', 'running')`
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, query, tenantID, jobID, reason)
		return err
	})
	if err != nil {
		return explain(err, "fail", jobID)
	}
	return nil
}

// Job loads a job; ErrNotFound when the tenant has none of this id.
func (l *Ledger) Job(ctx context.Context, tenantID, jobID string) (enhancement.Job, error) {
	const query = `
		SELECT job_id::text, tenant_id, event, ticket_id, subject, description, priority, correlation_id, status,
		       failure_reason, note_id, degraded, received_at, started_at, finished_at
		FROM enhancement_history WHERE tenant_id = $1 AND job_id = $2`
	var (
		j                 enhancement.Job
		started, finished *time.Time
	)
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, query, tenantID, jobID).Scan(&j.ID, &j.TenantID, &j.Event, &j.Ticket.ID,
			&j.Ticket.Subject, &j.Ticket.Description, &j.Ticket.Priority, &j.CorrelationID, &j.Status,
			&j.FailureReason, &j.NoteID, &j.Degraded, &j.ReceivedAt, &started, &finished)
	})
	if err != nil {
		return enhancement.Job{}, explain(err, "load", jobID)
	}
	if started != nil {
		j.StartedAt = *started
	}
	if finished != nil {
		j.FinishedAt = *finished
	}
	return j, nil
}

func (l *Ledger) changeOne(ctx context.Context, verb, tenantID, jobID, query string) error {
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		tag, err := tx.Exec(ctx, query, tenantID, jobID)
		if err == nil && tag.RowsAffected() == 0 {
			err = pgx.ErrNoRows
		}
		return err
	})
	if err != nil {
		return explain(err, verb, jobID)
	}
	return nil
}

func explain(err error, verb, jobID string) error {
	// What is no UUID is no job's id either.
	malformed, ok := errors.AsType[*pgconn.PgError](err)
	if errors.Is(err, pgx.ErrNoRows) || (ok && malformed.Code == pgerrcode.InvalidTextRepresentation) {
		err = enhancement.ErrNotFound
	}
	return fmt.Errorf("%s job %s: %w", verb, jobID, err)
}
