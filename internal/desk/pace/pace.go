// Package pace owns how fast a tenant's ServiceDesk Plus is called by what no ticket waits for: one queue of calls for each
// tenant and host, in the table mirror_pace, for all replicas and processes together, and the waits that grow.
package pace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Burst is how many calls may be made at once after a silence. With the cloud's pace it keeps any minute below 30.
const Burst = 4

// longestBlock is what waits for a server that limits calls end at.
const longestBlock = time.Hour

// Place is the leave to make one call.
type Place struct {
	// Wait is how long to wait before it.
	Wait time.Duration
	// Blocked, when positive, is how long the server is not to be called at all; nothing was reserved.
	Blocked time.Duration
	// Strikes is how often the server has refused calls in a row.
	Strikes int
}

// Pace keeps the queues of calls. It is safe for concurrent use.
type Pace struct {
	db    *postgres.DB
	clock func() time.Time
}

// New makes a Pace. clock is for tests: when nil, time is the database's, which is the same for all processes.
func New(db *postgres.DB, clock func() time.Time) *Pace { return &Pace{db: db, clock: clock} }

// now is the argument of the SQL expression `now`.
func (p *Pace) now() *time.Time {
	if p.clock == nil {
		return nil
	}
	t := p.clock()
	return &t
}

// Reserve takes the next place in the queue of calls to a tenant's server. The queue is in the database, because
// the limit holds for all replicas and for an import by hand together.
func (p *Pace) Reserve(ctx context.Context, tenantID, host string, perMinute int) (Place, error) {
	var place Place
	err := p.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		interval := time.Minute / time.Duration(perMinute)
		var wait float64
		err := tx.QueryRow(ctx, `
			INSERT INTO mirror_pace AS p (tenant_id, host, paid_until)
			SELECT $1, $2, t.now + $3 FROM (SELECT coalesce($5::timestamptz, clock_timestamp()) AS now) t
			ON CONFLICT (tenant_id, host) DO UPDATE SET
				paid_until = greatest(p.paid_until, coalesce($5::timestamptz, clock_timestamp())) + $3
				WHERE p.blocked_until IS NULL OR p.blocked_until <= coalesce($5::timestamptz, clock_timestamp())
			RETURNING extract(epoch FROM paid_until - $4::interval - coalesce($5::timestamptz, clock_timestamp()))::float8, strikes`,
			tenantID, host, interval, interval*Burst, p.now()).Scan(&wait, &place.Strikes)
		if err == nil {
			place.Wait = max(seconds(wait), 0)
			return nil
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("take a place: %w", err)
		}
		err = tx.QueryRow(ctx, `
			SELECT extract(epoch FROM blocked_until - coalesce($2::timestamptz, clock_timestamp()))::float8 FROM mirror_pace WHERE host = $1`,
			host, p.now()).Scan(&wait)
		if err != nil {
			return fmt.Errorf("see how long it is blocked: %w", err)
		}
		place.Blocked = max(seconds(wait), 0) + time.Millisecond // never a little too early
		return nil
	})
	if err != nil {
		return Place{}, fmt.Errorf("pace the calls of tenant %s: %w", tenantID, err)
	}
	return place, nil
}

// Block keeps all processes from calling the server for a while, and says for how long: base, doubled with each time in a row
// before, up to an hour.
func (p *Pace) Block(ctx context.Context, tenantID, host string, strikes int, base time.Duration) (time.Duration, error) {
	wait := pause.Jittered(pause.Doubled(base, longestBlock, strikes))
	err := p.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE mirror_pace SET strikes = $2, blocked_until = coalesce($4::timestamptz, clock_timestamp()) + $3
			WHERE host = $1`, host, strikes+1, wait, p.now())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("hold the calls of tenant %s up: %w", tenantID, err)
	}
	return wait, nil
}

// Forgive forgets earlier blocks: the server has answered again.
func (p *Pace) Forgive(ctx context.Context, tenantID, host string) error {
	err := p.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE mirror_pace SET strikes = 0, blocked_until = NULL WHERE host = $1", host)
		return err
	})
	if err != nil {
		return fmt.Errorf("let the calls of tenant %s go on: %w", tenantID, err)
	}
	return nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
