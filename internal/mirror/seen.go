package mirror

import (
	"context"
	"fmt"
	"time"

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

// Why a record is left out.
const (
	leftEmpty    = "empty"
	leftRejected = "rejected"
	leftArchived = "archived"
)

// leftOut is a record that is not to be read again for now.
type leftOut struct {
	ID, Reason string
	Version    time.Time // zero when the server does not say
	Until      time.Duration
}

// leaveOut remembers records that are not to be read again.
func (q *rows) leaveOut(ctx context.Context, tenantID string, feed Feed, records []leftOut) error {
	batch := &pgx.Batch{}
	for _, r := range records {
		var version *time.Time
		if !r.Version.IsZero() {
			version = &r.Version
		}
		batch.Queue(`
			INSERT INTO mirror_left_out (tenant_id, feed, record_id, reason, version, until)
			VALUES ($1, $2, $3, $4, $5, coalesce($6::timestamptz, now()) + $7)
			ON CONFLICT (tenant_id, feed, record_id) DO UPDATE
			SET reason = excluded.reason, version = excluded.version, until = excluded.until`,
			tenantID, feed, r.ID, r.Reason, version, q.now(), r.Until)
	}
	err := q.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error { return tx.SendBatch(ctx, batch).Close() })
	if err != nil {
		return fmt.Errorf("leave %d %s of tenant %s out: %w", len(records), feed, tenantID, err)
	}
	return nil
}

// leftOuts gives the versions of those of ids that are left out for now, for one of the reasons.
func (q *rows) leftOuts(ctx context.Context, tenantID string, feed Feed, ids []string, reasons ...string) (map[string]time.Time, error) {
	versions := make(map[string]time.Time)
	err := q.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		found, err := tx.Query(ctx, `
			SELECT record_id, version FROM mirror_left_out
			WHERE feed = $1 AND record_id = ANY ($2::text[]) AND reason = ANY ($3::text[]) AND until > coalesce($4::timestamptz, now())`,
			feed, ids, reasons, q.now())
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		var (
			id      string
			version *time.Time
		)
		_, err = pgx.ForEachRow(found, []any{&id, &version}, func() error {
			versions[id] = time.Time{}
			if version != nil {
				versions[id] = *version
			}
			return nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("see which %s of tenant %s are left out: %w", feed, tenantID, err)
	}
	return versions, nil
}
