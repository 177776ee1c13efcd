package crew

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Register has the rows of all replicas. Beat and Leave are for app_user, the rest is for console_user.
type Register struct{ db *postgres.DB }

// NewRegister makes a Register.
func NewRegister(db *postgres.DB) *Register { return &Register{db: db} }

// Beat tells of a replica, and whether it is to be drained.
func (r *Register) Beat(ctx context.Context, m Member) (drain bool, err error) {
	err = r.db.InPlatform(ctx, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, "SELECT worker_beat($1, $2, $3, $4, $5)", m.Replica, m.Version, m.State, m.Steps, m.Enhancer).Scan(&drain)
	})
	if err != nil {
		return false, fmt.Errorf("tell of replica %s: %w", m.Replica, err)
	}
	return drain, nil
}

// Leave removes a replica that ends.
func (r *Register) Leave(ctx context.Context, replica string) error {
	err := r.db.InPlatform(ctx, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, "SELECT worker_gone($1)", replica)
		return err
	})
	if err != nil {
		return fmt.Errorf("remove replica %s: %w", replica, err)
	}
	return nil
}

const memberColumns = "replica, enhancer, version, state, steps, started_at, seen_at, seen_at < now() - $1::interval, drain, drained_by, drained_at"

// List gives all replicas that were heard of lately, those that began first first.
func (r *Register) List(ctx context.Context) ([]Member, error) {
	var all []Member
	err := r.db.InPlatform(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, "SELECT "+memberColumns+" FROM workers ORDER BY started_at, replica", silentAfter)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Member, error) { return scan(row) })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the replicas: %w", err)
	}
	return all, nil
}

// Also is what belongs into the transaction of a change. Its error undoes both.
type Also func(ctx context.Context, tx postgres.Tx) error

// Drain has a replica take no work any more; it hears of that with its next beat. ErrLast when no other one of its enhancer takes work, unless that is
// meant: of several that are drained at once, one is refused. Without effect, and without also, on one that is to be drained already.
func (r *Register) Drain(ctx context.Context, replica, by string, evenLast bool, also Also) (Member, error) {
	const others = `
		SELECT count(*) FROM workers
		WHERE replica <> $1 AND enhancer = (SELECT enhancer FROM workers WHERE replica = $1) AND NOT drain AND state = 'working' AND seen_at >= now() - $2::interval`
	return r.change(ctx, replica, true, by, func(ctx context.Context, tx postgres.Tx) error {
		left := 0
		if err := tx.QueryRow(ctx, others, replica, silentAfter).Scan(&left); err != nil {
			return fmt.Errorf("count the others: %w", err)
		}
		if left == 0 && !evenLast {
			return ErrLast
		}
		return also(ctx, tx)
	})
}

// Undrain has it take work again.
func (r *Register) Undrain(ctx context.Context, replica, by string, also Also) (Member, error) {
	return r.change(ctx, replica, false, by, also)
}

func (r *Register) change(ctx context.Context, replica string, drain bool, by string, also Also) (Member, error) {
	const (
		// Changes take turns, for each depends on all rows.
		turn = "SELECT FROM workers ORDER BY replica FOR UPDATE"
		look = "SELECT " + memberColumns + " FROM workers WHERE replica = $2"
		set  = `
			UPDATE workers SET drain = $3, drained_by = CASE WHEN $3 THEN $4 ELSE '' END, drained_at = CASE WHEN $3 THEN now() END
			WHERE replica = $2 RETURNING ` + memberColumns
	)
	var m Member
	err := r.db.InPlatform(ctx, func(tx postgres.Tx) (err error) {
		if _, err := tx.Exec(ctx, turn); err != nil {
			return fmt.Errorf("wait for other changes: %w", err)
		}
		m, err = scan(tx.QueryRow(ctx, look, silentAfter, replica))
		if errors.Is(err, pgx.ErrNoRows) {
			err = ErrNoReplica
		}
		if err != nil || m.Drain == drain {
			return err
		}
		if err := also(ctx, tx); err != nil {
			return err
		}
		m, err = scan(tx.QueryRow(ctx, set, silentAfter, replica, drain, by))
		return err
	})
	if err != nil {
		return Member{}, fmt.Errorf("change replica %s: %w", replica, err)
	}
	return m, nil
}

func scan(row pgx.Row) (Member, error) {
	var (
		m  Member
		at *time.Time
	)
	err := row.Scan(&m.Replica, &m.Enhancer, &m.Version, &m.State, &m.Steps, &m.StartedAt, &m.SeenAt, &m.Silent, &m.Drain, &m.By, &at)
	if at != nil {
		m.At = *at
	}
	return m, err
}
