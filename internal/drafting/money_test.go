package drafting_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/budget"
	"github.com/ai-agents/ai-agents/internal/drafting"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// dear is a model of which each answer costs a dollar.
type dear struct {
	asked  int
	last   synthesis.Prompt
	cached bool
	during func()
}

func (d *dear) Complete(_ context.Context, p synthesis.Prompt) (synthesis.Completion, error) {
	d.asked++
	d.last = p
	if d.during != nil {
		d.during()
	}
	done := synthesis.Completion{
		Text: `{"summary":"s","similar_tickets":[{"text":"Renewed.","cites":["T1"]}]}`, Model: "m", Cached: d.cached,
	}
	if !d.cached {
		done.Calls = []synthesis.Call{
			{Model: "m", Error: "example: status 500", At: time.Now()},
			{Model: "m", PromptTokens: 100, CachedTokens: 60, CompletionTokens: 20, CostUSD: 1, Unpriced: true, At: time.Now()},
		}
	}
	return done, nil
}

// world is a drafter of alpha's notes, with a budget in a database of its own.
type world struct {
	*drafting.Drafter

	store  *tenantstoretest.Store
	budget *budget.Guard
	model  *dear
	meter  *meter
	log    bytes.Buffer
}

type meter struct {
	calls  []telemetry.LLMCall
	masked map[string]int
}

func (m *meter) Masked(kind string, n int) {
	if m.masked == nil {
		m.masked = map[string]int{}
	}
	m.masked[kind] += n
}

func (m *meter) LLMCalled(_ context.Context, _ string, c telemetry.LLMCall) {
	m.calls = append(m.calls, c)
}

// known reads tenants from the store.
type known struct{ store *tenantstoretest.Store }

func (k known) Tenant(ctx context.Context, id string) (tenant.Tenant, error) {
	t, _, err := k.store.Get(ctx, id)
	return t, err
}

func newWorld(t *testing.T, limits tenant.Budget) *world {
	t.Helper()
	w := &world{store: tenantstoretest.New(t), model: &dear{}, meter: &meter{}}
	example, credentials := tenantstoretest.Example("alpha")
	example.Preferences.Budget = limits
	w.store.Put(t, example, credentials)
	logger := slog.New(slog.NewTextHandler(&w.log, nil))
	w.budget = budget.NewGuard(budget.New(w.store.DB), telemetry.NewMetrics(), logger, time.Now)
	w.Drafter = drafting.New(drafting.Deps{
		Tenants: known{w.store}, Synthesizer: synthesis.New(w.model, synthesis.Options{}), Budget: w.budget, Meter: w.meter, Logger: logger,
		Offers: func(model string) bool { return model == "m" },
	})
	return w
}

func request(jobID string) drafting.Request {
	r := drafting.Request{
		TenantID: "alpha", JobID: jobID, Ticket: ticket.Ticket{ID: "1", Subject: "VPN drops", Description: "It drops."}, Reference: "example",
	}
	r.Tickets.Items = []gather.Item{{ID: "17", Title: "VPN", Resolution: "Renewed.", Relevance: 1}}
	return r
}

