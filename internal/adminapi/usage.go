package adminapi

import (
	"context"
	"time"
)

// LongestUsage is how many days can be asked for at once.
const LongestUsage = 400

// UsageSums are what requests to language models come to.
type UsageSums struct {
	Calls            int64   `json:"calls"              doc:"Requests to models."`
	Failed           int64   `json:"failed"             doc:"Those of them that were not answered."`
	CachedAnswers    int64   `json:"cached_answers"     doc:"Earlier answers that were given again, without a request."`
	Unpriced         int64   `json:"unpriced"           doc:"Requests to models of which no price is known: what they cost is missing."`
	PromptTokens     int64   `json:"prompt_tokens"`
	CachedTokens     int64   `json:"cached_tokens"      doc:"Those of prompt_tokens that the server had read before."`
	CompletionTokens int64   `json:"completion_tokens"`
	CostUSD          float64 `json:"cost_usd"           doc:"By the prices that held when the requests were made."`
}

// UsageRow is what a tenant used a model for on a day.
type UsageRow struct {
	UsageSums

	Day     string `json:"day"     doc:"In UTC."                                                     format:"date"`
	Model   string `json:"model"   doc:"As it is configured; with Azure, the deployment."`
	Purpose string `json:"purpose" doc:"What for: a job's note, or what belongs to no job." enum:"job,preview"`
}

// TenantUsage is what a tenant used in a period, day by day, and how it stands with its budget.
type TenantUsage struct {
	TenantID string         `json:"tenant_id"`
	From     string         `json:"from"      format:"date"`
	To       string         `json:"to"        format:"date" doc:"Included."`
	Items    []UsageRow     `json:"items"`
	Total    UsageSums      `json:"total"`
	Budget   BudgetStanding `json:"budget"`
}

// BudgetStanding is how a tenant stands with its budget in a calendar month.
type BudgetStanding struct {
	Month    string        `json:"month"              doc:"The one of the last day asked for, in UTC, as 2026-11." pattern:"^[0-9]{4}-[0-9]{2}$"`
	SpentUSD float64       `json:"spent_usd"`
	SoftUSD  float64       `json:"soft_usd,omitempty" doc:"Absent: no such limit."`
	HardUSD  float64       `json:"hard_usd,omitempty" doc:"Absent: no such limit."`
	State    BudgetState   `json:"state"              enum:"within,over_soft,over_hard" doc:"Over the hard limit, notes are made without a model."`
	Alerts   []BudgetAlert `json:"alerts,omitempty"   doc:"When operators were told that a limit is reached."`
}

// BudgetState is how much of a budget is spent.
type BudgetState string

// BudgetAlert is when operators were told that a limit is reached.
type BudgetAlert struct {
	Level    string    `json:"level"      enum:"soft,hard"`
	LimitUSD float64   `json:"limit_usd"`
	SpentUSD float64   `json:"spent_usd"`
	At       time.Time `json:"at"`
}

// UsageTotal is what a tenant used in a period, and what it may spend in a month.
type UsageTotal struct {
	UsageSums

	TenantID string  `json:"tenant_id"`
	SoftUSD  float64 `json:"soft_usd,omitempty"`
	HardUSD  float64 `json:"hard_usd,omitempty"`
}

// Usage tells what a tenant used from one day to another, both included (2026-11-01); of this month when both are empty.
func (c *Client) Usage(ctx context.Context, tenantID, from, to string) (TenantUsage, error) {
	var out TenantUsage
	err := c.do(ctx, get(tenantPath(tenantID, "usage"), filter("from", from, "to", to)), &out)
	return out, err
}

// AllUsage tells what each tenant used in the period, or the one that is named.
func (c *Client) AllUsage(ctx context.Context, tenantID, from, to string) ([]UsageTotal, error) {
	var out Page[UsageTotal]
	err := c.do(ctx, get("/usage", filter("tenant_id", tenantID, "from", from, "to", to)), &out)
	return out.Items, err
}
