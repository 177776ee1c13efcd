package drafting

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/ai-agents/ai-agents/internal/budget"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Budget is *budget.Guard.
type Budget interface {
	State(ctx context.Context, tenantID string, limits tenant.Budget) (budget.State, error)
	Enter(ctx context.Context, tenantID string, entries ...budget.Entry) error
}

// Meter is *telemetry.Metrics.
type Meter interface {
	LLMCalled(ctx context.Context, tenantID string, c telemetry.LLMCall)
	Masked(kind string, n int)
}

// enterWithin is the patience with the database for what was spent already: whoever waited for the draft may be gone.
const enterWithin = 5 * time.Second

// without says why no model may be asked.
func (d *Drafter) without(ctx context.Context, tenantID string, limits tenant.Budget) (synthesis.Reason, error) {
	if d.deps.Budget == nil {
		return "", nil
	}
	state, err := d.deps.Budget.State(ctx, tenantID, limits)
	if err != nil {
		return "", fmt.Errorf("whether tenant %s may have a model asked: %w", tenantID, err)
	}
	if state == budget.StateOverHard {
		return synthesis.ReasonOverBudget, nil
	}
	return "", nil
}

// account counts what the draft took, and takes it down unless it is a job's.
func (d *Drafter) account(ctx context.Context, r Request, limits tenant.Budget, out synthesis.Output) {
	if d.deps.Meter != nil {
		for _, c := range out.Calls {
			d.deps.Meter.LLMCalled(ctx, r.TenantID, telemetry.LLMCall{
				Model: c.Model, Failure: failure(c), Took: c.Duration, PromptTokens: c.PromptTokens, CachedTokens: c.CachedTokens,
				CompletionTokens: c.CompletionTokens, CostUSD: c.CostUSD, Unpriced: c.Unpriced,
			})
		}
	}
	if d.deps.Budget == nil || r.JobID != "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), enterWithin)
	defer cancel()
	if err := d.deps.Budget.Enter(ctx, r.TenantID, previewed(out)...); err != nil {
		d.deps.Logger.ErrorContext(ctx, "what a preview cost is missing in the books", telemetry.KeyTenant, r.TenantID,
			"calls", len(out.Calls), "error", err)
		return
	}
	d.spent(ctx, r.TenantID, limits)
}

// failure is the kind of a failed call, of whatever client; empty of another.
func failure(c synthesis.Call) telemetry.LLMFailure {
	if c.Error == "" {
		return ""
	}
	return cmp.Or(c.Failure, telemetry.LLMFailed)
}

// Spent has operators told when a limit of the tenant's budget is reached, after what a job's draft cost is recorded. Else the next
// draft tells.
func (d *Drafter) Spent(ctx context.Context, tenantID string) {
	if d.deps.Budget == nil {
		return
	}
	t, err := d.deps.Tenants.Tenant(ctx, tenantID)
	if err != nil {
		d.deps.Logger.WarnContext(ctx, "how a tenant stands with its budget was not looked at", telemetry.KeyTenant, tenantID, "error", err)
		return
	}
	d.spent(ctx, tenantID, t.Preferences.Budget)
}

func (d *Drafter) spent(ctx context.Context, tenantID string, limits tenant.Budget) {
	if _, err := d.deps.Budget.State(ctx, tenantID, limits); err != nil {
		d.deps.Logger.WarnContext(ctx, "how a tenant stands with its budget was not looked at", telemetry.KeyTenant, tenantID, "error", err)
	}
}

func previewed(out synthesis.Output) []budget.Entry {
	var entries []budget.Entry
	for _, c := range out.Calls {
		entries = append(entries, budget.Entry{
			At: c.At, Model: c.Model, Purpose: budget.PurposePreview, Failed: c.Error != "", Unpriced: c.Unpriced,
			PromptTokens: c.PromptTokens, CachedTokens: c.CachedTokens, CompletionTokens: c.CompletionTokens, CostUSD: c.CostUSD,
		})
	}
	if out.Cached {
		entries = append(entries, budget.Entry{At: time.Now(), Model: out.Model, Purpose: budget.PurposePreview, Again: true})
	}
	return entries
}
