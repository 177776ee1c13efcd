package budget

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// State is how much of a month's budget is spent.
type State string

// The states. A tenant without limits is within them.
const (
	StateWithin   State = "within"
	StateOverSoft State = "over_soft"
	StateOverHard State = "over_hard" // no model is asked until the month is over, or the limit raised
)

// Level is one of the two limits. The names are stored.
type Level string

// The levels.
const (
	LevelSoft Level = "soft"
	LevelHard Level = "hard"
)

// Alert is when operators were told that a limit is reached.
type Alert struct {
	Level              Level
	LimitUSD, SpentUSD float64
	At                 time.Time
}

// Standing is how a tenant stands with its budget in a month.
type Standing struct {
	Month    Period
	SpentUSD float64
	Limits   tenant.Budget
	// Alerts are those of the month.
	Alerts []Alert
}

// State is how much is spent: a limit that is reached exactly is spent.
func (s Standing) State() State {
	switch {
	case s.Limits.HardUSD > 0 && s.SpentUSD >= s.Limits.HardUSD:
		return StateOverHard
	case s.Limits.SoftUSD > 0 && s.SpentUSD >= s.Limits.SoftUSD:
		return StateOverSoft
	default:
		return StateWithin
	}
}

// due are the alerts that nobody has been given yet: one for each limit that is reached, unless there was one for a limit at
// least as high.
func (s Standing) due() []Alert {
	var due []Alert
	for level, limit := range map[Level]float64{LevelSoft: s.Limits.SoftUSD, LevelHard: s.Limits.HardUSD} {
		if limit <= 0 || s.SpentUSD < limit {
			continue
		}
		told := false
		for _, a := range s.Alerts {
			told = told || a.Level == level && a.LimitUSD >= limit
		}
		if !told {
			due = append(due, Alert{Level: level, LimitUSD: limit, SpentUSD: s.SpentUSD})
		}
	}
	return due
}

// Standing tells how the tenant stands with limits in the month of a moment.
func (b *Books) Standing(ctx context.Context, tenantID string, limits tenant.Budget, at time.Time) (Standing, error) {
	s := Standing{Month: Month(at), Limits: limits}
	err := b.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		err := tx.QueryRow(ctx, `SELECT coalesce(sum(cost_usd), 0)::float8 FROM llm_usage WHERE tenant_id = $1 AND day BETWEEN $2 AND $3`,
			tenantID, s.Month.First, s.Month.Last).Scan(&s.SpentUSD)
		if err != nil {
			return fmt.Errorf("add up: %w", err)
		}
		rows, err := tx.Query(ctx, `
			SELECT level, limit_usd::float8, spent_usd::float8, alerted_at FROM llm_budget_alerts
			WHERE tenant_id = $1 AND month = $2 ORDER BY alerted_at, level`, tenantID, s.Month.First)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		s.Alerts, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (a Alert, err error) {
			err = row.Scan(&a.Level, &a.LimitUSD, &a.SpentUSD, &a.At)
			return a, err
		})
		return err
	})
	if err != nil {
		return Standing{}, fmt.Errorf("read how tenant %s stands with its budget: %w", tenantID, err)
	}
	return s, nil
}

// alert takes down that operators are told, and says whether nobody did before. A limit that was raised is another one.
func (b *Books) alert(ctx context.Context, tenantID string, month Period, a Alert) (first bool, err error) {
	err = b.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		tag, err := tx.Exec(ctx, `
			INSERT INTO llm_budget_alerts AS a (tenant_id, month, level, limit_usd, spent_usd) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (tenant_id, month, level) DO UPDATE SET
				limit_usd = excluded.limit_usd, spent_usd = excluded.spent_usd, alerted_at = now()
			WHERE excluded.limit_usd > a.limit_usd`, tenantID, month.First, a.Level, a.LimitUSD, a.SpentUSD)
		first = tag.RowsAffected() > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("take down an alert for tenant %s: %w", tenantID, err)
	}
	return first, nil
}
