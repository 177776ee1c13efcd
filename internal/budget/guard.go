package budget

import (
	"context"
	"log/slog"
	"time"

	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Metrics hears of budgets.
type Metrics interface {
	BudgetState(tenantID string, month time.Time, state string)
	BudgetAlert(tenantID, level string)
}

// Guard says whether a tenant may still have a model asked, and tells operators when a limit is reached. It may be used
// concurrently.
type Guard struct {
	*Books

	metrics Metrics
	logger  *slog.Logger
	now     func() time.Time
}

// NewGuard makes a Guard of books.
func NewGuard(books *Books, metrics Metrics, logger *slog.Logger, now func() time.Time) *Guard {
	return &Guard{Books: books, metrics: metrics, logger: logger, now: now}
}

// State says how much of the month's budget is spent. It is asked before each draft, and nothing is reserved: drafts that are under
// way at once may each overshoot the limit with what they cost themselves. That it fails leaves open whether money is left, so no
// model may be asked then.
func (g *Guard) State(ctx context.Context, tenantID string, limits tenant.Budget) (State, error) {
	if limits == (tenant.Budget{}) {
		g.metrics.BudgetState(tenantID, time.Time{}, "")
		return StateWithin, nil
	}
	standing, err := g.Standing(ctx, tenantID, limits, g.now())
	if err != nil {
		return "", err
	}
	g.metrics.BudgetState(tenantID, standing.Month.First, string(standing.State()))
	for _, a := range standing.due() {
		g.tell(ctx, tenantID, standing, a)
	}
	return standing.State(), nil
}

// tell gives the alert, if no other replica did. An alert that cannot be taken down is given all the same: twice is better than
// never, and the next draft tries again.
func (g *Guard) tell(ctx context.Context, tenantID string, s Standing, a Alert) {
	first, err := g.alert(ctx, tenantID, s.Month, a)
	if err != nil {
		g.logger.ErrorContext(ctx, "an alert about a budget was not taken down and may come again", "error", err)
	} else if !first {
		return
	}
	g.metrics.BudgetAlert(tenantID, string(a.Level))
	logger := g.logger.With(telemetry.KeyTenant, tenantID, "month", s.Month.First.Format("2006-01"), "limit_usd", a.LimitUSD, "spent_usd", a.SpentUSD)
	if a.Level == LevelHard {
		logger.ErrorContext(ctx, "a tenant has spent its budget for language models: its notes are made without one until the month is over")
		return
	}
	logger.WarnContext(ctx, "a tenant has reached the soft limit of its budget for language models")
}
