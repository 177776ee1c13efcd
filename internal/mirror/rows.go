package mirror

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// errLeaseLost says that another process has taken the feed over: this one was silent for too long.
var errLeaseLost = errors.New("another process has taken the feed over")

// rows reads and writes the mirror's own tables.
type rows struct {
	db    *postgres.DB
	clock func() time.Time // nil: the database's
	lease time.Duration
}

// now is the argument of the SQL expression `now`.
func (q *rows) now() *time.Time {
	if q.clock == nil {
		return nil
	}
	t := q.clock()
	return &t
}

// claimed is a feed that is ours for a while.
type claimed struct {
	holder   uuid.UUID
	cursor   cursor
	failures int
}

// claim takes the feed for holder when it is free and, with claimDue, when its time has come and nobody waits for it.
// Otherwise it says after how long it makes sense to ask again.
func (q *rows) claim(ctx context.Context, tenantID string, feed Feed, mode claimMode) (c *claimed, again time.Duration, err error) {
	c = &claimed{holder: uuid.New()}
	err = q.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO mirror_feeds (tenant_id, feed, next_due)
			VALUES ($1, $2, coalesce($3::timestamptz, now())) ON CONFLICT DO NOTHING`, tenantID, feed, q.now())
		if err != nil {
			return fmt.Errorf("make the row: %w", err)
		}
		var stored []byte
		err = tx.QueryRow(ctx, `
			UPDATE mirror_feeds SET lease_holder = $2, lease_until = t.now + $3, last_started = t.now, wanted_until = NULL
			FROM (SELECT coalesce($4::timestamptz, clock_timestamp()) AS now) t
			WHERE feed = $1 AND (lease_until IS NULL OR lease_until <= t.now)
				AND (NOT $5 OR next_due <= t.now AND (wanted_until IS NULL OR wanted_until <= t.now))
			RETURNING cursor, failures`, feed, c.holder, q.lease, q.now(), mode == claimDue).Scan(&stored, &c.failures)
		if errors.Is(err, pgx.ErrNoRows) {
			c = nil
			if mode == claimWait {
				if err := q.want(ctx, tx, feed); err != nil {
					return err
				}
			}
			again, err = q.busyFor(ctx, tx, feed)
			return err
		}
		if err != nil {
			return fmt.Errorf("take the lease: %w", err)
		}
		if err := json.Unmarshal(stored, &c.cursor); err != nil {
			return fmt.Errorf("read the cursor: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("claim %s of tenant %s: %w", feed, tenantID, err)
	}
	return c, again, nil
}

// wantedFor outlasts two questions of one that waits for a feed.
const wantedFor = 3 * askAgain

// want keeps the schedule from taking the feed again while somebody waits for it.
func (q *rows) want(ctx context.Context, tx postgres.Tx, feed Feed) error {
	_, err := tx.Exec(ctx, "UPDATE mirror_feeds SET wanted_until = coalesce($2::timestamptz, clock_timestamp()) + $3 WHERE feed = $1",
		feed, q.now(), wantedFor)
	if err != nil {
		return fmt.Errorf("say that somebody waits: %w", err)
	}
	return nil
}

// peek reads the cursor without taking the feed.
func (q *rows) peek(ctx context.Context, tenantID string, feed Feed) (cursor, error) {
	var c cursor
	err := q.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		var stored []byte
		err := tx.QueryRow(ctx, "SELECT cursor FROM mirror_feeds WHERE feed = $1", feed).Scan(&stored)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		return json.Unmarshal(stored, &c)
	})
	if err != nil {
		return cursor{}, fmt.Errorf("read the cursor of %s of tenant %s: %w", feed, tenantID, err)
	}
	return c, nil
}

// busyFor is how long the feed is neither free nor due.
func (q *rows) busyFor(ctx context.Context, tx postgres.Tx, feed Feed) (time.Duration, error) {
	var wait float64
	err := tx.QueryRow(ctx, `
		SELECT extract(epoch FROM greatest(lease_until, next_due, wanted_until) - coalesce($2::timestamptz, clock_timestamp()))::float8
		FROM mirror_feeds WHERE feed = $1`, feed, q.now()).Scan(&wait)
	if err != nil {
		return 0, fmt.Errorf("look when it is free: %w", err)
	}
	return max(seconds(wait), 0), nil
}

// renew prolongs the lease.
func (q *rows) renew(ctx context.Context, tenantID string, feed Feed, holder uuid.UUID) error {
	return q.update(ctx, tenantID, feed, holder, "lease_until = t.now + $4", []any{q.lease})
}

// save stores the cursor, and what a pass has seen with it.
func (q *rows) save(ctx context.Context, tenantID string, feed Feed, holder uuid.UUID, c cursor, seen sightings) error {
	stored, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode the cursor: %w", err)
	}
	return q.update(ctx, tenantID, feed, holder, "lease_until = t.now + $4, cursor = $5", []any{q.lease, stored}, seen.store(tenantID, feed))
}

// outcome is how a run ended.
type outcome struct {
	Summary

	// failed is nil for a success, and for a step that is not over: only with succeeded, changes were followed to their end.
	failed    error
	succeeded bool
	// stopped: it was not the run's fault that it ended, and not its merit.
	stopped  bool
	failures int
	// notice is what somebody should know after a success.
	notice string
	// next is after how long the feed is due again; negative to leave that as it is.
	next time.Duration
}

// finish gives the feed back.
func (q *rows) finish(ctx context.Context, tenantID string, feed Feed, holder uuid.UUID, o outcome) error {
	said := o.notice
	if o.failed != nil {
		said = o.failed.Error()
	}
	return q.update(ctx, tenantID, feed, holder, `
		lease_holder = NULL, lease_until = NULL, last_finished = t.now, failures = $4,
		last_error = CASE WHEN $5 THEN last_error ELSE $6 END,
		last_succeeded = CASE WHEN $7 THEN t.now ELSE last_succeeded END,
		next_due = CASE WHEN $8 THEN t.now + $9 ELSE next_due END,
		records_read = records_read + $10, records_added = records_added + $11, records_changed = records_changed + $12,
		records_removed = records_removed + $13, records_rejected = records_rejected + $14`,
		[]any{
			o.failures, o.stopped, said, o.succeeded && !o.stopped, o.next >= 0, max(o.next, 0),
			o.Read, o.Added, o.Changed, o.Removed, o.Rejected,
		})
}

// update changes the feed's row, as long as it is holder's, and does whatever goes with it in the same transaction.
func (q *rows) update(ctx context.Context, tenantID string, feed Feed, holder uuid.UUID, set string, arguments []any,
	also ...func(context.Context, postgres.Tx) error,
) error {
	arguments = append([]any{feed, holder, q.now()}, arguments...)
	err := q.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE mirror_feeds SET `+set+`
			FROM (SELECT coalesce($3::timestamptz, clock_timestamp()) AS now) t
			WHERE feed = $1 AND lease_holder = $2`, arguments...)
		if err != nil {
			return fmt.Errorf("write the row: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return errLeaseLost
		}
		for _, f := range also {
			if err := f(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep track of %s of tenant %s: %w", feed, tenantID, err)
	}
	return nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
