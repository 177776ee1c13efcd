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
	"github.com/ai-agents/ai-agents/internal/suspension"
)

// Queued has a pending job wait for its turn, which its message asks for, and says what it found. A job that waits, runs or has
// ended already stays as it is. ErrNotFound: the job was never accepted, or was withdrawn.
func (l *Ledger) Queued(ctx context.Context, tenantID, jobID string) (Found, error) {
	const query = `
		UPDATE enhancement_history SET queued_at = CASE status WHEN 'pending' THEN coalesce(queued_at, now()) ELSE queued_at END
		WHERE tenant_id = $1 AND job_id = $2
		RETURNING status, run, refetch`
	var c Found
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, query, tenantID, jobID).Scan(&c.Status, &c.Run, &c.Refetch)
	})
	if err != nil {
		return Found{}, explain(err, "queue", jobID)
	}
	return c, nil
}

// AcceptQueued is Accept of a job of which no message tells: it waits for its turn from the beginning. It reports whether it
// made the job; one that the ledger has already stays as it is, whatever became of it. ErrIntakePaused when the tenant's intake is.
func (l *Ledger) AcceptQueued(ctx context.Context, job enhancement.Job) (bool, error) {
	const query = `
		INSERT INTO enhancement_history
			(tenant_id, job_id, ticket_id, event, subject, description, priority, correlation_id, refetch, people, confirmed, queued_at,
			trace_parent)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce($10::text[], '{}'), true, now(), nullif($11, ''))
		ON CONFLICT (tenant_id, job_id) DO NOTHING`
	made := false
	err := l.db.InTenant(ctx, job.TenantID, func(tx postgres.Tx) error {
		paused, err := suspension.In(ctx, tx, suspension.Intake)
		if err == nil && paused != nil {
			err = ErrIntakePaused
		}
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, query, job.TenantID, job.ID, job.Ticket.ID, job.Event, job.Ticket.Subject,
			job.Ticket.Description, job.Ticket.Priority, job.CorrelationID, job.Refetch, job.Ticket.People, job.TraceParent)
		made = tag.RowsAffected() > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("accept job %s: %w", job.ID, err)
	}
	return made, nil
}

// ErrIntakePaused says that an operator has paused the tenant's intake.
var ErrIntakePaused = errors.New("the tenant's intake is paused")

// Admitted is a job whose workflow is to be started.
type Admitted struct {
	TenantID, JobID, TicketID, CorrelationID string

	Run     int
	Refetch bool // see enhancement.Job
	// TraceParent is where the run is traced; empty where it is not.
	TraceParent string
	// WaitedSince is since when it has waited for its turn, and StartedAt when it came, by the database's clock. A job that was held has
	// waited since it was the first time, also while it ran in between.
	WaitedSince, StartedAt time.Time
	// ReceivedAt is when the event came that made it, or that opened it again.
	ReceivedAt time.Time
}

const (
	// admitLock has the tenant's admissions take turns: otherwise two replicas would both count what runs before either has added
	// to it. An advisory lock, because there is no row of a tenant that an app may lock. It is not waited for as long as a replica
	// may hang that has it.
	admitLock = `SELECT set_config('lock_timeout', '200ms', true), pg_advisory_xact_lock(hashtextextended('enhancement/admit/' || $1, 0))`
	// roomQuery is how many more jobs the tenant may have running.
	roomQuery = `SELECT least($1::bigint, $2::bigint - count(*)) FROM enhancement_history WHERE status = 'running'`
	// admitQuery finds the rows again by where they are: see takeDueQuery. One that is locked is being changed by somebody, and
	// is left for the next time. A look that the sweeper has put off was meant for the time before.
	admitQuery = admitNext + admitThem
	// admitWithheldQuery is admitQuery for those alone that call nothing of the tenant's, because of its mode: when notes are made and
	// not posted, those whose ticket need not be fetched.
	admitWithheldQuery = admitNext + ` AND ($3 = 'off' OR NOT refetch)` + admitThem

	admitNext = `
		WITH next AS (
			SELECT ctid FROM enhancement_history
			WHERE status = 'pending' AND queued_at IS NOT NULL`
	admitThem = `
			ORDER BY received_at LIMIT $1 FOR UPDATE SKIP LOCKED)
		UPDATE enhancement_history h SET status = 'running', started_at = now(), sweep_at = NULL, held_for = '', ` + begunHere + `
		FROM next WHERE h.ctid = next.ctid
		RETURNING h.tenant_id, h.job_id::text, h.ticket_id, h.correlation_id, h.run, h.refetch, coalesce(h.trace_parent, ''), ` + waitedSince + `, h.started_at, h.received_at`
	// begunHere has the run be that of enhancer $2. One that another enhancer has begun may have a workflow there, though it was put back: it is
	// given up for another run, as in BeginAnew, so that no two engines have the same.
	begunHere = `begun_by = $2, run = h.run + ` + elsewhere + `, first_run = CASE ` + elsewhere + ` WHEN 1 THEN h.run + 1 ELSE h.first_run END`
	elsewhere = `(CASE WHEN h.started_at IS NOT NULL AND h.begun_by <> $2 THEN 1 ELSE 0 END)`
	// assignedQuery says whether the tenant's jobs are this enhancer's to begin.
	assignedQuery = `SELECT EXISTS (SELECT FROM tenant_configs WHERE tenant_id = $1 AND enhancer = $2)`
	// waitedSince is Admitted.WaitedSince. A job that was begun anew is queued again, and received before.
	waitedSince = `coalesce(h.held_since, CASE h.run WHEN 1 THEN h.received_at ELSE h.queued_at END)`
)

