package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Unpurged is a tenant with ended jobs whose workflows are still in the engine.
type Unpurged struct {
	TenantID string
	// Until is when the last of them ended that are to be looked at now.
	Until time.Time
}

// Unpurged lists the tenants whose jobs are among the most oldest ones that ended longer ago than kept and whose workflows
// are not known to be gone.
func (l *Ledger) Unpurged(ctx context.Context, kept time.Duration, most int) ([]Unpurged, error) {
	var tenants []Unpurged
	err := l.db.InPlatform(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, "SELECT tenant, until FROM unpurged_tenants($1, $2)", kept, most)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		tenants, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Unpurged])
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

	// Run is its last one, and Purged the last whose workflow is gone.
	Run, Purged int
}

// TakeEnded gives at most so many of the jobs that u is about. No other replica is given them until the lease ends.
func (l *Ledger) TakeEnded(ctx context.Context, u Unpurged, most int, lease time.Duration) ([]Ended, error) {
	const query = `
		WITH ended AS (
			SELECT tenant_id, job_id FROM enhancement_history
			WHERE purged_run < run AND finished_at IS NOT NULL AND finished_at <= $1 AND (sweep_at IS NULL OR sweep_at <= now())
			ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED)
		UPDATE enhancement_history h SET sweep_at = now() + $3::interval
		FROM ended WHERE h.tenant_id = ended.tenant_id AND h.job_id = ended.job_id
		RETURNING h.tenant_id, h.job_id::text, h.correlation_id, h.run, h.purged_run`
	var jobs []Ended
	err := l.db.InTenant(ctx, u.TenantID, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, query, u.Until, most, lease)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		jobs, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Ended])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("take the ended jobs of tenant %s: %w", u.TenantID, err)
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
