package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Amiss is what went wrong for one reason. What other systems said is in it: it is not to be believed.
type Amiss struct {
	TenantID string
	// Kind is "job", "step", "model" or "outage", and Place the event, the step, the model or the dependency.
	Kind, Place string
	Reason      string
	Times       int
	First, Last time.Time
	// JobID is one of the jobs that it happened to; empty when that is not known.
	JobID string
}

const amissColumns = "tenant, kind, place, reason, times, first_at, last_at, coalesce(last_job, '')"

// AllAmiss tells what went wrong since then, of all tenants: the latest first. It is for console_user alone.
func (l *Ledger) AllAmiss(ctx context.Context, since time.Time) ([]Amiss, error) {
	var all []Amiss
	err := l.db.InPlatform(ctx, func(tx postgres.Tx) (err error) {
		all, err = scanAmiss(tx.Query(ctx, "SELECT "+amissColumns+" FROM all_recent_errors($1)", since))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list what went wrong: %w", err)
	}
	return all, nil
}

// Amiss tells what went wrong since then, of a tenant: the latest first.
func (l *Ledger) Amiss(ctx context.Context, tenantID string, since time.Time) ([]Amiss, error) {
	var all []Amiss
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) (err error) {
		all, err = scanAmiss(tx.Query(ctx, "SELECT "+amissColumns+" FROM recent_errors($1)", since))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list what went wrong of tenant %s: %w", tenantID, err)
	}
	return all, nil
}

func scanAmiss(rows pgx.Rows, err error) ([]Amiss, error) {
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Amiss])
}
