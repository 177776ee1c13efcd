package ledger_test

import (
	"math"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/budget"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

// What a job's model cost is counted if, and only if, its step is recorded, and outlives the job.
func TestUsageIsCountedWithTheStep(t *testing.T) {
	store := tenantstoretest.New(t)
	store.Save(t, "alpha")
	l, books := ledger.New(store.DB), budget.New(store.DB)
	j := job()
	accept(t, l, j)
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	calls := []enhancement.LLMCall{
		{Model: "m", Error: "status 500", CalledAt: at},
		{Model: "m", PromptTokens: 100, CachedTokens: 60, CompletionTokens: 20, CostUSD: 0.5, CalledAt: at},
		{Model: "other", PromptTokens: 10, Unpriced: true, CalledAt: at},
	}
	step := enhancement.StepRecord{Step: enhancement.StepSynthesize, Outcome: enhancement.OutcomeOK}
	if err := l.RecordStep(t.Context(), "alpha", "0f8fad5b-d9cb-469f-a165-70867728950e", step, calls...); err == nil {
		t.Fatal("a step of no job was recorded")
	}
	if err := l.RecordStep(t.Context(), "alpha", j.ID, step, calls...); err != nil {
		t.Fatal(err)
	}
	if stored, err := l.LLMCalls(t.Context(), "alpha", j.ID); err != nil || len(stored) != 3 || stored[1].CachedTokens+stored[0].CachedTokens+stored[2].CachedTokens != 60 {
		t.Errorf("calls %+v, %v", stored, err)
	}
	step.AnswerOf = "m"
	if err := l.RecordStep(t.Context(), "alpha", j.ID, step); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Database.Admin.Exec(t.Context(), "DELETE FROM enhancement_history"); err != nil {
		t.Fatal(err)
	}
	var sum budget.Sums
	used, err := books.Usage(t.Context(), "alpha", budget.Period{First: at.AddDate(-10, 0, 0), Last: at.AddDate(10, 0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range used {
		if u.Purpose != budget.PurposeJob {
			t.Errorf("%+v", u)
		}
		sum.Add(u.Sums)
	}
	if want := (budget.Sums{Calls: 3, Failed: 1, CachedAnswers: 1, Unpriced: 1, PromptTokens: 110, CachedTokens: 60, CompletionTokens: 20, CostUSD: 0.5}); sum != want {
		t.Errorf("sum is %+v", sum)
	}
}

// A step is recorded whatever its model's server said of its usage: else each attempt pays again, and the job is lost.
func TestFiguresThatNoColumnHoldsAreRecorded(t *testing.T) {
	store := tenantstoretest.New(t)
	store.Save(t, "alpha")
	l, books := ledger.New(store.DB), budget.New(store.DB)
	j := job()
	accept(t, l, j)
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	step := enhancement.StepRecord{Step: enhancement.StepSynthesize, Outcome: enhancement.OutcomeOK, Duration: math.MaxInt64}
	err := l.RecordStep(t.Context(), "alpha", j.ID, step,
		enhancement.LLMCall{Model: "m", PromptTokens: 3e9, CachedTokens: 3e9, CompletionTokens: math.MaxInt64, CostUSD: 1e12, Duration: math.MaxInt64, CalledAt: at},
		enhancement.LLMCall{Model: "m", PromptTokens: -1, CachedTokens: -1, CompletionTokens: -1, CostUSD: -1, Duration: -1, CalledAt: at.Add(1)},
		enhancement.LLMCall{Model: "m", CostUSD: math.NaN(), CalledAt: at.Add(2)}, enhancement.LLMCall{Model: "m", CostUSD: math.Inf(1), CalledAt: at.Add(3)})
	if err != nil {
		t.Fatal(err)
	}
	stored, err := l.LLMCalls(t.Context(), "alpha", j.ID)
	if err != nil || len(stored) != 4 {
		t.Fatalf("%+v, %v", stored, err)
	}
	used, err := books.Usage(t.Context(), "alpha", budget.Month(at))
	want := budget.Sums{Calls: 4, PromptTokens: math.MaxInt32, CachedTokens: math.MaxInt32, CompletionTokens: math.MaxInt32, CostUSD: 2 * 999_999}
	if err != nil || len(used) != 1 || used[0].Sums != want {
		t.Errorf("%+v, %v", used, err)
	}
	preview := budget.Entry{At: at, Model: "p", Purpose: budget.PurposePreview, CostUSD: math.NaN()}
	if err := books.Enter(t.Context(), "alpha", preview, budget.Entry{At: at, Model: "p", Purpose: budget.PurposePreview, CostUSD: math.Inf(1)}); err != nil {
		t.Error(err)
	}
	if used, err := books.Usage(t.Context(), "alpha", budget.Month(at)); err != nil || len(used) != 2 || used[1].CostUSD != 999_999 {
		t.Errorf("%+v, %v", used, err)
	}
}
