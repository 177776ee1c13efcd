package e2e_test

import (
	"math"
	"slices"
	"testing"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/budget"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// What jobs and previews cost is on record, the same question is answered from the cache, and over its budget a tenant's notes
// are made without the model.
func TestMoney(t *testing.T) {
	t.Parallel()
	const id = "e2e-money"
	onboard(t, id, servicedesk.ProfileOnPrem)
	first := open(t, id)
	job, ticket := await(t, id, first.Accepted.JobID)
	mustNotContain(t, noted(t, job, ticket), "ithout the language model")
	usage := func() adminapi.TenantUsage {
		t.Helper()
		used, err := users.Admin().Usage(t.Context(), id, "", "")
		if err != nil {
			t.Fatal(err)
		}
		return used
	}
	before := usage()
	if before.Total.Calls == 0 || before.Total.CostUSD <= 0 || before.Total.Unpriced != 0 || before.Budget.State != "within" {
		t.Fatalf("after a job: %+v", before)
	}

	asked := adminapi.PreviewRequest{Ticket: &adminapi.PreviewTicket{Subject: exampleSubject, Description: exampleText, Priority: "High"}}
	var spent float64
	for i, cached := range []bool{false, true} {
		preview, err := users.Admin().Preview(t.Context(), id, asked)
		if err != nil {
			t.Fatal(err)
		}
		spent += preview.Account.CostUSD
		if !preview.Account.Generated || preview.Account.Cached != cached || (preview.Account.CostUSD == 0) != cached {
			t.Errorf("preview %d: %+v", i, preview.Account)
		}
	}
	var booked adminapi.UsageSums
	for _, u := range usage().Items {
		if u.Purpose == string(budget.PurposePreview) {
			booked.Calls += u.Calls
			booked.CostUSD += u.CostUSD
		}
	}
	if booked.Calls == 0 || math.Abs(booked.CostUSD-spent) > 1e-8 { // stored in billionths
		t.Errorf("the previews cost %v, and are booked with %+v", spent, booked)
	}
	if after := usage(); after.Total.CachedAnswers != 1 || after.Total.CostUSD <= before.Total.CostUSD {
		t.Errorf("after two previews: %+v", after)
	}

	found, err := users.Admin().Tenant(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	spec := found.TenantSpec
	spec.Preferences.Budget = tenant.Budget{HardUSD: before.Total.CostUSD}
	if _, err := users.Admin().UpdateTenant(t.Context(), id, found.ETag(), adminapi.UpdateTenant{TenantSpec: spec}); err != nil {
		t.Fatal(err)
	}
	job, ticket = await(t, id, open(t, id).Accepted.JobID)
	mustContain(t, noted(t, job, ticket), "ithout the language model")
	results, err := users.Results(t.Context(), id, job.ID)
	if err != nil || results[enhancement.StepSynthesize].Detail != string(synthesis.ReasonOverBudget) || !slices.Contains(job.Degraded, string(enhancement.StepSynthesize)) {
		t.Errorf("over the budget: %+v, %v", results[enhancement.StepSynthesize], err)
	}
	if standing := usage().Budget; standing.State != "over_hard" || len(standing.Alerts) != 1 || standing.Alerts[0].Level != "hard" {
		t.Errorf("stands %+v", standing)
	}
}
