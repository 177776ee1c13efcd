package mirror

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// reservation is the leave to make one call.
type reservation struct {
	// wait is how long to wait before it.
	wait time.Duration
	// blocked, when positive, is how long the server is not to be called at all; nothing was reserved.
	blocked time.Duration
	// strikes is how often the server has refused calls in a row.
	strikes int
}

// reserve takes the next place in the queue of calls to a tenant's server. The queue is in the database, because
// the limit holds for all replicas and for an import by hand together.
func (q *rows) reserve(ctx context.Context, tenantID, host string, perMinute int) (reservation, error) {
	var r reservation
	err := q.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		interval := time.Minute / time.Duration(perMinute)
		var wait float64
		err := tx.QueryRow(ctx, `
			INSERT INTO mirror_pace AS p (tenant_id, host, paid_until)
			SELECT $1, $2, t.now + $3 FROM (SELECT coalesce($5::timestamptz, clock_timestamp()) AS now) t
			ON CONFLICT (tenant_id, host) DO UPDATE SET
				paid_until = greatest(p.paid_until, coalesce($5::timestamptz, clock_timestamp())) + $3
				WHERE p.blocked_until IS NULL OR p.blocked_until <= coalesce($5::timestamptz, clock_timestamp())
			RETURNING extract(epoch FROM paid_until - $4::interval - coalesce($5::timestamptz, clock_timestamp()))::float8, strikes`,
			tenantID, host, interval, interval*burst, q.now()).Scan(&wait, &r.strikes)
		if err == nil {
			r.wait = max(seconds(wait), 0)
			return nil
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("take a place: %w", err)
		}
		err = tx.QueryRow(ctx, `
			SELECT extract(epoch FROM blocked_until - coalesce($2::timestamptz, clock_timestamp()))::float8 FROM mirror_pace WHERE host = $1`,
			host, q.now()).Scan(&wait)
		if err != nil {
			return fmt.Errorf("see how long it is blocked: %w", err)
		}
		r.blocked = max(seconds(wait), 0) + time.Millisecond // never a little too early
		return nil
	})
	if err != nil {
		return reservation{}, fmt.Errorf("pace the calls of tenant %s: %w", tenantID, err)
	}
	return r, nil
}

// block keeps all processes from calling the server for a while, and says for how long: longer each time in a row.
func (q *rows) block(ctx context.Context, tenantID, host string, strikes int, base time.Duration) (time.Duration, error) {
	wait := jitter(growing(base, strikes))
	err := q.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE mirror_pace SET strikes = $2, blocked_until = coalesce($4::timestamptz, clock_timestamp()) + $3
			WHERE host = $1`, host, strikes+1, wait, q.now())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("hold the calls of tenant %s up: %w", tenantID, err)
	}
	return wait, nil
}

// forgive forgets earlier blocks: the server has answered again.
func (q *rows) forgive(ctx context.Context, tenantID, host string) error {
	err := q.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE mirror_pace SET strikes = 0, blocked_until = NULL WHERE host = $1", host)
		return err
	})
	if err != nil {
		return fmt.Errorf("let the calls of tenant %s go on: %w", tenantID, err)
	}
	return nil
}
