package ledger_test

import (
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
