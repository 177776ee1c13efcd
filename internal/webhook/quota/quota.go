// Package quota owns how much of the platform one tenant's webhooks may take: how many are accepted in a minute,
// counted in the table webhook_rate for all replicas together, and how many are at the database at once.
package quota

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// FullError says that a tenant's webhooks of the last minute are as many as it may send.
type FullError struct {
	PerMinute  int
	RetryAfter time.Duration // until there is room for one more, if no other takes it
}

// Error implements error.
func (e *FullError) Error() string {
	return fmt.Sprintf("%d webhooks were accepted in the last minute, which is the limit: there is room in %s", e.PerMinute, e.RetryAfter)
}

// Acceptance is what became of a webhook that was let in.
type Acceptance struct {
	ledger.Accepted // Fresh: this webhook was counted

	counted int64 // the second under which it was, since 1970
}

// Ledger is the ledger of jobs with a limit to how many a tenant adds in a minute.
type Ledger struct {
	jobs *ledger.Ledger
	full *fullTenants
}

// NewLedger limits what goes into jobs. now is this process's clock, on which nothing depends but how long a tenant
// that is full is refused without asking the database.
func NewLedger(jobs *ledger.Ledger, now func() time.Time) *Ledger {
	return &Ledger{jobs: jobs, full: newFullTenants(now)}
}

// Accept is the ledger's, within the limit: a job that would be one more than perMinute in 60 seconds is not
// accepted (*FullError) and leaves no trace. A job that is under way or done is no more work and is not counted.
func (l *Ledger) Accept(ctx context.Context, job enhancement.Job, perMinute int) (Acceptance, error) {
	if full := l.full.recall(job.TenantID, perMinute); full != nil {
		// Cheap enough for a flood: it reads one key, where accepting would write and wait for the tenant's lock.
		known, err := l.jobs.Known(ctx, job.TenantID, job.ID)
		if err != nil {
			return Acceptance{}, fmt.Errorf("a tenant at its limit: %w", err)
		}
		if !known {
			return Acceptance{}, full
		}
	}
	var counted int64
	accepted, err := l.jobs.AcceptAnd(ctx, job, func(ctx context.Context, tx postgres.Tx) error {
		var err error
		counted, err = take(ctx, tx, job.TenantID, perMinute)
		return err
	})
	if full, ok := errors.AsType[*FullError](err); ok {
		l.full.learn(job.TenantID, full)
	}
	if err != nil {
		return Acceptance{}, fmt.Errorf("within the limit: %w", err)
	}
	return Acceptance{Accepted: accepted, counted: counted}, nil
}

// Confirm is the ledger's.
func (l *Ledger) Confirm(ctx context.Context, tenantID, jobID string) error {
	if err := l.jobs.Confirm(ctx, tenantID, jobID); err != nil {
		return fmt.Errorf("within the limit: %w", err)
	}
	return nil
}

// Withdraw is the ledger's, for a fresh acceptance, and makes room again: what was not accepted in the end does not count.
func (l *Ledger) Withdraw(ctx context.Context, tenantID, jobID string, a Acceptance) (bool, error) {
	withdrawn, err := l.jobs.WithdrawAnd(ctx, tenantID, jobID, func(ctx context.Context, tx postgres.Tx) error {
		return giveBack(ctx, tx, tenantID, a.counted)
	})
	if err != nil {
		return false, fmt.Errorf("within the limit: %w", err)
	}
	if withdrawn {
		l.full.forget(tenantID)
	}
	return withdrawn, nil
}

// take counts one webhook, for as long as the transaction stands, and returns the second it was counted under.
// The tenant's row stays locked until then.
func take(ctx context.Context, tx postgres.Tx, tenantID string, perMinute int) (int64, error) {
	var (
		counted *int64
		wait    *float64 // seconds
	)
	err := tx.QueryRow(ctx, "SELECT counted, wait FROM webhook_rate_take($1, $2)", tenantID, perMinute).Scan(&counted, &wait)
	if err != nil {
		return 0, fmt.Errorf("count a webhook: %w", err)
	}
	if counted != nil {
		return *counted, nil
	}
	full := &FullError{PerMinute: perMinute}
	if wait != nil {
		full.RetryAfter = time.Duration(*wait * float64(time.Second))
	}
	return 0, full
}

// giveBack undoes a take that was committed. A second that is over for good has nothing to give back.
func giveBack(ctx context.Context, tx postgres.Tx, tenantID string, counted int64) error {
	const query = `
		UPDATE webhook_rate SET accepted[$2 % 61 + 1] = accepted[$2 % 61 + 1] - 1
		WHERE tenant_id = $1 AND $2 BETWEEN newest - 60 AND newest AND accepted[$2 % 61 + 1] > 0`
	if _, err := tx.Exec(ctx, query, tenantID, counted); err != nil {
		return fmt.Errorf("take back the count of a webhook: %w", err)
	}
	return nil
}
