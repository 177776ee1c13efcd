package workflows_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/budget"
	"github.com/ai-agents/ai-agents/internal/drafting"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/workflows"
)

// dear is a model of which each answer costs a dollar.
type dear struct{ asked int }

func (d *dear) Complete(context.Context, synthesis.Prompt) (synthesis.Completion, error) {
	d.asked++
	return synthesis.Completion{
		Text: `{"summary":"","similar_tickets":[{"text":"It was renewed.","cites":["T1"]}]}`, Model: "m",
		Calls: []synthesis.Call{{Model: "m", PromptTokens: 10, CompletionTokens: 5, CostUSD: 1, At: time.Now()}},
	}, nil
}

// limited are tenants with a budget of a dollar.
type limited struct{}

func (limited) Tenant(_ context.Context, id string) (tenant.Tenant, error) {
	return tenant.Tenant{ID: id, Preferences: tenant.Preferences{Budget: tenant.Budget{HardUSD: 1}}}, nil
}

// An activity that runs again asks and enters nothing again, and the job after the one that spent the budget asks no model.
func TestAJobIsPaidOnce(t *testing.T) {
	f := newFixture(t)
	llm, guard := &dear{}, budget.NewGuard(budget.New(f.database.Open(t)), telemetry.NewMetrics(), slog.New(slog.DiscardHandler), time.Now)
	f.activities.Drafter = drafting.New(drafting.Deps{
		Tenants: limited{}, Synthesizer: synthesis.New(llm, synthesis.Options{}), Feedback: links{}, Budget: guard, Logger: slog.New(slog.DiscardHandler),
	})
	synthesize := func(ticketID string) map[enhancement.Step]enhancement.StepRecord {
		t.Helper()
		j := enhancement.New("alpha", enhancement.EventCreated, ticket.Ticket{ID: ticketID, Subject: "Renewal", Description: "It has to be renewed."}, "c")
		if _, err := f.ledger.Accept(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		result, err := json.Marshal(gather.Result{Items: []gather.Item{{ID: "17", Title: "Renewal", Resolution: "It was renewed.", Relevance: 1}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.ledger.RecordStep(t.Context(), "alpha", j.ID, enhancement.StepRecord{Step: enhancement.StepTicketSearch, Outcome: enhancement.OutcomeOK, Result: result}); err != nil {
			t.Fatal(err)
		}
		input, err := json.Marshal(workflows.Job{TenantID: "alpha", JobID: j.ID, Run: 1})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := f.activities.Synthesize(activityContext{ctx: t.Context(), input: input}); err != nil {
				t.Fatal(err)
			}
		}
		steps, err := f.ledger.Steps(t.Context(), "alpha", j.ID)
		if err != nil {
			t.Fatal(err)
		}
		return steps
	}
	first := synthesize("2001")[enhancement.StepSynthesize]
	var account drafting.Account
	if err := json.Unmarshal(first.Account, &account); err != nil || first.Outcome != enhancement.OutcomeOK || account.CostUSD != 1 || account.PromptTokens != 10 {
		t.Fatalf("the first job: %+v, account %+v, %v", first, account, err)
	}
	if second := synthesize("2002")[enhancement.StepSynthesize]; second.Outcome != enhancement.OutcomeDegraded || second.Detail != string(synthesis.ReasonOverBudget) {
		t.Errorf("the second job: %+v", second)
	}
	standing, err := guard.Standing(t.Context(), "alpha", tenant.Budget{HardUSD: 1}, time.Now())
	if err != nil || llm.asked != 1 || standing.SpentUSD != 1 || len(standing.Alerts) != 1 {
		t.Errorf("asked %d times, spent %+v, %v", llm.asked, standing, err)
	}
}
