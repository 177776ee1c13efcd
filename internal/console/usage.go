package console

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/budget"
)

func (s *Server) usageRoutes() {
	register(s, operation{
		id: "list-usage", method: http.MethodGet, path: "/usage", needs: permission(access.JobsRead), tenantInQuery: true,
		summary: "Tell what language models cost each tenant",
		detail: "Of those that used any in the period. Days are in UTC; this month unless from and to say otherwise. A token that is " +
			"restricted to tenants has to name one of them.",
		errors: []int{http.StatusNotFound},
	}, s.listUsage)
	register(s, operation{
		id: "get-usage", method: http.MethodGet, path: pathTenant + "/usage", needs: permission(access.JobsRead),
		summary: "Tell what language models cost a tenant",
		detail: "By day, model and purpose, with how it stands with its budget in the month of the last day. Days are in UTC; this month " +
			"unless from and to say otherwise.",
		errors: []int{http.StatusNotFound},
	}, s.getUsage)
}

// UsagePeriod is what is asked for in days, both included.
type UsagePeriod struct {
	From string `query:"from" doc:"The first day, as 2026-11-01; that of the month of to when absent." format:"date"`
	To   string `query:"to"   doc:"The last day; that of the month of from when absent."               format:"date"`
}

// period reads the days. One of them alone means the rest of its month.
func (p UsagePeriod) period(now time.Time) (budget.Period, error) {
	month := budget.Month(now)
	var wrong []FieldProblem
	day := func(value, location string) time.Time {
		at, err := time.Parse(time.DateOnly, value)
		if err != nil && value != "" {
			wrong = append(wrong, FieldProblem{Location: location, Message: "expected a day, as 2026-11-01"})
		}
		return at
	}
	from, to := day(p.From, "query.from"), day(p.To, "query.to")
	switch {
	case p.From != "" && p.To == "":
		to = budget.Month(from).Last
	case p.From == "" && p.To != "":
		from = budget.Month(to).First
	case p.From == "":
		from, to = month.First, month.Last
	}
	if len(wrong) == 0 && to.Before(from) {
		wrong = append(wrong, FieldProblem{Location: "query.to", Message: "is before from"})
	}
	if len(wrong) == 0 && !to.Before(from.AddDate(0, 0, adminapi.LongestUsage)) {
		wrong = append(wrong, FieldProblem{Location: "query.to", Message: fmt.Sprintf("is more than %d days after from", adminapi.LongestUsage)})
	}
	if len(wrong) > 0 {
		return budget.Period{}, invalid(wrong...)
	}
	return budget.Period{First: from, Last: to}, nil
}

type listUsage struct {
	UsagePeriod

	TenantID string `query:"tenant_id" doc:"Only this tenant." maxLength:"63"`
}

type usageTotals struct {
	Body adminapi.Page[adminapi.UsageTotal]
}

func (s *Server) listUsage(ctx context.Context, in *listUsage) (*usageTotals, error) {
	period, err := in.period(s.now())
	if err != nil {
		return nil, err
	}
	used, err := s.usageOf(ctx, in.TenantID, period)
	if err != nil {
		return nil, err
	}
	answer := &usageTotals{}
	answer.Body.Items = make([]adminapi.UsageTotal, len(used))
	for i, u := range used {
		answer.Body.Items[i] = adminapi.UsageTotal{
			TenantID: u.TenantID, UsageSums: adminapi.UsageSums(u.Sums), SoftUSD: u.Limits.SoftUSD, HardUSD: u.Limits.HardUSD,
		}
	}
	return answer, nil
}

func (s *Server) usageOf(ctx context.Context, tenantID string, period budget.Period) ([]budget.TenantUsage, error) {
	if tenantID == "" {
		return s.usage.All(ctx, period)
	}
	record, err := s.tenants.Read(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	used, err := s.usage.Usage(ctx, tenantID, period)
	if err != nil || len(used) == 0 {
		return nil, err
	}
	one := budget.TenantUsage{TenantID: tenantID, Limits: record.Preferences.Budget}
	for _, u := range used {
		one.Add(u.Sums)
	}
	return []budget.TenantUsage{one}, nil
}

type getUsage struct {
	TenantPath
	UsagePeriod
}

type usageAnswer struct {
	Body adminapi.TenantUsage
}

func (s *Server) getUsage(ctx context.Context, in *getUsage) (*usageAnswer, error) {
	period, err := in.period(s.now())
	if err != nil {
		return nil, err
	}
	record, err := s.tenants.Read(ctx, in.TenantID)
	if err != nil {
		return nil, err
	}
	used, err := s.usage.Usage(ctx, in.TenantID, period)
	if err != nil {
		return nil, err
	}
	standing, err := s.usage.Standing(ctx, in.TenantID, record.Preferences.Budget, period.Last)
	if err != nil {
		return nil, err
	}
	answer := &usageAnswer{Body: adminapi.TenantUsage{
		TenantID: in.TenantID, From: period.First.Format(time.DateOnly), To: period.Last.Format(time.DateOnly),
		Items: make([]adminapi.UsageRow, len(used)), Budget: showStanding(standing),
	}}
	var total budget.Sums
	for i, u := range used {
		total.Add(u.Sums)
		answer.Body.Items[i] = adminapi.UsageRow{
			Day: u.Day.Format(time.DateOnly), Model: u.Model, Purpose: string(u.Purpose), UsageSums: adminapi.UsageSums(u.Sums),
		}
	}
	answer.Body.Total = adminapi.UsageSums(total)
	return answer, nil
}

func showStanding(standing budget.Standing) adminapi.BudgetStanding {
	shown := adminapi.BudgetStanding{
		Month: standing.Month.First.Format("2006-01"), SpentUSD: standing.SpentUSD,
		SoftUSD: standing.Limits.SoftUSD, HardUSD: standing.Limits.HardUSD, State: adminapi.BudgetState(standing.State()),
	}
	for _, a := range standing.Alerts {
		shown.Alerts = append(shown.Alerts, adminapi.BudgetAlert{Level: string(a.Level), LimitUSD: a.LimitUSD, SpentUSD: a.SpentUSD, At: a.At})
	}
	return shown
}
