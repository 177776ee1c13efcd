package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Prunable lists the tenants of this enhancer with jobs that ended longer ago than kept and whose workflows are gone from the engine.
func (l *Ledger) Prunable(ctx context.Context, kept time.Duration) ([]string, error) {
	var tenants []string
	err := l.db.InPlatform(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, "SELECT prunable_tenants($1, $2)", kept, l.enhancer)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		tenants, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the tenants with old jobs: %w", err)
	}
	return tenants, nil
}

// pruneQuery takes rows by where they are: see takeDueQuery. Steps and requests to the model go with their job. A job whose
// workflow is not known to be gone stays, for the account of that is in its row.
const pruneQuery = `
	WITH old AS (
		SELECT ctid FROM enhancement_history
		WHERE purged_run >= run AND finished_at IS NOT NULL AND finished_at <= now() - $1::interval
		ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED)
	DELETE FROM enhancement_history h USING old WHERE h.ctid = old.ctid`

// PruneSome removes at most so many of the tenant's jobs that ended longer ago than kept and whose workflows are gone, and what is
// known of the notes of tickets of which no job is left. It gives how many jobs went. Any number of replicas may do it at once.
func (l *Ledger) PruneSome(ctx context.Context, tenantID string, kept time.Duration, most int) (int, error) {
	const forget = `
		DELETE FROM ticket_notes n
		WHERE updated_at <= now() - $1::interval AND (lease_until IS NULL OR lease_until < now())
			AND NOT EXISTS (SELECT FROM enhancement_history h WHERE h.tenant_id = n.tenant_id AND h.ticket_id = n.ticket_id)`
	removed := 0
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		tag, err := tx.Exec(ctx, pruneQuery, kept, most)
		if err != nil {
			return fmt.Errorf("remove jobs: %w", err)
		}
		if removed = int(tag.RowsAffected()); removed == most {
			return nil // there are more: the notes come with the last of them
		}
		if _, err := tx.Exec(ctx, forget, kept); err != nil {
			return fmt.Errorf("forget notes: %w", err)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("remove the old jobs of tenant %s: %w", tenantID, err)
	}
	return removed, nil
}
