package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/suspension"
)

const (
	// lease outlasts the call of a list and the wait for it. Two that poll a tenant at once make no job twice; it only costs calls.
	lease = time.Minute
	// firstLook is how far back the first poll of a tenant looks that is known for longer, as after an upgrade.
	firstLook = 10 * time.Minute
)

// errLeaseLost says that another process polls the tenant, or that it is gone: this one was silent for too long.
var errLeaseLost = errors.New("another process has taken the poll over")

// rows reads and writes the table reconcile_polls.
type rows struct {
	db    *postgres.DB
	clock func() time.Time // nil: the database's
	// enhancer is whose tenants are polled.
	enhancer string
}

// now is the argument of the SQL expression `now`.
func (q *rows) now() *time.Time {
	if q.clock == nil {
		return nil
	}
	t := q.clock()
	return &t
}

// due lists enabled tenants of the enhancer to be polled, those first that have waited for longest.
func (q *rows) due(ctx context.Context, most int) ([]string, error) {
	var tenants []string
	err := q.db.InPlatform(ctx, func(tx postgres.Tx) error {
		found, err := tx.Query(ctx, "SELECT due_reconcile_polls($1, $2)", most, q.enhancer)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		tenants, err = pgx.CollectRows(found, pgx.RowTo[string])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the polls that are due: %w", err)
	}
	return tenants, nil
}

// silence is for how long the requests of each enabled tenant, or of the one whose own enhancer this is, have not been followed to their end.
func (q *rows) silence(ctx context.Context) (map[string]time.Duration, error) {
	silence := make(map[string]time.Duration)
	err := q.db.InPlatform(ctx, func(tx postgres.Tx) error {
		found, err := tx.Query(ctx, "SELECT tenant, seconds FROM reconcile_silence() WHERE $1 IN ('', tenant)", q.enhancer)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		var (
			id      string
			seconds float64
		)
		_, err = pgx.ForEachRow(found, []any{&id, &seconds}, func() error {
			silence[id] = max(time.Duration(seconds*float64(time.Second)), 0)
			return nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("see how long tenants have not been polled: %w", err)
	}
	return silence, nil
}

// claimed is a tenant that is ours to poll for a while.
type claimed struct {
	holder uuid.UUID
	state  state
	// since and enabledSince: what was created before is left alone; ours.
	since, enabledSince time.Time
	// succeeded is when the list was last followed to its end; zero for never.
	succeeded time.Time
	failures  int
	// paused says that the tenant's intake is, and pausedSince since when it was found so, as long as what came in meanwhile has
	// not been looked at; zero for never.
	paused      bool
	pausedSince time.Time
}

const (
	// planQuery makes the row of a tenant. Its first poll is somewhere within the interval, so that those of tenants that become
	// known together are not made together.
	planQuery = `
		INSERT INTO reconcile_polls (tenant_id, since, next_due)
		SELECT c.tenant_id, greatest(c.enabled_since, t.now - $2::interval), t.now + random() * $3::interval
		FROM tenant_configs c, (SELECT coalesce($4::timestamptz, clock_timestamp()) AS now) t
		WHERE c.tenant_id = $1 AND c.enabled ON CONFLICT DO NOTHING`
	claimQuery = `
		UPDATE reconcile_polls p SET lease_holder = $2, lease_until = t.now + $3, last_started = t.now, polls = p.polls + 1
		FROM tenant_configs c, (SELECT coalesce($4::timestamptz, clock_timestamp()) AS now) t
		WHERE p.tenant_id = $1 AND c.tenant_id = p.tenant_id AND c.enabled
			AND (p.lease_until IS NULL OR p.lease_until <= t.now) AND p.next_due <= t.now
		RETURNING p.since, c.enabled_since, p.position, p.skip, p.last_ticket, p.behind, p.clock_ahead_ms, p.last_succeeded, p.failures, p.paused_since`
	pausedQuery = `
		UPDATE reconcile_polls SET paused_since = coalesce(paused_since, t.now), paused_seen = t.now
		FROM (SELECT coalesce($2::timestamptz, clock_timestamp()) AS now) t
		WHERE tenant_id = $1`
	saveQuery = `
		UPDATE reconcile_polls SET lease_until = coalesce($3::timestamptz, clock_timestamp()) + $4,
			position = $5, skip = $6, last_ticket = $7, behind = $8, clock_ahead_ms = $9
		WHERE tenant_id = $1 AND lease_holder = $2`
	finishQuery = `
		UPDATE reconcile_polls SET lease_holder = NULL, lease_until = NULL,
			position = $4, skip = $5, last_ticket = $6, behind = $7, clock_ahead_ms = $8, failures = $9,
			last_error = CASE WHEN $10 THEN last_error ELSE $11 END,
			last_succeeded = CASE WHEN $12 THEN t.now ELSE last_succeeded END,
			paused_since = CASE WHEN $12 THEN NULL ELSE paused_since END,
			next_due = CASE WHEN $13 THEN t.now + $14 ELSE next_due END,
			requests_listed = requests_listed + $15, requests_missed = requests_missed + $16,
			requests_skipped = requests_skipped + $17, requests_left_out = requests_left_out + $18
		FROM (SELECT coalesce($3::timestamptz, clock_timestamp()) AS now) t
		WHERE tenant_id = $1 AND lease_holder = $2`
)

// claim takes the poll of an enabled tenant when it is due and free; nil when it is not.
func (q *rows) claim(ctx context.Context, tenantID string, interval time.Duration) (*claimed, error) {
	c := &claimed{holder: uuid.New()}
	err := q.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		if _, err := tx.Exec(ctx, planQuery, tenantID, firstLook, interval, q.now()); err != nil {
			return fmt.Errorf("plan the first poll: %w", err)
		}
		var (
			position, succeeded, pausedSince *time.Time
			aheadMS                          int64
		)
		err := tx.QueryRow(ctx, claimQuery, tenantID, c.holder, lease, q.now()).Scan(&c.since, &c.enabledSince, &position,
			&c.state.place.skip, &c.state.place.last, &c.state.behind, &aheadMS, &succeeded, &c.failures, &pausedSince)
		if errors.Is(err, pgx.ErrNoRows) {
			c = nil
			return nil
		}
		if err != nil {
			return fmt.Errorf("take the lease: %w", err)
		}
		c.state.ahead = time.Duration(aheadMS) * time.Millisecond
		if position != nil {
			c.state.place.at = *position
		}
		if succeeded != nil {
			c.succeeded = *succeeded
		}
		if pausedSince != nil {
			c.pausedSince = *pausedSince
		}
		return q.notePause(ctx, tx, tenantID, c)
	})
	if err != nil {
		return nil, fmt.Errorf("claim the poll of tenant %s: %w", tenantID, err)
	}
	return c, nil
}

// notePause finds out whether the tenant's intake is paused, and remembers it.
func (q *rows) notePause(ctx context.Context, tx postgres.Tx, tenantID string, c *claimed) error {
	paused, err := suspension.In(ctx, tx, suspension.Intake)
	if err != nil || paused == nil {
		return err
	}
	c.paused = true
	_, err = tx.Exec(ctx, pausedQuery, tenantID, q.now())
	return err
}

// save moves the position. The jobs of everything before it have to be in the ledger by now.
func (q *rows) save(ctx context.Context, tenantID string, holder uuid.UUID, s state) error {
	return q.update(ctx, "keep the place of", tenantID, func(tx postgres.Tx) (int64, error) {
		tag, err := tx.Exec(ctx, saveQuery, tenantID, holder, q.now(), lease, s.place.stored(), s.place.skip, s.place.last, s.behind, s.ahead.Milliseconds())
		return tag.RowsAffected(), err
	})
}

// finish gives the tenant back.
func (q *rows) finish(ctx context.Context, tenantID string, holder uuid.UUID, s state, e ending) error {
	return q.update(ctx, "end", tenantID, func(tx postgres.Tx) (int64, error) {
		tag, err := tx.Exec(ctx, finishQuery, tenantID, holder, q.now(), s.place.stored(), s.place.skip, s.place.last, s.behind, s.ahead.Milliseconds(),
			e.failures, e.stopped, e.said, e.caughtUp, !e.stopped, max(e.next, 0), e.listed, e.missed, e.skipped, e.leftOut)
		return tag.RowsAffected(), err
	})
}

func (q *rows) update(ctx context.Context, verb, tenantID string, change func(postgres.Tx) (int64, error)) error {
	err := q.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		changed, err := change(tx)
		if err == nil && changed == 0 {
			return errLeaseLost
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%s the poll of tenant %s: %w", verb, tenantID, err)
	}
	return nil
}
