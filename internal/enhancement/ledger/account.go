package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// QueueAccount is how a tenant's queue fares.
type QueueAccount struct {
	TenantID               string
	Waiting, Held, Running int
	// Failed are those of the last 24 hours.
	Failed int
	// Troubled are unfinished jobs whose message could not be delivered.
	Troubled int
	// Oldest is when the oldest pending job was received; zero for none.
	Oldest time.Time
	// HeldSince is since when the first of the held ones is, and HeldFor what they wait for.
	HeldSince time.Time
	HeldFor   []string
}

const accountColumns = "tenant, waiting, held, running, failed, troubled, oldest, held_since, held_for"

// Accounts tells how the queues of all tenants fare in which something happens. It is for console_user alone.
func (l *Ledger) Accounts(ctx context.Context) ([]QueueAccount, error) {
	var accounts []QueueAccount
	err := l.db.InPlatform(ctx, func(tx postgres.Tx) (err error) {
		accounts, err = scanAccounts(tx.Query(ctx, "SELECT "+accountColumns+" FROM all_queue_accounts() ORDER BY tenant"))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("account for the queues: %w", err)
	}
	return accounts, nil
}

// Account tells how the tenant's queue fares.
func (l *Ledger) Account(ctx context.Context, tenantID string) (QueueAccount, error) {
	account := QueueAccount{TenantID: tenantID}
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		found, err := scanAccounts(tx.Query(ctx, "SELECT "+accountColumns+" FROM queue_account()"))
		if len(found) > 0 {
			account = found[0]
		}
		return err
	})
	if err != nil {
		return QueueAccount{}, fmt.Errorf("account for the queue of tenant %s: %w", tenantID, err)
	}
	return account, nil
}

func scanAccounts(rows pgx.Rows, err error) ([]QueueAccount, error) {
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (QueueAccount, error) {
		var (
			a                 QueueAccount
			oldest, heldSince *time.Time
		)
		err := row.Scan(&a.TenantID, &a.Waiting, &a.Held, &a.Running, &a.Failed, &a.Troubled, &oldest, &heldSince, &a.HeldFor)
		if oldest != nil {
			a.Oldest = *oldest
		}
		if heldSince != nil {
			a.HeldSince = *heldSince
		}
		return a, err
	})
}
