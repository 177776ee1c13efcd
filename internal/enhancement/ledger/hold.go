package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// mostBlame is how often a job may be put back though the others of its tenant were done meanwhile.
const mostBlame = 3

// Holding is why a job is to be held.
type Holding struct {
	Dependency enhancement.Dependency
	// Reason is what the dependency's last failure was.
	Reason string
	// Spent says that the job's own attempts ran out. Otherwise it was told that the dependency is dead.
	Spent bool
	// Limit is how long a job is held in all, from the first time on, before it fails.
	Limit time.Duration
}

// Held is what became of a job that was to be held.
type Held struct {
	// Held says that it waits for the dependency, or, when that is back already, for its turn.
	Held bool
	// Failed says that it has been tried for long enough; Reason is what the ledger says.
	Failed bool
	Reason string
	// Event is what happened to the ticket.
	Event enhancement.Event
}

// Hold has a run of a job that cannot end without the dependency wait for it, in its old place, to be run again with what its
// steps have left; or fails it, when it was held for longer than the limit, or fails again and again while the tenant's
// other jobs are done. Neither, when the run is over.
func (l *Ledger) Hold(ctx context.Context, tenantID, jobID string, run int, h Holding) (Held, error) {
	var held Held
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) (err error) {
		held, err = hold(ctx, tx, tenantID, jobID, run, h)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Held{}, nil
	}
	if err != nil {
		return Held{}, explain(err, "hold", jobID)
	}
	return held, nil
}

func hold(ctx context.Context, tx postgres.Tx, tenantID, jobID string, run int, h Holding) (Held, error) {
	const (
		look = `
			SELECT blamed, coalesce(now() - held_since > $4::interval, false), event FROM enhancement_history
			WHERE tenant_id = $1 AND job_id = $2 AND run = $3 AND status IN ('pending', 'running') FOR UPDATE`
		standing = `SELECT coalesce(opened_by = $3, false) FROM dependency_outages WHERE tenant_id = $1 AND dependency = $2 AND since IS NOT NULL`
		put      = `
			UPDATE enhancement_history
			SET status = 'pending', run = run + 1, held_for = $3, held_since = coalesce(held_since, now()), blamed = $4,
				started_at = NULL, queued_at = coalesce(queued_at, now()), sweeps = 0, sweep_at = NULL
			WHERE tenant_id = $1 AND job_id = $2`
		// Whoever opened the outage is blamed for it once, however long it lasts.
		blame = `UPDATE dependency_outages SET opened_by = NULL WHERE tenant_id = $1 AND dependency = $2 AND opened_by = $3`
		fail  = `
			UPDATE enhancement_history SET status = 'failed', failure_reason = $3, finished_at = now()
			WHERE tenant_id = $1 AND job_id = $2`
	)
	var (
		blamed  int
		expired bool
		event   enhancement.Event
	)
	if err := tx.QueryRow(ctx, look, tenantID, jobID, run, h.Limit).Scan(&blamed, &expired, &event); err != nil {
		return Held{}, err
	}
	waitsFor, alone := h.Dependency, false // whether no other job found it dead
	switch err := tx.QueryRow(ctx, standing, tenantID, h.Dependency, jobID).Scan(&alone); {
	case errors.Is(err, pgx.ErrNoRows): // it has answered others meanwhile
		waitsFor, alone = "", h.Spent
	case err != nil:
		return Held{}, fmt.Errorf("look for the outage: %w", err)
	}
	if alone {
		blamed++
		if _, err := tx.Exec(ctx, blame, tenantID, h.Dependency, jobID); err != nil {
			return Held{}, fmt.Errorf("blame the job: %w", err)
		}
	}
	if reason := h.givenUp(expired, blamed); reason != "" {
		_, err := tx.Exec(ctx, fail, tenantID, jobID, reason)
		return Held{Failed: true, Reason: reason, Event: event}, err
	}
	_, err := tx.Exec(ctx, put, tenantID, jobID, waitsFor, blamed)
	return Held{Held: true, Event: event}, err
}

