package ledger

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Unknown gives those of the tickets of which the tenant's ledger has no row, of whatever event and in whatever state, in the
// order given.
func (l *Ledger) Unknown(ctx context.Context, tenantID string, ticketIDs []string) ([]string, error) {
	const query = `
		SELECT given.id FROM unnest($2::text[]) WITH ORDINALITY AS given (id, place)
		WHERE NOT EXISTS (SELECT FROM enhancement_history h WHERE h.tenant_id = $1 AND h.ticket_id = given.id)
		ORDER BY given.place`
	var unknown []string
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, query, tenantID, ticketIDs)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		unknown, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for the jobs of %d tickets: %w", len(ticketIDs), err)
	}
	return unknown, nil
}

// Backlog counts the tenant's jobs that wait for their turn, and does not count beyond most.
func (l *Ledger) Backlog(ctx context.Context, tenantID string, most int) (int, error) {
	const query = `
		SELECT count(*) FROM (
			SELECT FROM enhancement_history WHERE tenant_id = $1 AND status = 'pending' AND queued_at IS NOT NULL LIMIT $2) waiting`
	waiting := 0
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, query, tenantID, most).Scan(&waiting)
	})
	if err != nil {
		return 0, fmt.Errorf("count the waiting jobs of tenant %s: %w", tenantID, err)
	}
	return waiting, nil
}
