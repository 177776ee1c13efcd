package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/budget"
)

// spend enters that the tenant spent a dollar amount on a day at noon.
func (w *world) spend(tenantID, day string, usd float64) {
	w.t.Helper()
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		w.t.Fatal(err)
	}
	err = budget.New(w.store.DB).Enter(w.t.Context(), tenantID, budget.Entry{
		At: at.Add(12 * time.Hour), Model: "m", Purpose: budget.PurposeJob, PromptTokens: 100, CachedTokens: 50, CompletionTokens: 10, CostUSD: usd,
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestWhatModelsCostATenant(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.create("beta")
	w.exec(`UPDATE tenant_configs SET enhancement_prefs = enhancement_prefs || '{"budget":{"soft_usd":2,"hard_usd":10}}' WHERE tenant_id = 'alpha'`)
	w.spend("alpha", "2026-02-28", 1)
	w.spend("alpha", "2026-02-28", 2)
	w.spend("alpha", "2026-03-01", 4)
	w.spend("beta", "2026-02-01", 8)
	w.exec(`INSERT INTO llm_budget_alerts (tenant_id, month, level, limit_usd, spent_usd) VALUES ('alpha', '2026-02-01', 'soft', 2, 3)`)

	got := read[adminapi.TenantUsage](t, w.call(http.MethodGet, "/tenants/alpha/usage?from=2026-02-01&to=2026-02-28", nil), http.StatusOK)
	sums := adminapi.UsageSums{Calls: 2, PromptTokens: 200, CachedTokens: 100, CompletionTokens: 20, CostUSD: 3}
	if len(got.Budget.Alerts) != 1 || got.Budget.Alerts[0].Level != "soft" || got.Budget.Alerts[0].SpentUSD != 3 || got.Budget.Alerts[0].At.IsZero() {
		t.Errorf("alerts %+v", got.Budget.Alerts)
	}
	got.Budget.Alerts = nil
	want := adminapi.TenantUsage{
		TenantID: "alpha", From: "2026-02-01", To: "2026-02-28", Total: sums,
		Items:  []adminapi.UsageRow{{Day: "2026-02-28", Model: "m", Purpose: "job", UsageSums: sums}},
		Budget: adminapi.BudgetStanding{Month: "2026-02", SpentUSD: 3, SoftUSD: 2, HardUSD: 10, State: "over_soft"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for query, want := range map[string]string{
		"?from=2026-02-28": "2026-02-28 2026-02-28 3", "?to=2026-03-05": "2026-03-01 2026-03-05 4", "?from=2026-02-01&to=2026-03-31": "2026-02-01 2026-03-31 7",
	} {
		got := read[adminapi.TenantUsage](t, w.call(http.MethodGet, "/tenants/alpha/usage"+query, nil), http.StatusOK)
		if said := fmt.Sprint(got.From, " ", got.To, " ", got.Total.CostUSD); said != want {
			t.Errorf("%s: %s", query, said)
		}
	}
	now := budget.Month(w.clock.now())
	if got := read[adminapi.TenantUsage](t, w.call(http.MethodGet, "/tenants/alpha/usage", nil), http.StatusOK); got.From != now.First.Format(time.DateOnly) ||
		got.To != now.Last.Format(time.DateOnly) || got.Items == nil {
		t.Errorf("of this month: %+v", got)
	}
}

func TestWhatModelsCostAllTenants(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.create("beta")
	w.create("gamma")
	w.spend("alpha", "2026-02-28", 1)
	w.spend("beta", "2026-02-01", 8)
	w.spend("gamma", "2026-03-01", 8)
	for query, want := range map[string]string{"": "alpha beta", "&tenant_id=beta": "beta", "&tenant_id=gamma": ""} {
		got := read[adminapi.Page[adminapi.UsageTotal]](t, w.call(http.MethodGet, "/usage?from=2026-02-01&to=2026-02-28"+query, nil), http.StatusOK)
		var ids []string
		for _, u := range got.Items {
			ids = append(ids, u.TenantID)
			if u.TenantID == "beta" && (u.CostUSD != 8 || u.Calls != 1) {
				t.Errorf("%+v", u)
			}
		}
		if strings.Join(ids, " ") != want {
			t.Errorf("%q: %q", query, ids)
		}
	}
	if got := w.call(http.MethodGet, "/usage?tenant_id=unknown", nil); got.Code != http.StatusNotFound {
		t.Errorf("an unknown tenant: %d", got.Code)
	}
	if got := w.call(http.MethodGet, "/tenants/unknown/usage", nil); got.Code != http.StatusNotFound {
		t.Errorf("an unknown tenant: %d", got.Code)
	}
}

func TestPeriodsOfUsageThatAreNone(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	for query, want := range map[string]string{
		"?from=2026-02-30": "query.from", "?to=yesterday": "query.to", "?from=2026-02-02&to=2026-02-01": "is before from",
		"?from=2024-01-01&to=2026-02-01": "400 days",
	} {
		for _, path := range []string{"/usage", "/tenants/alpha/usage"} {
			if got := w.call(http.MethodGet, path+query, nil); got.Code != http.StatusUnprocessableEntity || !strings.Contains(got.Body.String(), want) {
				t.Errorf("%s%s: %d %s", path, query, got.Code, got.Body)
			}
		}
	}
}