// givenUp says why the job is to fail, and is empty when it is not.
func (h Holding) givenUp(expired bool, blamed int) string {
	switch {
	case expired:
		return told(fmt.Sprintf("%s; it was held for %s in all, which is the limit", h.Reason, h.Limit))
	case blamed > mostBlame:
		return told(fmt.Sprintf("%s; it failed like this in %d runs, while other tickets were done", h.Reason, blamed))
	}
	return ""
}

// opening is what may be admitted of a tenant's jobs.
type opening struct {
	jobs int
	// dead says that only those jobs may that do without what is dead, and probe that one more may, to find out whether it has come back.
	dead, probe bool
	// mode is the tenant's; empty when nothing is dead.
	mode tenant.Mode
}

// openings is what may be admitted now, of the jobs for which there is room.
func openings(ctx context.Context, tx postgres.Tx, tenantID string, most int) (opening, error) {
	const query = `SELECT probe_after <= now() FROM dependency_outages WHERE tenant_id = $1 AND since IS NOT NULL ORDER BY 1 LIMIT 1`
	o := opening{jobs: most}
	switch err := tx.QueryRow(ctx, query, tenantID).Scan(&o.probe); {
	case errors.Is(err, pgx.ErrNoRows):
		return o, nil
	case err != nil:
		return opening{}, fmt.Errorf("look for outages: %w", err)
	}
	var err error
	o.dead = true
	o.mode, err = noteMode(ctx, tx, tenantID)
	return o, err
}

func (o opening) admit(ctx context.Context, tx postgres.Tx, enhancer string) (jobs []Admitted, err error) {
	switch {
	case !o.dead:
		return admitted(ctx, tx, admitQuery, o.jobs, enhancer)
	case o.mode != tenant.ModeLive:
		if jobs, err = admitted(ctx, tx, admitWithheldQuery, o.jobs, enhancer, o.mode); err != nil {
			return nil, err
		}
	}
	if !o.probe || len(jobs) >= o.jobs {
		return jobs, nil
	}
	// Where notes are not posted, nothing is left by now but jobs that call what is dead.
	trying, err := admitted(ctx, tx, probeQuery, probeLease, enhancer)
	return append(jobs, trying...), err
}

func admitted(ctx context.Context, tx postgres.Tx, query string, args ...any) ([]Admitted, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Admitted, error) {
		var a Admitted
		err := row.Scan(&a.TenantID, &a.JobID, &a.TicketID, &a.CorrelationID, &a.Run, &a.Refetch, &a.TraceParent, &a.WaitedSince, &a.StartedAt, &a.ReceivedAt)
		return a, err
	})
}

// probeQuery is admitQuery for the one job that tries what is dead. It is one that has been tried the least, so that a ticket
// that fails whatever happens does not keep the others from going on. It becomes the only one to try for the lease.
const probeQuery = `
	WITH next AS (
		SELECT ctid FROM enhancement_history
		WHERE status = 'pending' AND queued_at IS NOT NULL
		ORDER BY run - first_run, received_at LIMIT 1 FOR UPDATE SKIP LOCKED),
	started AS (
		UPDATE enhancement_history h SET status = 'running', started_at = now(), sweep_at = NULL, held_for = '', ` + begunHere + `
		FROM next WHERE h.ctid = next.ctid
		RETURNING h.tenant_id, h.job_id, h.ticket_id, h.correlation_id, h.run, h.refetch, h.trace_parent, ` + waitedSince + ` AS waited_since, h.started_at,
			h.received_at),
	probing AS (
		UPDATE dependency_outages o SET probe_job = s.job_id, probe_run = s.run, probe_after = now() + $1::interval
		FROM started s WHERE o.tenant_id = s.tenant_id AND o.since IS NOT NULL)
	SELECT tenant_id, job_id::text, ticket_id, correlation_id, run, refetch, coalesce(trace_parent, ''), waited_since, started_at, received_at FROM started`