// Admit moves at most so many of the tenant's waiting jobs to running, the oldest first, and gives the right and the duty to
// start their workflows. However many replicas do it at once, each job is given to one of them, and never more than limit jobs
// of the tenant run, whoever began them. None is given to an enhancer to which the tenant is not assigned, and none while the tenant's processing is paused. While something of the tenant's is dead, none is given but those that do without it, because the tenant's notes are
// not posted, and, now and then, one that tries it; and none while another replica is slow to admit its jobs.
func (l *Ledger) Admit(ctx context.Context, tenantID string, most, limit int) ([]Admitted, error) {
	var jobs []Admitted
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		if _, err := tx.Exec(ctx, admitLock, tenantID); err != nil {
			return fmt.Errorf("wait for other admissions: %w", err)
		}
		// Whoever moves the tenant waits for the same lock: see HoldAdmissions.
		assigned := false
		if err := tx.QueryRow(ctx, assignedQuery, tenantID, l.enhancer).Scan(&assigned); err != nil || !assigned {
			return err
		}
		// Turns leaves such tenants out, too; this is for a pause that was committed since.
		if paused, err := suspension.In(ctx, tx, suspension.Processing); err != nil || paused != nil {
			return err
		}
		var room int
		if err := tx.QueryRow(ctx, roomQuery, most, limit).Scan(&room); err != nil {
			return fmt.Errorf("count what runs: %w", err)
		}
		if room <= 0 {
			return nil
		}
		o, err := openings(ctx, tx, tenantID, room)
		if err == nil {
			jobs, err = o.admit(ctx, tx, l.enhancer)
		}
		return err
	})
	if busy, ok := errors.AsType[*pgconn.PgError](err); ok && busy.Code == pgerrcode.LockNotAvailable {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("admit jobs of tenant %s: %w", tenantID, err)
	}
	return jobs, nil
}

// Readmit has a job whose workflow could not be started wait for its turn again, in its old place. It keeps the time of its start,
// for the workflow may run all the same. Without effect when the run has ended, or another one has begun.
func (l *Ledger) Readmit(ctx context.Context, tenantID, jobID string, run int) error {
	const query = `
		UPDATE enhancement_history SET status = 'pending', queued_at = coalesce(queued_at, now())
		WHERE tenant_id = $1 AND job_id = $2 AND run = $3 AND status = 'running'`
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, query, tenantID, jobID, run)
		return err
	})
	if err != nil {
		return explain(err, "put back", jobID)
	}
	return nil
}

// Turn is a tenant with jobs that wait for the enhancer, or that it has begun and that run.
type Turn struct {
	TenantID string
	Waits    bool
	Running  int
}

// Turns lists the tenants with jobs that wait for this enhancer, or that run here; where processing is paused, none waits. It costs little,
// however many wait.
func (l *Ledger) Turns(ctx context.Context) ([]Turn, error) {
	var turns []Turn
	err := l.db.InPlatform(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, "SELECT tenant, waits, running FROM queue_turns($1)", l.enhancer)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		turns, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Turn])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the tenants whose jobs wait: %w", err)
	}
	return turns, nil
}

// Depth is how deep a tenant's queue is.
type Depth struct {
	TenantID               string
	Waiting, Held, Running int
	// Oldest is for how long the oldest waiting job has.
	Oldest time.Duration
}

// Waiting tells how deep the queues are of all tenants with jobs that wait or run; an enhancer of a tenant's own is told of that one alone. It
// counts them one by one.
func (l *Ledger) Waiting(ctx context.Context) ([]Depth, error) {
	var depths []Depth
	err := l.db.InPlatform(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, "SELECT tenant, waiting, held, running, oldest_seconds FROM queue_depths() WHERE $1 IN ('', tenant)", l.enhancer)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		depths, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Depth, error) {
			var (
				d      Depth
				oldest float64
			)
			err := row.Scan(&d.TenantID, &d.Waiting, &d.Held, &d.Running, &oldest)
			d.Oldest = seconds(oldest)
			return d, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("measure the queues: %w", err)
	}
	return depths, nil
}

// TraceAnew notes that the run that is under way, and what follows it, is traced at parent, and no longer where the runs before it were.
// enhancement.ErrNotFound says that it is not under way.
func (l *Ledger) TraceAnew(ctx context.Context, tenantID, jobID string, run int, parent string) error {
	const query = `UPDATE enhancement_history SET trace_parent = $4 WHERE tenant_id = $1 AND job_id = $2 AND run = $3 AND status = 'running'`
	return l.changeOne(ctx, "note the trace of", tenantID, jobID, query, run, parent)
}
