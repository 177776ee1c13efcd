package mirror

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// The complete passes, as they are stored.
const (
	passImport = "import"
	passSweep  = "sweep"
)

// sightings is what a complete pass has come across on one page.
type sightings struct {
	pass string // empty: none
	ids  []string
	// anew forgets what the pass has seen before.
	anew bool
}

func (s sightings) store(tenantID string, feed Feed) func(context.Context, postgres.Tx) error {
	return func(ctx context.Context, tx postgres.Tx) error {
		if s.anew {
			if _, err := tx.Exec(ctx, "DELETE FROM mirror_seen WHERE feed = $1 AND pass = $2", feed, s.pass); err != nil {
				return fmt.Errorf("forget what was seen: %w", err)
			}
		}
		if len(s.ids) == 0 {
			return nil
		}
		_, err := tx.Exec(ctx, `INSERT INTO mirror_seen (tenant_id, feed, pass, record_id)
			SELECT $1, $2, $3, unnest($4::text[]) ON CONFLICT DO NOTHING`, tenantID, feed, s.pass, s.ids)
		if err != nil {
			return fmt.Errorf("remember what was seen: %w", err)
		}
		return nil
	}
}

// unseen are those of ids that the pass has not come across.
func (q *rows) unseen(ctx context.Context, tenantID string, feed Feed, pass string, ids []string) ([]string, error) {
	var missing []string
	err := q.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		found, err := tx.Query(ctx, `
			SELECT id FROM unnest($3::text[]) WITH ORDINALITY AS ours (id, position)
			WHERE NOT EXISTS (SELECT FROM mirror_seen s WHERE s.feed = $1 AND s.pass = $2 AND s.record_id = ours.id)
			ORDER BY position`, feed, pass, ids)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		missing, err = pgx.CollectRows(found, pgx.RowTo[string])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("compare %s of tenant %s: %w", feed, tenantID, err)
	}
	return missing, nil
}
