// Package ledger owns the tables of enhancement_history: which jobs were accepted, how far each came
// and what its steps produced. Every call is one transaction of one tenant.
package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Ledger keeps the account of jobs.
type Ledger struct {
	db *postgres.DB
	// enhancer is whose jobs are begun and looked at by way of it; see Of.
	enhancer string
}

// New makes a Ledger. As far as jobs are begun by way of it, or runs are looked at, it is that of the enhancer that tenants share.
func New(db *postgres.DB) *Ledger { return &Ledger{db: db} }

// Of is the same ledger as the enhancer of that name has it: it begins the jobs of the tenants that are assigned to it, and looks at
// the runs that it has begun.
func (l *Ledger) Of(enhancer string) *Ledger { return &Ledger{db: l.db, enhancer: enhancer} }

// acceptQuery inserts the job, or opens it again, or reads its status. A known job is opened again when it
// failed, and when it is an update to which the ticket has returned after another one. What an earlier run found
// may be out of date, so it goes; what it cost stays.
const acceptQuery = `
	WITH fresh AS (
		INSERT INTO enhancement_history AS h
			(tenant_id, job_id, ticket_id, event, subject, description, priority, correlation_id, refetch, people, trace_parent)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce($10::text[], '{}'), nullif($11, ''))
		ON CONFLICT (tenant_id, job_id) DO UPDATE SET
			status = 'pending', run = h.run + 1, confirmed = false, failure_reason = '', degraded = '{}', trouble = '', trouble_at = NULL,
			received_at = now(), started_at = NULL, finished_at = NULL, queued_at = NULL, correlation_id = excluded.correlation_id,
			subject = excluded.subject, description = excluded.description, priority = excluded.priority,
			people = excluded.people, refetch = excluded.refetch, sweeps = 0, sweep_at = NULL,
			held_for = '', held_since = NULL, blamed = 0, first_run = h.run + 1, withheld = '', trace_parent = excluded.trace_parent
		WHERE h.status = 'failed'
		   OR (h.status = 'completed' AND h.event = 'updated' AND EXISTS (
				SELECT FROM enhancement_history later
				WHERE later.tenant_id = h.tenant_id AND later.ticket_id = h.ticket_id AND later.received_at > h.received_at))
		RETURNING tenant_id, job_id, status),
	outdated AS (
		DELETE FROM enhancement_steps s USING fresh f WHERE s.tenant_id = f.tenant_id AND s.job_id = f.job_id)
	SELECT status, true, '' FROM fresh
	UNION ALL
	SELECT status, false, coalesce(trace_parent, '') FROM enhancement_history
	WHERE tenant_id = $1 AND job_id = $2 AND NOT EXISTS (SELECT FROM fresh)`

// Also is what belongs into the transaction of a change to the ledger. Its error undoes both.
type Also func(ctx context.Context, tx postgres.Tx) error

// Accepted is what became of a job that was to be accepted.
type Accepted struct {
	JobID  string             // the job's own, or of the one that does its work
	Status enhancement.Status // on record
	Fresh  bool               // this call made it pending
	// TraceParent is where the job is traced when this call did not make it pending; empty where it is not.
	TraceParent string
}

// Then is what belongs into the transaction of an acceptance, whatever it came to. Its error undoes it.
type Then func(ctx context.Context, tx postgres.Tx, a Accepted) error

// Accept commits job as pending unless it is under way or done already. An update whose text has to be fetched is done
// by the ticket's newest job when that has yet to fetch it, too: the result would be the same.
func (l *Ledger) Accept(ctx context.Context, job enhancement.Job) (Accepted, error) {
	return l.AcceptAnd(ctx, job, func(context.Context, postgres.Tx, Accepted) error { return nil })
}

// AcceptAnd is Accept that then does what belongs to it. If the job was made pending, its rows are locked by then, and
// then must not lock those of another job.
func (l *Ledger) AcceptAnd(ctx context.Context, job enhancement.Job, then Then) (Accepted, error) {
	var a Accepted
	accept := func(tx postgres.Tx) error {
		var err error
		if a, err = enter(ctx, tx, job); err != nil {
			return err
		}
		return then(ctx, tx, a)
	}
	err := l.db.InTenant(ctx, job.TenantID, accept)
	if errors.Is(err, pgx.ErrNoRows) {
		// A concurrent delivery committed its row after this statement's snapshot: a new one sees it.
		err = l.db.InTenant(ctx, job.TenantID, accept)
	}
	if err != nil {
		return Accepted{}, fmt.Errorf("accept job %s: %w", job.ID, err)
	}
	return a, nil
}

// enter makes job pending, or finds out what has become of it. pgx.ErrNoRows: a concurrent delivery has just entered it.
func enter(ctx context.Context, tx postgres.Tx, job enhancement.Job) (Accepted, error) {
	if job.Refetch && job.Event == enhancement.EventUpdated {
		if waiting, err := yetToFetch(ctx, tx, job); err != nil || waiting.JobID != "" {
			return waiting, err
		}
	}
	a := Accepted{JobID: job.ID}
	err := tx.QueryRow(ctx, acceptQuery, job.TenantID, job.ID, job.Ticket.ID, job.Event, job.Ticket.Subject,
		job.Ticket.Description, job.Ticket.Priority, job.CorrelationID, job.Refetch, job.Ticket.People, job.TraceParent).
		Scan(&a.Status, &a.Fresh, &a.TraceParent)
	return a, err
}

