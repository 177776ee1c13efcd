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
	"github.com/ai-agents/ai-agents/internal/suspension"
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
	jobs   *ledger.Ledger
	full   *fullTenants
	paused *pausedTenants
}

// NewLedger limits what goes into jobs. now is this process's clock, on which nothing depends but how long a tenant
// that is full is refused without asking the database.
func NewLedger(jobs *ledger.Ledger, now func() time.Time) *Ledger {
	return &Ledger{jobs: jobs, full: newFullTenants(now), paused: newPausedTenants(now)}
}

// Terms are what a webhook is accepted by.
type Terms struct {
	// PerMinute is how many the tenant may have accepted in 60 seconds.
	PerMinute int
	// Version of the tenant by which the sender was believed.
	Version int64
}

// ErrOutdated says that the tenant is no longer the one by which the sender was believed: it was changed or disabled.
var ErrOutdated = errors.New("the tenant was changed meanwhile")

// Accept is the ledger's, within the limit: a job that would be one more than terms allow in 60 seconds is not
// accepted (*FullError) and leaves no trace. A job that is under way or done is no more work and is not counted.
// Nothing is accepted, either, by a version of the tenant that is not the present one (ErrOutdated): the
// acceptance and a change of the tenant are in one order, whatever copies of it there are. While the tenant's intake is paused,
// no job is accepted (*PausedError) that the ledger does not have; for one that it has, nothing changes.
func (l *Ledger) Accept(ctx context.Context, job enhancement.Job, terms Terms) (Acceptance, error) {
	if full := l.full.recall(job.TenantID, terms.PerMinute); full != nil {
		// Cheap enough for a flood: it reads one key, where accepting would write and wait for the tenant's lock.
		known, err := l.jobs.Known(ctx, job.TenantID, job.ID)
		if err != nil {
			return Acceptance{}, fmt.Errorf("a tenant at its limit: %w", err)
		}
		if !known {
			return Acceptance{}, full
		}
	}
	if paused := l.paused.recall(job.TenantID); paused != nil {
		known, err := l.jobs.Known(ctx, job.TenantID, job.ID)
		if err != nil {
			return Acceptance{}, fmt.Errorf("a tenant whose intake is paused: %w", err)
		}
		if !known {
			return Acceptance{}, paused
		}
	}
	var counted int64
	accepted, err := l.jobs.AcceptAnd(ctx, job, func(ctx context.Context, tx postgres.Tx, a ledger.Accepted) error {
		if !a.Fresh {
			return present(ctx, tx, job.TenantID, terms.Version)
		}
		var err error
		counted, err = take(ctx, tx, job.TenantID, terms)
		return err
	})
	if full, ok := errors.AsType[*FullError](err); ok {
		l.full.learn(job.TenantID, full)
	}
	if paused, ok := errors.AsType[*PausedError](err); ok {
		l.paused.learn(job.TenantID, paused)
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

// present checks that the tenant is enabled and has the version.
func present(ctx context.Context, tx postgres.Tx, tenantID string, version int64) error {
	const query = "SELECT EXISTS (SELECT FROM tenant_configs WHERE tenant_id = $1 AND enabled AND version = $2)"
	is := false
	if err := tx.QueryRow(ctx, query, tenantID, version).Scan(&is); err != nil {
		return fmt.Errorf("look at the tenant's version: %w", err)
	}
	if !is {
		return ErrOutdated
	}
	return nil
}

// take is present, sees to it that the intake is not paused, and counts one webhook, for as long as the transaction stands. It returns the second it was counted
// under. The tenant's count stays locked until then.
func take(ctx context.Context, tx postgres.Tx, tenantID string, terms Terms) (int64, error) {
	// One statement for all: it is on the way of every webhook.
	const query = `
		SELECT EXISTS (SELECT FROM tenant_configs WHERE tenant_id = $1 AND enabled AND version = $3), counted, wait,
			p.everybody IS NOT NULL, extract(epoch FROM p.ends_at - now())::float8
		FROM webhook_rate_take($1, $2) LEFT JOIN pause_of($4) p ON true`
	var (
		is, paused bool
		counted    *int64
		wait, left *float64 // seconds
	)
	err := tx.QueryRow(ctx, query, tenantID, terms.PerMinute, terms.Version, suspension.Intake).Scan(&is, &counted, &wait, &paused, &left)
	switch {
	case err != nil:
		return 0, fmt.Errorf("count a webhook: %w", err)
	case !is:
		return 0, ErrOutdated
	case paused:
		return 0, pausedFor(left)
	case counted != nil:
		return *counted, nil
	}
	full := &FullError{PerMinute: terms.PerMinute}
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
