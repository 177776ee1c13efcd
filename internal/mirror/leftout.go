package mirror

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Why a record is left out.
const (
	leftEmpty    = "empty"
	leftRejected = "rejected"
	leftArchived = "archived"
	// The server failed when it was asked. Until is doubled with each time in a row.
	leftFailed = "failed"
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
			SET reason = excluded.reason, version = excluded.version,
				failures = CASE WHEN mirror_left_out.reason = 'failed' AND excluded.reason = 'failed' THEN least(mirror_left_out.failures + 1, 20) ELSE 0 END,
				until = CASE WHEN mirror_left_out.reason = 'failed' AND excluded.reason = 'failed'
					THEN coalesce($6::timestamptz, now()) + least($7 * power(2, mirror_left_out.failures + 1), $8) ELSE excluded.until END`,
			tenantID, feed, r.ID, r.Reason, version, q.now(), r.Until, rejectedFor)
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

// letIn ends the time for which records are left out because the server failed.
func (q *rows) letIn(ctx context.Context, tenantID string, feed Feed, ids []string) error {
	err := q.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE mirror_left_out SET until = coalesce($4::timestamptz, now()), failures = 0
			WHERE feed = $1 AND record_id = ANY ($2::text[]) AND reason = $3`, feed, ids, leftFailed, q.now())
		return err
	})
	if err != nil {
		return fmt.Errorf("let %d %s of tenant %s in again: %w", len(ids), feed, tenantID, err)
	}
	return nil
}

// overdue are records that the server failed to give out and that are to be asked for again, with their versions.
func (q *rows) overdue(ctx context.Context, tenantID string, feed Feed, limit int) ([]leftOut, error) {
	var records []leftOut
	err := q.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		found, err := tx.Query(ctx, `
			SELECT record_id, coalesce(version, '0001-01-01 00:00+00') FROM mirror_left_out
			WHERE feed = $1 AND reason = $2 AND until <= coalesce($3::timestamptz, now()) ORDER BY until LIMIT $4`,
			feed, leftFailed, q.now(), limit)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		records, err = pgx.CollectRows(found, func(row pgx.CollectableRow) (leftOut, error) {
			var r leftOut
			err := row.Scan(&r.ID, &r.Version)
			return r, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("see which %s of tenant %s are to be read again: %w", feed, tenantID, err)
	}
	return records, nil
}

// settled forgets records that were asked for again, but for those that the server failed to give out once more.
func (q *rows) settled(ctx context.Context, tenantID string, feed Feed, ids []string) error {
	err := q.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM mirror_left_out WHERE feed = $1 AND record_id = ANY ($2::text[]) AND reason = $3 AND until <= coalesce($4::timestamptz, now())", feed, ids, leftFailed, q.now())
		return err
	})
	if err != nil {
		return fmt.Errorf("forget that %d %s of tenant %s were left out: %w", len(ids), feed, tenantID, err)
	}
	return nil
}