func (w *world) draft(t *testing.T, r drafting.Request) drafting.Draft {
	t.Helper()
	got, err := w.Draft(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (w *world) spent(t *testing.T) []budget.Usage {
	t.Helper()
	used, err := w.budget.Usage(t.Context(), "alpha", budget.Month(time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	return used
}

func TestWhatAPreviewCostsIsEntered(t *testing.T) {
	w := newWorld(t, tenant.Budget{})
	got := w.draft(t, request(""))
	a := got.Account
	if a.Model != "m" || a.Calls != 2 || a.PromptTokens != 100 || a.CompletionTokens != 20 || a.CostUSD != 1 || a.Cached || !a.Generated {
		t.Errorf("the account is %+v", a)
	}
	w.model.cached = true
	if again := w.draft(t, request("")); !again.Account.Cached || again.Account.Model != "m" || again.Account.CostUSD != 0 {
		t.Errorf("the account of an earlier answer is %+v", again.Account)
	}
	used := w.spent(t)
	want := budget.Sums{Calls: 2, Failed: 1, CachedAnswers: 1, Unpriced: 1, PromptTokens: 100, CachedTokens: 60, CompletionTokens: 20, CostUSD: 1}
	if len(used) != 1 || used[0].Purpose != budget.PurposePreview || used[0].Sums != want {
		t.Errorf("entered %+v", used)
	}
	metered := []telemetry.LLMCall{{Model: "m", Failure: telemetry.LLMFailed}, {Model: "m", PromptTokens: 100, CachedTokens: 60, CompletionTokens: 20, CostUSD: 1, Unpriced: true}}
	if diff := cmp.Diff(metered, w.meter.calls); diff != "" {
		t.Error(diff)
	}
}

// A preference that is not followed is in the account of every draft that a model was asked for.
func TestAModelThatIsNotOfferedIsInTheAccount(t *testing.T) {
	w := newWorld(t, tenant.Budget{HardUSD: 3})
	for _, tc := range []struct{ preferred, ignored string }{{"", ""}, {"m", ""}, {"dear", "dear"}, {"dear", ""}} {
		r := request("")
		r.Preferences = &tenant.Preferences{Model: tc.preferred}
		got := w.draft(t, r)
		if got.Account.ModelIgnored != tc.ignored {
			t.Errorf("%q: %+v", tc.preferred, got.Account)
		}
	}
	if w.model.asked != 3 { // the budget is spent: of the last draft none was asked, and none ignored
		t.Errorf("asked %d times", w.model.asked)
	}
}

// A job's is entered by the ledger, with the step.
func TestWhatAJobCostsIsNotEnteredTwice(t *testing.T) {
	w := newWorld(t, tenant.Budget{})
	w.draft(t, request("7d3b6f0e-8a53-4a0f-9d9d-2f4f3c5a1b11"))
	if used := w.spent(t); len(used) != 0 || len(w.meter.calls) != 2 {
		t.Errorf("entered %+v, metered %d", used, len(w.meter.calls))
	}
}

func TestOverTheHardLimitNoModelIsAsked(t *testing.T) {
	w := newWorld(t, tenant.Budget{SoftUSD: 1, HardUSD: 2})
	for i, want := range []synthesis.Reason{"", "", synthesis.ReasonOverBudget} {
		if got := w.draft(t, request("")); got.FallbackReason != want || got.Note.Generated != (want == "") {
			t.Errorf("draft %d: %q", i, got.FallbackReason)
		}
	}
	if w.model.asked != 2 || strings.Count(w.log.String(), "limit_usd") != 2 {
		t.Errorf("asked %d times; logged %s", w.model.asked, &w.log)
	}
	// Preferences that are tried out bring no money along, and a raised limit helps at once.
	generous := request("")
	generous.Preferences = &tenant.Preferences{}
	if got := w.draft(t, generous); got.FallbackReason != synthesis.ReasonOverBudget {
		t.Errorf("with other preferences: %q", got.FallbackReason)
	}
	example, credentials := tenantstoretest.Example("alpha")
	example.Preferences.Budget.HardUSD = 10
	w.store.Put(t, example, credentials)
	if got := w.draft(t, request("")); got.FallbackReason != "" {
		t.Errorf("with a raised limit: %q", got.FallbackReason)
	}
}

// The limit is told of when it is reached, and not only when the next draft asks.
func TestReachingTheLimitIsToldAtOnce(t *testing.T) {
	w := newWorld(t, tenant.Budget{SoftUSD: 1})
	w.draft(t, request(""))
	if !strings.Contains(w.log.String(), "soft limit") {
		t.Errorf("after a preview: %s", &w.log)
	}
	jobs := newWorld(t, tenant.Budget{SoftUSD: 1})
	jobs.draft(t, request("7d3b6f0e-8a53-4a0f-9d9d-2f4f3c5a1b11"))
	if err := jobs.budget.Enter(t.Context(), "alpha", budget.Entry{At: time.Now(), Model: "m", Purpose: budget.PurposeJob, CostUSD: 1}); err != nil {
		t.Fatal(err)
	}
	if jobs.Spent(t.Context(), "alpha"); !strings.Contains(jobs.log.String(), "soft limit") {
		t.Errorf("after a job: %s", &jobs.log)
	}
	jobs.Spent(t.Context(), "unknown") // is logged, and no more
}

// A hard limit, the tenant's own and not that of preferences tried out, keeps models from being asked that cost nothing in the books.
func TestAHardLimitIsToldToTheModel(t *testing.T) {
	for name, limits := range map[string]tenant.Budget{"none": {}, "a soft one": {SoftUSD: 50}, "a hard one": {HardUSD: 50}} {
		w := newWorld(t, limits)
		tried := request("")
		tried.Preferences = &tenant.Preferences{}
		for _, r := range []drafting.Request{request(""), tried} {
			w.draft(t, r)
			if want := limits.HardUSD > 0; w.model.asked == 0 || w.model.last.Limited != want {
				t.Errorf("%s: limited %t, want %t", name, w.model.last.Limited, want)
			}
		}
	}
}

func TestAnUnknownStandingKeepsTheModelFromBeingAsked(t *testing.T) {
	w := newWorld(t, tenant.Budget{HardUSD: 1})
	if _, err := w.store.Database.Admin.Exec(t.Context(), "REVOKE SELECT ON llm_usage FROM app_user"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Draft(t.Context(), request("")); err == nil || w.model.asked != 0 {
		t.Errorf("asked %d times, %v", w.model.asked, err)
	}
}

// Whoever hangs up while the model answers has spent the money all the same; and books that fail are told of.
func TestAPreviewThatIsAbandonedIsEntered(t *testing.T) {
	w := newWorld(t, tenant.Budget{})
	ctx, cancel := context.WithCancel(t.Context())
	w.model.during = cancel
	if _, err := w.Draft(ctx, request("")); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if used := w.spent(t); len(used) != 1 || used[0].Calls != 2 {
		t.Errorf("entered %+v", used)
	}
	if _, err := w.store.Database.Admin.Exec(t.Context(), "REVOKE INSERT ON llm_usage FROM app_user"); err != nil {
		t.Fatal(err)
	}
	w.model.during = nil
	if w.draft(t, request("")); !strings.Contains(w.log.String(), "missing in the books") {
		t.Errorf("logged %s", &w.log)
	}
}
