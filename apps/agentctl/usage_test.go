package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/budget"
)

func (w *world) spend(t *testing.T, model string, usd float64) {
	t.Helper()
	err := budget.New(w.DB).Enter(t.Context(), "alpha", budget.Entry{
		At: time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC), Model: model, Purpose: budget.PurposeJob, PromptTokens: 100, CachedTokens: 50,
		CompletionTokens: 10, CostUSD: usd,
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestUsage(t *testing.T) {
	w := environment(t)
	mustApply(t)
	w.spend(t, "m", 1.5)
	w.spend(t, "=cmd()", 0.25)
	if out := must(t, "", "usage"); strings.Contains(out, "alpha") || !strings.Contains(out, "TENANT") {
		t.Errorf("of this month: %s", out)
	}
	for args, want := range map[string][]string{
		"usage --month 2026-02":                      {"COST (USD)", "alpha   2", "1.7500"},
		"usage --month 2026-02 --tenant alpha":       {"DAY", "2026-02-28  m       job", "total", "1.7500", "2026-02: 1.7500 USD spent, no budget"},
		"usage --month 2026-02 --csv":                {"tenant,calls,failed,cached,unpriced,prompt_tokens,of_them_cached,completion_tokens,cost_usd\nalpha,2,0,0,0,200,100,20,1.7500\n"},
		"usage --month 2026-02 --csv --tenant alpha": {"day,model,purpose,calls", "\n2026-02-28,m,job,1,0,0,0,100,50,10,1.5000\n", "\n2026-02-28,'=cmd(),job,"},
	} {
		out := must(t, "", args)
		for _, text := range want {
			if !strings.Contains(out, text) {
				t.Errorf("%s prints %s, without %q", args, out, text)
			}
		}
	}
	var total adminapi.UsageTotal
	if err := json.Unmarshal([]byte(must(t, "", "usage --month 2026-02 --json")), &total); err != nil || total.TenantID != "alpha" || total.CostUSD != 1.75 {
		t.Errorf("%+v, %v", total, err)
	}
	lines := strings.Split(strings.TrimSpace(must(t, "", "usage --month 2026-02 --tenant alpha --json")), "\n")
	var row adminapi.UsageRow
	if err := json.Unmarshal([]byte(lines[1]), &row); err != nil || len(lines) != 2 || row.Model != "m" || row.Day != "2026-02-28" {
		t.Errorf("%q, %v", lines, err)
	}
	fails(t, "", "usage --month february", `"february" is no month`, "2026-11")
	fails(t, "", "usage --csv --json", "choose one")
	fails(t, "", "usage --tenant unknown", "no such tenant")
}

func TestUsageShowsTheBudget(t *testing.T) {
	w := environment(t)
	mustApply(t)
	w.spend(t, "m", 3)
	for budget, want := range map[string]string{
		`{"soft_usd":2}`:                "3.0000 USD spent, soft limit 2.0000, no hard limit: OVER THE SOFT LIMIT",
		`{"soft_usd":2,"hard_usd":3}`:   "hard limit 3.0000: OVER THE HARD LIMIT: notes are made without a model",
		`{"soft_usd":20,"hard_usd":30}`: "within the budget",
	} {
		w.exec(t, "UPDATE tenant_configs SET enhancement_prefs = enhancement_prefs || '{\"budget\":"+budget+"}' WHERE tenant_id = 'alpha'")
		if out := must(t, "", "usage --tenant alpha --month 2026-02"); !strings.Contains(out, want) {
			t.Errorf("with %s: %s", budget, out)
		}
	}
	w.exec(t, "INSERT INTO llm_budget_alerts (tenant_id, month, level, limit_usd, spent_usd) VALUES ('alpha', '2026-02-01', 'soft', 2, 3)")
	if out := must(t, "", "usage --tenant alpha --month 2026-02"); !strings.Contains(out, "told of the soft limit at") {
		t.Errorf("with an alert: %s", out)
	}
}

// A token that is restricted to tenants shows those, and lives on when one of them does not exist.
func TestUsageWithARestrictedToken(t *testing.T) {
	w := environment(t)
	mustApply(t)
	w.spend(t, "m", 3)
	out, _, err := apart(t.Context(), "", "token", "create", "--name", "restricted", "--may", "jobs:read", "--tenant", "alpha", "--tenant", "gone", "--valid", "1d")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("AGENTCTL_TOKEN", strings.TrimSpace(out))
	if out := must(t, "", "usage --month 2026-02"); !strings.Contains(out, "alpha") {
		t.Errorf("shows %s", out)
	}
}
