package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Everywhere gives the page of the jobs of all tenants, newest first, without their tickets' texts; Withheld is not looked at. It is for
// console_user alone.
func (l *Ledger) Everywhere(ctx context.Context, page List) ([]enhancement.Job, error) {
	const query = "SELECT " + listedColumns + " FROM all_jobs($1, $2, $3, $4, $5, $6, $7)"
	var beforeID *string
	if page.Before.JobID != "" {
		beforeID = &page.Before.JobID
	}
	var jobs []enhancement.Job
	err := l.db.InPlatform(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, query, page.Status, page.TicketID, postgres.TimeOrNull(page.Since), postgres.TimeOrNull(page.Until),
			postgres.TimeOrNull(page.Before.ReceivedAt), beforeID, page.Limit)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		jobs, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (enhancement.Job, error) { return scanJob(row) })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the jobs of all tenants: %w", err)
	}
	return jobs, nil
}

// Hour counts the jobs that were received in an hour.
type Hour struct {
	// Begins is in UTC.
	Begins                        time.Time
	Completed, Failed, Unfinished int
	// Median and Slow are how long the completed ones took, at the 50th and the 95th percentile; 0 without any.
	Median, Slow time.Duration
}

// hourColumns are what scanHours reads.
const hourColumns = "hour, completed, failed, unfinished, p50_ms, p95_ms"

// Activity counts the tenant's jobs that were received from then on, the earliest hour first. Hours without any are not there.
func (l *Ledger) Activity(ctx context.Context, tenantID string, since time.Time) (hours []Hour, err error) {
	err = l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) (err error) {
		hours, err = scanHours(tx.Query(ctx, "SELECT "+hourColumns+" FROM activity($1) ORDER BY hour", since))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count the jobs of tenant %s: %w", tenantID, err)
	}
	return hours, nil
}

// AllActivity is Activity of all tenants together. It is for console_user alone.
func (l *Ledger) AllActivity(ctx context.Context, since time.Time) (hours []Hour, err error) {
	err = l.db.InPlatform(ctx, func(tx postgres.Tx) (err error) {
		hours, err = scanHours(tx.Query(ctx, "SELECT "+hourColumns+" FROM all_activity($1) ORDER BY hour", since))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count the jobs of all tenants: %w", err)
	}
	return hours, nil
}

func scanHours(rows pgx.Rows, err error) ([]Hour, error) {
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Hour, error) {
		var (
			h            Hour
			median, slow *float64
		)
		err := row.Scan(&h.Begins, &h.Completed, &h.Failed, &h.Unfinished, &median, &slow)
		h.Begins, h.Median, h.Slow = h.Begins.UTC(), ofMilliseconds(median), ofMilliseconds(slow)
		return h, err
	})
}

func ofMilliseconds(ms *float64) time.Duration {
	if ms == nil {
		return 0
	}
	return time.Duration(*ms * float64(time.Millisecond))
}
