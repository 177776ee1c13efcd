package telemetry

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestWhatModelsCostIsCounted(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC)
	m := newMetrics("", DefaultTenants, func() time.Time { return now })
	page := func() string {
		rec := httptest.NewRecorder()
		m.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
		return rec.Body.String()
	}
	m.LLMCalled(t.Context(), "alpha", LLMCall{Model: "m", Took: 3 * time.Second, PromptTokens: 100, CachedTokens: 60, CompletionTokens: 20, CostUSD: 0.5})
	m.LLMCalled(t.Context(), "alpha", LLMCall{Model: "m", Failure: LLMThrottled, Unpriced: true})
	m.Cached(CacheAnswer, CacheHit)
	november := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	m.BudgetState("alpha", november, "over_hard")
	m.BudgetState("beta", november, "over_soft")
	m.BudgetState("gamma", november, "within")
	m.BudgetState("delta", november, "within")
	m.BudgetState("delta", time.Time{}, "")
	m.BudgetAlert("alpha", "hard")
	got := page()
	for _, want := range []string{
		`llm_calls_total{model="m",outcome="answered",tenant_id="alpha"} 1`, `llm_calls_total{model="m",outcome="failed",tenant_id="alpha"} 1`,
		`llm_tokens_total{kind="prompt",model="m",tenant_id="alpha"} 40`, `llm_tokens_total{kind="cached_prompt",model="m",tenant_id="alpha"} 60`,
		`llm_tokens_total{kind="completion",model="m",tenant_id="alpha"} 20`, `llm_cost_usd_total{tenant_id="alpha"} 0.5`,
		`llm_unpriced_calls_total{model="m"} 1`, `cache_requests_total{cache="answer",result="hit"} 1`,
		`llm_errors_total{model="m",reason="throttled"} 1`, `llm_call_duration_seconds_sum{model="m",outcome="answered"} 3`, `llm_budget_state{tenant_id="alpha"} 2`,
		`llm_budget_state{tenant_id="beta"} 1`, `llm_budget_state{tenant_id="gamma"} 0`, `llm_budget_alerts_total{level="hard",tenant_id="alpha"} 1`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("%s is not in\n%s", want, got)
		}
	}
	if strings.Contains(got, "delta") {
		t.Error("a tenant without a budget has a state")
	}
	now = now.Add(time.Hour) // December
	if got := page(); !strings.Contains(got, `llm_budget_state{tenant_id="alpha"} 0`) {
		t.Errorf("the month is over, and alpha over its budget:\n%s", got)
	}
}
