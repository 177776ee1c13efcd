package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/budget"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// RecordStep stores what a step produced, in place of what an earlier attempt of it left, together
// with the language-model calls it made, which enter the tenant's usage in the same transaction. What other systems said is
// normalised, and figures that no column holds become the nearest that one does: they would keep the record from being stored, and
// each attempt would pay the model again. Of a run that another one has followed the calls alone are stored, for they were paid: what it
// has found, or written, is of what the ticket said then. enhancement.ErrNotFound.
func (l *Ledger) RecordStep(ctx context.Context, tenantID, jobID string, r enhancement.StepRecord, calls ...enhancement.LLMCall) error {
	batch := &pgx.Batch{}
	calls = storable(calls)
	for _, c := range calls {
		batch.Queue(`
			INSERT INTO llm_calls (tenant_id, job_id, model, prompt_tokens, cached_tokens, completion_tokens, cost_usd, duration_ms, error, called_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			tenantID, jobID, ticket.Normalize(c.Model), c.PromptTokens, c.CachedTokens, c.CompletionTokens, c.CostUSD, milliseconds(c.Duration),
			told(c.Error), c.CalledAt)
	}
	budget.Include(batch, tenantID, entries(r, calls)...)
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		if err := storeStep(ctx, tx, tenantID, jobID, r); err != nil {
			return err
		}
		return tx.SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return explain(err, "record step "+string(r.Step)+" of", jobID)
	}
	return nil
}

// storable are the calls with figures that llm_calls holds.
func storable(calls []enhancement.LLMCall) []enhancement.LLMCall {
	const dearest = 999_999 // numeric(12, 6)
	stored := slices.Clone(calls)
	for i := range stored {
		c := &stored[i]
		for _, n := range []*int{&c.PromptTokens, &c.CachedTokens, &c.CompletionTokens} {
			*n = min(max(0, *n), math.MaxInt32)
		}
		if math.IsNaN(c.CostUSD) {
			c.CostUSD = 0
		}
		c.CostUSD = min(max(0, c.CostUSD), dearest)
	}
	return stored
}

func milliseconds(d time.Duration) int64 { return min(max(0, d.Milliseconds()), math.MaxInt32) }

// entries are what the step's calls add to the tenant's usage.
func entries(r enhancement.StepRecord, calls []enhancement.LLMCall) []budget.Entry {
	var all []budget.Entry
	for _, c := range calls {
		all = append(all, budget.Entry{
			At: c.CalledAt, Model: c.Model, Purpose: budget.PurposeJob, Failed: c.Error != "", Unpriced: c.Unpriced,
			PromptTokens: c.PromptTokens, CachedTokens: c.CachedTokens, CompletionTokens: c.CompletionTokens, CostUSD: c.CostUSD,
		})
	}
	if r.AnswerOf != "" {
		all = append(all, budget.Entry{At: time.Now(), Model: r.AnswerOf, Purpose: budget.PurposeJob, Again: true})
	}
	return all
}

// storeStep is of one order with what begins another run, by the lock of the job's row.
func storeStep(ctx context.Context, tx postgres.Tx, tenantID, jobID string, r enhancement.StepRecord) error {
	const (
		store = `
			INSERT INTO enhancement_steps (tenant_id, job_id, step, outcome, detail, result, account, duration_ms)
			SELECT tenant_id, job_id, $4::text, $5::text, $6::text, $7::jsonb, $8::jsonb, $9::integer FROM enhancement_history
			WHERE tenant_id = $1 AND job_id = $2 AND run = $3 FOR SHARE
			ON CONFLICT (tenant_id, job_id, step) DO UPDATE SET
				outcome = excluded.outcome, detail = excluded.detail, result = excluded.result, account = excluded.account,
				duration_ms = excluded.duration_ms, finished_at = now()`
		look = `SELECT run FROM enhancement_history WHERE tenant_id = $1 AND job_id = $2`
	)
	tag, err := tx.Exec(ctx, store,
		tenantID, jobID, max(1, r.Run), r.Step, r.Outcome, told(r.Detail), orNull(r.Result), orNull(r.Account), milliseconds(r.Duration))
	if err != nil || tag.RowsAffected() > 0 {
		return err
	}
	run := 0
	return tx.QueryRow(ctx, look, tenantID, jobID).Scan(&run) // a job that there is not has no steps, either
}

func orNull(document json.RawMessage) any {
	if len(document) == 0 {
		return nil
	}
	return []byte(document)
}

// Steps returns what the job's steps have recorded so far, by name.
func (l *Ledger) Steps(ctx context.Context, tenantID, jobID string) (map[enhancement.Step]enhancement.StepRecord, error) {
	const query = `
		SELECT step, outcome, detail, result, account, duration_ms, finished_at
		FROM enhancement_steps WHERE tenant_id = $1 AND job_id = $2`
	steps := make(map[enhancement.Step]enhancement.StepRecord)
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, query, tenantID, jobID)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		var (
			r               enhancement.StepRecord
			result, account []byte
			milliseconds    int64
		)
		_, err = pgx.ForEachRow(rows, []any{&r.Step, &r.Outcome, &r.Detail, &result, &account, &milliseconds, &r.FinishedAt}, func() error {
			record := r
			record.Result, record.Account = slices.Clone(result), slices.Clone(account)
			record.Duration = time.Duration(milliseconds) * time.Millisecond
			steps[record.Step] = record
			return nil
		})
		return err
	})
	if err != nil {
		return nil, explain(err, "load the steps of", jobID)
	}
	return steps, nil
}

// LLMCalls returns the language-model calls made for a job, oldest first.
func (l *Ledger) LLMCalls(ctx context.Context, tenantID, jobID string) ([]enhancement.LLMCall, error) {
	const query = `
		SELECT model, prompt_tokens, cached_tokens, completion_tokens, cost_usd::float8, duration_ms, error, called_at
		FROM llm_calls WHERE tenant_id = $1 AND job_id = $2 ORDER BY called_at`
	var calls []enhancement.LLMCall
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, query, tenantID, jobID)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		calls, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (enhancement.LLMCall, error) {
			var (
				c            enhancement.LLMCall
				milliseconds int64
			)
			err := row.Scan(&c.Model, &c.PromptTokens, &c.CachedTokens, &c.CompletionTokens, &c.CostUSD, &milliseconds, &c.Error, &c.CalledAt)
			c.Duration = time.Duration(milliseconds) * time.Millisecond
			return c, err
		})
		return err
	})
	if err != nil {
		return nil, explain(err, "load the model calls of", jobID)
	}
	return calls, nil
}

// longestTold is how many characters of what another system said are kept.
const longestTold = 2_000

// told is what another system said, as it is kept: without what deceives, and not at any length.
func told(text string) string { return ticket.Truncate(ticket.Normalize(text), longestTold) }
