package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Unpurged lists the tenants with jobs whose last run this enhancer began, that ended longer ago than kept and whose workflows are not known to be gone from the
// engine.
func (l *Ledger) Unpurged(ctx context.Context, kept time.Duration) ([]string, error) {
	var tenants []string
	err := l.db.InPlatform(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, "SELECT unpurged_tenants($1, $2)", kept, l.enhancer)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		tenants, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the tenants with workflows to remove: %w", err)
	}
	return tenants, nil
}

// Ended is an ended job that was taken to have its workflows removed.
type Ended struct {
	TenantID, JobID, CorrelationID string

	// Run is its last one that has ended, and Purged the last whose workflow is gone.
	Run, Purged int
}

// takeEndedQuery locks a tenant's ended rows and puts off their next look; see takeDueQuery.
const takeEndedQuery = `
	WITH ended AS (
		SELECT ctid FROM enhancement_history
		WHERE purged_run < run AND finished_at IS NOT NULL AND finished_at <= now() - $1::interval AND (sweep_at IS NULL OR sweep_at <= now())
			AND begun_by = $4
		ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED)
	UPDATE enhancement_history h SET sweep_at = now() + $3::interval
	FROM ended WHERE h.ctid = ended.ctid
	RETURNING h.tenant_id, h.job_id::text, h.correlation_id, h.run, h.purged_run`

// takeHeldQuery does the same to held jobs, of which all runs but the next have ended.
const takeHeldQuery = `
	WITH held AS (
		SELECT ctid FROM enhancement_history
		WHERE held_for <> '' AND purged_run < run - 1 AND (sweep_at IS NULL OR sweep_at <= now()) AND begun_by = $3
		ORDER BY held_since LIMIT $1 FOR UPDATE SKIP LOCKED)
	UPDATE enhancement_history h SET sweep_at = now() + $2::interval
	FROM held WHERE h.ctid = held.ctid
	RETURNING h.tenant_id, h.job_id::text, h.correlation_id, h.run - 1, h.purged_run`

// TakeEnded gives at most so many of the tenant's jobs that ended longer ago than kept and whose workflows are not known to
// be gone, and as many of those that are held, whose runs before have ended. No other replica is given them until the lease
// ends.
func (l *Ledger) TakeEnded(ctx context.Context, tenantID string, kept time.Duration, most int, lease time.Duration) ([]Ended, error) {
	var jobs []Ended
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		ended, err := tx.Query(ctx, takeEndedQuery, kept, most, lease, l.enhancer)
		if err != nil {
			return fmt.Errorf("query what has ended: %w", err)
		}
		if jobs, err = pgx.CollectRows(ended, pgx.RowToStructByPos[Ended]); err != nil {
			return err
		}
		held, err := tx.Query(ctx, takeHeldQuery, most, lease, l.enhancer)
		if err != nil {
			return fmt.Errorf("query what is held: %w", err)
		}
		tried, err := pgx.CollectRows(held, pgx.RowToStructByPos[Ended])
		jobs = append(jobs, tried...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("take the ended jobs of tenant %s: %w", tenantID, err)
	}
	return jobs, nil
}

// Purged notes that the workflows of e are gone, up to its last run.
func (l *Ledger) Purged(ctx context.Context, e Ended) error {
	const query = `
		UPDATE enhancement_history SET purged_run = greatest(purged_run, $3), sweep_at = CASE WHEN run = $3 THEN NULL ELSE sweep_at END
		WHERE tenant_id = $1 AND job_id = $2`
	return l.changeEnded(ctx, e, query, e.Run)
}

// KeepWorkflow has the workflows of e looked at again after the pause, if the job has not begun anew by then.
func (l *Ledger) KeepWorkflow(ctx context.Context, e Ended, pause time.Duration) error {
	const query = `
		UPDATE enhancement_history SET sweep_at = now() + $4::interval
		WHERE tenant_id = $1 AND job_id = $2 AND run = $3 AND finished_at IS NOT NULL`
	return l.changeEnded(ctx, e, query, e.Run, pause)
}

func (l *Ledger) changeEnded(ctx context.Context, e Ended, query string, args ...any) error {
	err := l.db.InTenant(ctx, e.TenantID, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, query, append([]any{e.TenantID, e.JobID}, args...)...)
		return err
	})
	if err != nil {
		return explain(err, "account for the workflows of", e.JobID)
	}
	return nil
}
