package budget

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Books are the tables.
type Books struct{ db *postgres.DB }

// New gives the books in db.
func New(db *postgres.DB) *Books { return &Books{db: db} }

// Enter enters what belongs to no job. What belongs to one is entered by the ledger, with the step's record.
func (b *Books) Enter(ctx context.Context, tenantID string, entries ...Entry) error {
	if len(entries) == 0 {
		return nil
	}
	batch := &pgx.Batch{}
	Include(batch, tenantID, entries...)
	err := b.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error { return tx.SendBatch(ctx, batch).Close() })
	if err != nil {
		return fmt.Errorf("enter what models cost tenant %s: %w", tenantID, err)
	}
	return nil
}

// Period is a time in days, both included, in UTC.
type Period struct{ First, Last time.Time }

// Month is the calendar month of a moment.
func Month(at time.Time) Period {
	at = at.UTC()
	first := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
	return Period{First: first, Last: first.AddDate(0, 1, -1)}
}

// Usage is what a model was used for on a day.
type Usage struct {
	Sums

	Day     time.Time
	Model   string
	Purpose Purpose
}

// Usage tells what the tenant used in the period, by day, model and purpose.
func (b *Books) Usage(ctx context.Context, tenantID string, p Period) ([]Usage, error) {
	const query = `
		SELECT day, model, purpose, calls, failed, cached_answers, unpriced, prompt_tokens, cached_tokens, completion_tokens, cost_usd::float8
		FROM llm_usage WHERE tenant_id = $1 AND day BETWEEN $2 AND $3 ORDER BY day, model, purpose`
	var used []Usage
	err := b.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, query, tenantID, p.First, p.Last)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		used, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (u Usage, err error) {
			err = row.Scan(&u.Day, &u.Model, &u.Purpose, &u.Calls, &u.Failed, &u.CachedAnswers, &u.Unpriced,
				&u.PromptTokens, &u.CachedTokens, &u.CompletionTokens, &u.CostUSD)
			return u, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read what models cost tenant %s: %w", tenantID, err)
	}
	return used, nil
}

// TenantUsage is what a tenant used in a period, and what it may spend in a month.
type TenantUsage struct {
	Sums

	TenantID string
	Limits   tenant.Budget
}

// All tells what each tenant used in the period; those that used nothing are left out. It is for console_user alone.
func (b *Books) All(ctx context.Context, p Period) ([]TenantUsage, error) {
	const query = `
		SELECT tenant, calls, failed, cached_answers, unpriced, prompt_tokens, cached_tokens, completion_tokens, cost_usd, soft_usd, hard_usd
		FROM all_llm_usage($1, $2) ORDER BY tenant`
	var used []TenantUsage
	err := b.db.InPlatform(ctx, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, query, p.First, p.Last)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		used, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (u TenantUsage, err error) {
			err = row.Scan(&u.TenantID, &u.Calls, &u.Failed, &u.CachedAnswers, &u.Unpriced, &u.PromptTokens, &u.CachedTokens,
				&u.CompletionTokens, &u.CostUSD, &u.Limits.SoftUSD, &u.Limits.HardUSD)
			return u, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read what models cost all tenants: %w", err)
	}
	return used, nil
}
