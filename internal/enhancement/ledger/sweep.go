package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Patience is how long a job may be pending, and running, before it is looked at.
type Patience struct{ Pending, Running time.Duration }

// Unfinished is a tenant with jobs that have not ended.
type Unfinished struct {
	TenantID string
	// Due says that one of them is to be looked at.
	Due bool
	// Pending and Running are since when the oldest one has been; 0 for none.
	Pending, Running time.Duration
}

// dueAt is when a job is to be looked at. $1 and $2 are the Patience; the function unfinished_tenants says the same.
const dueAt = `coalesce(sweep_at, CASE status WHEN 'pending' THEN received_at + $1::interval
	ELSE coalesce(started_at, received_at) + $2::interval END)`

// Unfinished lists the tenants with jobs that have not ended and that are this enhancer's to look at: the runs that it has begun, and jobs of
// which no message has told. Time is the database's, which is the same for all replicas.
func (l *Ledger) Unfinished(ctx context.Context, p Patience) ([]Unfinished, error) {
	var tenants []Unfinished
	err := l.db.InPlatform(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, "SELECT tenant, due, pending_seconds, running_seconds FROM unfinished_tenants($1, $2, $3)", p.Pending, p.Running, l.enhancer)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		tenants, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Unfinished, error) {
			var (
				u                Unfinished
				pending, running float64
			)
			err := row.Scan(&u.TenantID, &u.Due, &pending, &running)
			u.Pending, u.Running = seconds(pending), seconds(running)
			return u, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the tenants with unfinished jobs: %w", err)
	}
	return tenants, nil
}

// seconds are not negative: a row may have been written after the query's now.
func seconds(n float64) time.Duration { return max(0, time.Duration(n*float64(time.Second))) }

// Due is a job that was taken to be looked at.
type Due struct {
	TenantID, JobID, TicketID, CorrelationID string

	Status enhancement.Status
	Event  enhancement.Event
	Run    int
	// Sweeps is how often this run was started by the sweeper.
	Sweeps int
	// TraceParent is where the job is traced; empty where it is not.
	TraceParent string
	// Since is for how long it has had its status, and Idle for how long no step is known to have been under way; if none ever was,
	// the same.
	Since, Idle time.Duration
}

// takeDueQuery locks a tenant's due rows and puts off their next look. It finds them again by where they are: by a key, all
// rows would be read of a tenant that is newer than the planner's statistics. A row that has moved meanwhile was changed by
// somebody, and is left for the next time.
const takeDueQuery = `
	WITH due AS (
		SELECT ctid FROM enhancement_history
		WHERE (status = 'running' OR (status = 'pending' AND queued_at IS NULL)) AND (status = 'pending' OR begun_by = $5) AND ` + dueAt + ` <= now()
		ORDER BY received_at LIMIT $3 FOR UPDATE SKIP LOCKED)
	UPDATE enhancement_history h SET sweep_at = now() + $4::interval
	FROM due WHERE h.ctid = due.ctid
	RETURNING h.tenant_id, h.job_id::text, h.ticket_id, h.correlation_id, h.status, h.event, h.run, h.sweeps,
		extract(epoch FROM now() - CASE h.status WHEN 'pending' THEN h.received_at ELSE coalesce(h.started_at, h.received_at) END)::float8,
		extract(epoch FROM now() - greatest(h.worked_at, h.started_at, h.received_at))::float8, coalesce(h.trace_parent, '')`

// TakeDue gives the tenant's jobs that are to be looked at, the oldest first, at most so many. A run that another enhancer has begun is none of
// them: its workflow is there, and not known here, where it would look as if nobody worked on it. No other replica is given
// them until the lease ends.
func (l *Ledger) TakeDue(ctx context.Context, tenantID string, p Patience, most int, lease time.Duration) ([]Due, error) {
	var jobs []Due
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, takeDueQuery, p.Pending, p.Running, most, lease, l.enhancer)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		jobs, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Due, error) {
			var (
				d           Due
				since, idle float64
			)
			err := row.Scan(&d.TenantID, &d.JobID, &d.TicketID, &d.CorrelationID, &d.Status, &d.Event, &d.Run, &d.Sweeps, &since, &idle, &d.TraceParent)
			d.Since, d.Idle = seconds(since), seconds(idle)
			return d, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("take the due jobs of tenant %s: %w", tenantID, err)
	}
	return jobs, nil
}

// Swept has the job looked at again after the pause; sweeps is how often its run has been started by now. Without effect
// when the run has ended, or another one has begun.
func (l *Ledger) Swept(ctx context.Context, d Due, sweeps int, pause time.Duration) error {
	const query = `
		UPDATE enhancement_history SET sweeps = $4, sweep_at = now() + $5::interval
		WHERE tenant_id = $1 AND job_id = $2 AND run = $3 AND status IN ('pending', 'running')`
	err := l.db.InTenant(ctx, d.TenantID, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, query, d.TenantID, d.JobID, d.Run, sweeps, pause)
		return err
	})
	if err != nil {
		return explain(err, "put off", d.JobID)
	}
	return nil
}

// BeginAnew gives up the workflow of a running job for that of another run, which has another id, and returns the job as it is
// then. What the steps have recorded stays. enhancement.ErrNotFound when the run has ended meanwhile, or another one has begun.
func (l *Ledger) BeginAnew(ctx context.Context, d Due) (Due, error) {
	const (
		begin = `
			UPDATE enhancement_history SET run = run + 1, first_run = run + 1
			WHERE tenant_id = $1 AND job_id = $2 AND run = $3 AND status = 'running' RETURNING run`
		// Was it the one to try what is dead, it still is.
		probe = `UPDATE dependency_outages SET probe_run = $4 WHERE tenant_id = $1 AND probe_job = $2 AND probe_run = $3`
	)
	before := d.Run
	err := l.db.InTenant(ctx, d.TenantID, func(tx postgres.Tx) error {
		if err := tx.QueryRow(ctx, begin, d.TenantID, d.JobID, before).Scan(&d.Run); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, probe, d.TenantID, d.JobID, before, d.Run)
		return err
	})
	if err != nil {
		return Due{}, explain(err, "begin anew", d.JobID)
	}
	return d, nil
}

// Beat says that a step of the running job is under way: one that is to try what is dead has its turn for as long as it takes
// to get there. Without effect on a job that does not run.
func (l *Ledger) Beat(ctx context.Context, tenantID, jobID string) error {
	const (
		beat  = `UPDATE enhancement_history SET worked_at = now() WHERE tenant_id = $1 AND job_id = $2 AND status = 'running'`
		renew = `
			UPDATE dependency_outages SET probe_after = greatest(probe_after, now() + $3::interval)
			WHERE tenant_id = $1 AND probe_job = $2`
	)
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		if _, err := tx.Exec(ctx, beat, tenantID, jobID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, renew, tenantID, jobID, probeLease)
		return err
	})
	if err != nil {
		return explain(err, "beat for", jobID)
	}
	return nil
}
