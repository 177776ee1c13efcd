package suspension

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// ErrNotPaused says that there is nothing to resume.
var ErrNotPaused = errors.New("it is not paused")

// Store keeps the pauses. All but Standing is for console_user.
type Store struct{ db *postgres.DB }

// New makes a Store.
func New(db *postgres.DB) *Store { return &Store{db: db} }

// Request is a pause that is asked for.
type Request struct {
	TenantID string // Everybody for all
	Scope    Scope
	Reason   string
	By       string
	// For is how long it lasts; 0 until it is ended.
	For time.Duration
}

// Also is what belongs into the transaction of a change. Its error undoes both.
type Also func(ctx context.Context, tx postgres.Tx, p Pause) error

const (
	// One that stands keeps its beginning, whoever gives it another reason or end.
	pauseTenant = `
		INSERT INTO tenant_pauses AS p (tenant_id, scope, reason, paused_by, ends_at)
		VALUES ($1, $2, $3, $4, CASE WHEN $5::bigint > 0 THEN now() + make_interval(secs => $5::bigint) END)
		ON CONFLICT (tenant_id, scope) DO UPDATE SET reason = excluded.reason, paused_by = excluded.paused_by, ends_at = excluded.ends_at,
			paused_at = CASE WHEN p.ends_at <= now() THEN now() ELSE p.paused_at END
		RETURNING scope, reason, paused_by, paused_at, ends_at`
	pauseAll = `
		INSERT INTO platform_pauses AS p (scope, reason, paused_by, ends_at)
		VALUES ($1, $2, $3, CASE WHEN $4::bigint > 0 THEN now() + make_interval(secs => $4::bigint) END)
		ON CONFLICT (scope) DO UPDATE SET reason = excluded.reason, paused_by = excluded.paused_by, ends_at = excluded.ends_at,
			paused_at = CASE WHEN p.ends_at <= now() THEN now() ELSE p.paused_at END
		RETURNING scope, reason, paused_by, paused_at, ends_at`
)

// Pause begins a pause, or gives one that stands another reason and end.
func (s *Store) Pause(ctx context.Context, r Request, also Also) (Pause, error) {
	var p Pause
	seconds := int64(r.For / time.Second)
	err := s.in(ctx, r.TenantID, func(tx postgres.Tx) (err error) {
		row := func() pgx.Row {
			if r.TenantID == Everybody {
				return tx.QueryRow(ctx, pauseAll, r.Scope, r.Reason, r.By, seconds)
			}
			return tx.QueryRow(ctx, pauseTenant, r.TenantID, r.Scope, r.Reason, r.By, seconds)
		}
		if p, err = scan(row(), r.TenantID); err != nil {
			return err
		}
		return also(ctx, tx, p)
	})
	if err != nil {
		return Pause{}, fmt.Errorf("pause %s of %s: %w", r.Scope, whose(r.TenantID), err)
	}
	return p, nil
}

// Resume ends a pause and gives what it was. ErrNotPaused when none stands: one whose end has come is none.
func (s *Store) Resume(ctx context.Context, tenantID string, scope Scope, also Also) (Pause, error) {
	const (
		ofTenant = `
			DELETE FROM tenant_pauses WHERE tenant_id = $1 AND scope = $2 AND (ends_at IS NULL OR ends_at > now())
			RETURNING scope, reason, paused_by, paused_at, ends_at`
		ofAll = `
			DELETE FROM platform_pauses WHERE scope = $1 AND (ends_at IS NULL OR ends_at > now())
			RETURNING scope, reason, paused_by, paused_at, ends_at`
	)
	var p Pause
	err := s.in(ctx, tenantID, func(tx postgres.Tx) (err error) {
		if tenantID == Everybody {
			p, err = scan(tx.QueryRow(ctx, ofAll, scope), tenantID)
		} else {
			p, err = scan(tx.QueryRow(ctx, ofTenant, tenantID, scope), tenantID)
		}
		if errors.Is(err, pgx.ErrNoRows) {
			err = ErrNotPaused
		}
		if err != nil {
			return err
		}
		return also(ctx, tx, p)
	})
	if err != nil {
		return Pause{}, fmt.Errorf("resume %s of %s: %w", scope, whose(tenantID), err)
	}
	return p, nil
}

// All lists every pause that stands: that of all first, then by tenant.
func (s *Store) All(ctx context.Context) ([]Pause, error) {
	var all []Pause
	err := s.db.InPlatform(ctx, func(tx postgres.Tx) (err error) {
		all, err = list(tx.Query(ctx,
			"SELECT tenant, scope, reason, paused_by, paused_at, ends_at FROM all_pauses() ORDER BY tenant, scope"))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the pauses: %w", err)
	}
	return all, nil
}

// Of lists the pauses that a tenant is under: those of all, and its own.
func (s *Store) Of(ctx context.Context, tenantID string) ([]Pause, error) {
	const query = `
		SELECT '', scope, reason, paused_by, paused_at, ends_at FROM platform_pauses WHERE ends_at IS NULL OR ends_at > now()
		UNION ALL
		SELECT tenant_id, scope, reason, paused_by, paused_at, ends_at FROM tenant_pauses
		WHERE tenant_id = $1 AND (ends_at IS NULL OR ends_at > now())
		ORDER BY 1, 2`
	var all []Pause
	err := s.db.InTenant(ctx, tenantID, func(tx postgres.Tx) (err error) {
		all, err = list(tx.Query(ctx, query, tenantID))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the pauses of tenant %s: %w", tenantID, err)
	}
	return all, nil
}

// Mark is a pause as the metrics have it.
type Mark struct {
	TenantID string // Everybody for all
	Scope    Scope
}

// Standing tells whose pauses stand. Any app may ask.
func (s *Store) Standing(ctx context.Context) ([]Mark, error) {
	var marks []Mark
	err := s.db.InPlatform(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, "SELECT coalesce(tenant, ''), scope FROM standing_pauses()")
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		marks, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Mark])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("see what is paused: %w", err)
	}
	return marks, nil
}

func (s *Store) in(ctx context.Context, tenantID string, fn func(postgres.Tx) error) error {
	if tenantID == Everybody {
		return s.db.InPlatform(ctx, fn)
	}
	return s.db.InTenant(ctx, tenantID, fn)
}

func whose(tenantID string) string {
	if tenantID == Everybody {
		return "all tenants"
	}
	return "tenant " + tenantID
}

func scan(row pgx.Row, tenantID string) (Pause, error) {
	p := Pause{TenantID: tenantID}
	var until *time.Time
	err := row.Scan(&p.Scope, &p.Reason, &p.By, &p.Since, &until)
	if until != nil {
		p.Until = *until
	}
	return p, err
}

func list(rows pgx.Rows, err error) ([]Pause, error) {
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Pause, error) {
		var (
			p     Pause
			until *time.Time
		)
		err := row.Scan(&p.TenantID, &p.Scope, &p.Reason, &p.By, &p.Since, &until)
		if until != nil {
			p.Until = *until
		}
		return p, err
	})
}
