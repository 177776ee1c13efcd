package ledger

import (
	"context"
	"fmt"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// HoldAdmissions has no job of the tenant be begun until the transaction ends, and waits for who is about to begin some. In the transaction
// that assigns the tenant to another enhancer, it has every job be begun either before that, or by the other.
func HoldAdmissions(ctx context.Context, tx postgres.Tx, tenantID string) error {
	const lock = `SELECT pg_advisory_xact_lock(hashtextextended('enhancement/admit/' || $1, 0))`
	if _, err := tx.Exec(ctx, lock, tenantID); err != nil {
		return fmt.Errorf("hold the admissions of tenant %s: %w", tenantID, err)
	}
	return nil
}

// Spread is where a tenant's unfinished jobs are, as seen by one enhancer.
type Spread struct {
	// Waiting jobs are begun by the enhancer that the tenant is assigned to; Held ones among them wait for something of the tenant's.
	Waiting, Held int
	// Here and Elsewhere run: those that this enhancer has begun, and those that another one has and ends.
	Here, Elsewhere int
}

// SpreadIn counts the tenant's unfinished jobs in the transaction, as the enhancer of that name sees them.
func SpreadIn(ctx context.Context, tx postgres.Tx, tenantID, enhancer string) (Spread, error) {
	const query = `
		SELECT count(*) FILTER (WHERE status = 'pending'), count(*) FILTER (WHERE status = 'pending' AND held_for <> ''),
			count(*) FILTER (WHERE status = 'running' AND begun_by = $2), count(*) FILTER (WHERE status = 'running' AND begun_by <> $2)
		FROM enhancement_history WHERE tenant_id = $1 AND status IN ('pending', 'running')`
	var s Spread
	if err := tx.QueryRow(ctx, query, tenantID, enhancer).Scan(&s.Waiting, &s.Held, &s.Here, &s.Elsewhere); err != nil {
		return Spread{}, fmt.Errorf("count the unfinished jobs of tenant %s: %w", tenantID, err)
	}
	return s, nil
}

// TakeOverIn gives the enhancer what others have begun of the tenant, because they are gone for good, and says how many runs were given up:
// each of those jobs waits for its turn again, with what its steps have left. Should one of those workflows come to life after all, it is that
// of a run that is over, and cannot write the note.
func TakeOverIn(ctx context.Context, tx postgres.Tx, tenantID, enhancer string) (int, error) {
	const (
		giveUp = `
			UPDATE enhancement_history
			SET status = 'pending', run = run + 1, first_run = run + 1, begun_by = $2, queued_at = coalesce(queued_at, now()),
				started_at = NULL, sweeps = 0, sweep_at = NULL
			WHERE tenant_id = $1 AND begun_by <> $2 AND (status = 'running' OR (status = 'pending' AND started_at IS NOT NULL))`
		// What has ended is to be accounted for by somebody, or it would never be old enough to go.
		ended = `UPDATE enhancement_history SET begun_by = $2 WHERE tenant_id = $1 AND begun_by <> $2 AND purged_run < run`
	)
	tag, err := tx.Exec(ctx, giveUp, tenantID, enhancer)
	if err == nil {
		_, err = tx.Exec(ctx, ended, tenantID, enhancer)
	}
	if err != nil {
		return 0, fmt.Errorf("take over the jobs of tenant %s: %w", tenantID, err)
	}
	return int(tag.RowsAffected()), nil
}