func nothingElse(context.Context, postgres.Tx) error { return nil }

// Known says whether the ledger has a row of the job, whatever its status. It writes and locks nothing.
func (l *Ledger) Known(ctx context.Context, tenantID, jobID string) (bool, error) {
	const query = `SELECT EXISTS (SELECT FROM enhancement_history WHERE tenant_id = $1 AND job_id = $2)`
	known := false
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, query, tenantID, jobID).Scan(&known)
	})
	if err != nil {
		return false, explain(err, "look for", jobID)
	}
	return known, nil
}

// Confirm notes that a repeated delivery of a pending job was published and is about to be
// answered 202, which Withdraw then respects. ErrNotFound: the job was withdrawn in the meantime, or has failed.
func (l *Ledger) Confirm(ctx context.Context, tenantID, jobID string) error {
	const query = `UPDATE enhancement_history SET confirmed = true WHERE tenant_id = $1 AND job_id = $2 AND status <> 'failed'`
	return l.changeOne(ctx, "confirm", tenantID, jobID, query)
}

// Withdraw takes back a pending job whose publish failed, so that nothing is left that would swallow
// the sender's retry. It reports false, and the job stays, when it turns out that the job was
// published after all (it is queued) or was confirmed to another sender.
func (l *Ledger) Withdraw(ctx context.Context, tenantID, jobID string) (bool, error) {
	return l.WithdrawAnd(ctx, tenantID, jobID, nothingElse)
}

// WithdrawAnd is Withdraw that does also when, and only when, it takes the job back.
func (l *Ledger) WithdrawAnd(ctx context.Context, tenantID, jobID string, also Also) (bool, error) {
	// A job that ran before has an account to keep: it is failed, which does not swallow a retry either.
	const query = `
		WITH deleted AS (
			DELETE FROM enhancement_history
			WHERE tenant_id = $1 AND job_id = $2 AND status = 'pending' AND queued_at IS NULL AND NOT confirmed AND run = 1
			RETURNING 1),
		failed AS (
			UPDATE enhancement_history
			SET status = 'failed', failure_reason = 'the queue was unavailable when it was to run again', finished_at = now()
			WHERE tenant_id = $1 AND job_id = $2 AND status = 'pending' AND queued_at IS NULL AND NOT confirmed AND run > 1
			RETURNING 1)
		SELECT FROM deleted UNION ALL SELECT FROM failed`
	err := l.changeOneAnd(ctx, "withdraw", tenantID, jobID, query, also)
	if errors.Is(err, enhancement.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Found is a job as whoever was told of it finds it.
type Found struct {
	Status  enhancement.Status
	Run     int
	Refetch bool // see enhancement.Job
}

// Fail ends a run of a job that is not ended yet. A job that was completed stays completed: its note stands. One
// that has been begun anew is the new run's business. It reports whether it was this call that failed the run.
func (l *Ledger) Fail(ctx context.Context, tenantID, jobID string, run int, reason string) (bool, error) {
	if reason = told(reason); reason == "" {
		reason = "no reason given"
	}
	const query = `
		UPDATE enhancement_history
		SET status = 'failed', failure_reason = $4, finished_at = now(), held_for = ''
		WHERE tenant_id = $1 AND job_id = $2 AND run = $3 AND status IN ('pending', 'running')`
	failed := false
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		tag, err := tx.Exec(ctx, query, tenantID, jobID, run, reason)
		failed = tag.RowsAffected() > 0
		return err
	})
	if err != nil {
		return false, explain(err, "fail", jobID)
	}
	return failed, nil
}

// Job loads a job; ErrNotFound when the tenant has none of this id.
func (l *Ledger) Job(ctx context.Context, tenantID, jobID string) (enhancement.Job, error) {
	const query = `SELECT ` + jobColumns + ` FROM enhancement_history WHERE tenant_id = $1 AND job_id = $2`
	var j enhancement.Job
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) (err error) {
		j, err = scanJob(tx.QueryRow(ctx, query, tenantID, jobID))
		return err
	})
	if err != nil {
		return enhancement.Job{}, explain(err, "load", jobID)
	}
	return j, nil
}

// changeOne changes the job by a query of the tenant, the job and more.
func (l *Ledger) changeOne(ctx context.Context, verb, tenantID, jobID, query string, more ...any) error {
	return l.changeOneAnd(ctx, verb, tenantID, jobID, query, nothingElse, more...)
}

func (l *Ledger) changeOneAnd(ctx context.Context, verb, tenantID, jobID, query string, also Also, more ...any) error {
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		tag, err := tx.Exec(ctx, query, append([]any{tenantID, jobID}, more...)...)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return pgx.ErrNoRows
		}
		return also(ctx, tx)
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
