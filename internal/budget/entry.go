// Package budget owns what language models cost each tenant, day by day: the tables llm_usage and llm_budget_alerts, what of a
// month's budget is spent, and who is told of it.
package budget

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/ticket"
)

// Purpose is what a model was asked for. The names are stored.
type Purpose string

// The purposes.
const (
	PurposeJob     Purpose = "job"
	PurposePreview Purpose = "preview" // and whatever else belongs to no job
)

// Entry is one request to a model, failed ones included, or an answer that was given again without one.
type Entry struct {
	At      time.Time
	Model   string
	Purpose Purpose
	// Again says that there was no request: the answer is an earlier one.
	Again  bool
	Failed bool
	// Unpriced says that the model's price is not known, and CostUSD therefore 0.
	Unpriced bool

	PromptTokens, CachedTokens, CompletionTokens int
	CostUSD                                      float64
}

// Sums are what entries come to.
type Sums struct {
	Calls            int64 // requests
	Failed           int64 // of them
	CachedAnswers    int64 // answers without a request
	Unpriced         int64 // requests of which the price is not known
	PromptTokens     int64
	CachedTokens     int64 // of PromptTokens
	CompletionTokens int64
	CostUSD          float64
}

// dearest is the most that one request is taken to cost, far below what a column holds: a sum that none holds would keep all else
// from being recorded.
const dearest = 999_999

func (s *Sums) enter(e Entry) {
	if e.Again {
		s.CachedAnswers++
		return
	}
	s.Calls++
	if e.Failed {
		s.Failed++
	}
	if e.Unpriced {
		s.Unpriced++
	}
	s.PromptTokens += int64(max(0, e.PromptTokens))
	s.CachedTokens += int64(max(0, e.CachedTokens))
	s.CompletionTokens += int64(max(0, e.CompletionTokens))
	if e.CostUSD > 0 { // and a number
		s.CostUSD += min(e.CostUSD, dearest)
	}
}

// Add adds other to s.
func (s *Sums) Add(other Sums) {
	s.Calls += other.Calls
	s.Failed += other.Failed
	s.CachedAnswers += other.CachedAnswers
	s.Unpriced += other.Unpriced
	s.PromptTokens += other.PromptTokens
	s.CachedTokens += other.CachedTokens
	s.CompletionTokens += other.CompletionTokens
	s.CostUSD += other.CostUSD
}

// account is what a row of llm_usage is of.
type account struct {
	day     string // as 2026-11-23, in UTC
	model   string
	purpose Purpose
}

func (a account) compare(b account) int {
	return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.model, b.model), cmp.Compare(a.purpose, b.purpose))
}

// Include adds what enters the tenant's entries to a batch that is sent in the tenant's transaction, so that they are counted if, and
// only if, it is committed.
func Include(batch *pgx.Batch, tenantID string, entries ...Entry) {
	const longestModel = 200
	sums := map[account]*Sums{}
	for _, e := range entries {
		at := account{e.At.UTC().Format(time.DateOnly), ticket.Truncate(ticket.Normalize(e.Model), longestModel), e.Purpose}
		if sums[at] == nil {
			sums[at] = &Sums{}
		}
		sums[at].enter(e)
	}
	// In one order everywhere: two transactions that take the same rows the other way around would wait for each other.
	for _, at := range slices.SortedFunc(maps.Keys(sums), account.compare) {
		s := sums[at]
		batch.Queue(`
			INSERT INTO llm_usage AS u (tenant_id, day, model, purpose, calls, failed, cached_answers, unpriced,
				prompt_tokens, cached_tokens, completion_tokens, cost_usd)
			VALUES ($1, $2::date, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
			ON CONFLICT (tenant_id, day, model, purpose) DO UPDATE SET
				calls = u.calls + excluded.calls, failed = u.failed + excluded.failed,
				cached_answers = u.cached_answers + excluded.cached_answers, unpriced = u.unpriced + excluded.unpriced,
				prompt_tokens = u.prompt_tokens + excluded.prompt_tokens, cached_tokens = u.cached_tokens + excluded.cached_tokens,
				completion_tokens = u.completion_tokens + excluded.completion_tokens, cost_usd = u.cost_usd + excluded.cost_usd`,
			tenantID, at.day, at.model, at.purpose, s.Calls, s.Failed, s.CachedAnswers, s.Unpriced,
			s.PromptTokens, s.CachedTokens, s.CompletionTokens, s.CostUSD)
	}
}
