package budget_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/budget"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// november is a moment of the month that the tests are in.
func november() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func newStore(t *testing.T) *tenantstoretest.Store {
	t.Helper()
	store := tenantstoretest.New(t)
	for _, id := range []string{"alpha", "beta"} {
		store.Save(t, id)
	}
	return store
}

func cost(usd float64, at time.Time) budget.Entry {
	return budget.Entry{At: at, Model: "m", Purpose: budget.PurposeJob, PromptTokens: 10, CompletionTokens: 5, CostUSD: usd}
}

func enter(t *testing.T, b *budget.Books, tenantID string, entries ...budget.Entry) {
	t.Helper()
	if err := b.Enter(t.Context(), tenantID, entries...); err != nil {
		t.Fatal(err)
	}
}

func TestUsageIsAddedUp(t *testing.T) {
	store := newStore(t)
	books := budget.New(store.DB)
	midnight := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	enter(t, books, "alpha",
		budget.Entry{At: november(), Model: "m", Purpose: budget.PurposeJob, PromptTokens: 100, CachedTokens: 40, CompletionTokens: 20, CostUSD: 0.000000001},
		budget.Entry{At: november(), Model: "m", Purpose: budget.PurposeJob, Failed: true},
		budget.Entry{At: november(), Model: "m", Purpose: budget.PurposePreview, Unpriced: true, PromptTokens: 7},
		budget.Entry{At: november(), Model: "n", Purpose: budget.PurposeJob, Again: true, PromptTokens: 999, CostUSD: 999},
	)
	enter(t, books, "alpha",
		budget.Entry{At: november(), Model: "m", Purpose: budget.PurposeJob, PromptTokens: 1, CostUSD: 0.25},
		// One second before midnight in UTC, which is the next day elsewhere.
		budget.Entry{At: midnight.Add(-time.Second).In(time.FixedZone("east", 3600)), Model: "m", Purpose: budget.PurposeJob, CostUSD: 1},
		budget.Entry{At: midnight, Model: "m", Purpose: budget.PurposeJob, CostUSD: 2},
	)
	enter(t, books, "alpha")
	enter(t, books, "beta", cost(7, november()))

	day := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	want := []budget.Usage{
		{Day: day, Model: "m", Purpose: budget.PurposeJob, Sums: budget.Sums{Calls: 4, Failed: 1, PromptTokens: 101, CachedTokens: 40, CompletionTokens: 20, CostUSD: 1.250000001}},
		{Day: day, Model: "m", Purpose: budget.PurposePreview, Sums: budget.Sums{Calls: 1, Unpriced: 1, PromptTokens: 7}},
		{Day: day, Model: "n", Purpose: budget.PurposeJob, Sums: budget.Sums{CachedAnswers: 1}},
		{Day: midnight, Model: "m", Purpose: budget.PurposeJob, Sums: budget.Sums{Calls: 1, CostUSD: 2}},
	}
	got, err := books.Usage(t.Context(), "alpha", budget.Month(november()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	one, err := books.Usage(t.Context(), "alpha", budget.Period{First: midnight, Last: midnight})
	if err != nil || len(one) != 1 {
		t.Errorf("of one day: %+v, %v", one, err)
	}
}

func TestTheUsageOfAllTenants(t *testing.T) {
	store := newStore(t)
	example, credentials := tenantstoretest.Example("alpha")
	example.Preferences.Budget = tenant.Budget{SoftUSD: 5, HardUSD: 10.5}
	store.Put(t, example, credentials)
	books := budget.New(store.DB)
	enter(t, books, "alpha", cost(1, november()), cost(2, november().AddDate(0, 0, 1)), cost(4, november().AddDate(0, 1, 0)))
	enter(t, books, "beta", cost(8, november()))
	got, err := budget.New(store.ConsoleDB).All(t.Context(), budget.Month(november()))
	if err != nil {
		t.Fatal(err)
	}
	want := []budget.TenantUsage{
		{TenantID: "alpha", Limits: example.Preferences.Budget, Sums: budget.Sums{Calls: 2, PromptTokens: 20, CompletionTokens: 10, CostUSD: 3}},
		{TenantID: "beta", Sums: budget.Sums{Calls: 1, PromptTokens: 10, CompletionTokens: 5, CostUSD: 8}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := books.All(t.Context(), budget.Month(november())); err == nil {
		t.Error("the enhancer's role was told what all tenants spend")
	}
}

func TestNothingIsSeenOfOthers(t *testing.T) {
	store := newStore(t)
	books := budget.New(store.DB)
	enter(t, books, "beta", cost(8, november()))
	if got, err := books.Usage(t.Context(), "alpha", budget.Month(november())); err != nil || len(got) != 0 {
		t.Errorf("alpha sees %+v, %v", got, err)
	}
	if err := books.Enter(t.Context(), "unknown", cost(1, november())); err == nil {
		t.Error("entered for a tenant that there is not")
	}
}

func TestMonth(t *testing.T) {
	for at, want := range map[string]string{
		"2026-12-01T00:00:00Z": "2026-12-01 2026-12-31", "2026-11-30T23:59:59Z": "2026-11-01 2026-11-30",
		"2028-02-10T00:00:00Z": "2028-02-01 2028-02-29", "2026-12-01T00:30:00+01:00": "2026-11-01 2026-11-30",
	} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		p := budget.Month(moment)
		if got := p.First.Format(time.DateOnly) + " " + p.Last.Format(time.DateOnly); got != want {
			t.Errorf("%s: %s", at, got)
		}
	}
}

// told are the metrics of a guard, and what it logs.
type told struct {
	mu     sync.Mutex
	states []string
	alerts []string
	log    bytes.Buffer
}

func (m *told) BudgetState(_ string, _ time.Time, state string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.states = append(m.states, state)
}

func (m *told) BudgetAlert(_, level string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.alerts = append(m.alerts, level)
}

func newGuard(store *tenantstoretest.Store, now func() time.Time) (*budget.Guard, *told) {
	m := &told{}
	return budget.NewGuard(budget.New(store.DB), m, slog.New(slog.NewTextHandler(&m.log, nil)), now), m
}

func (m *told) want(t *testing.T, alerts ...string) {
	t.Helper()
	if diff := cmp.Diff(alerts, m.alerts); diff != "" {
		t.Errorf("alerts: %s", diff)
	}
	if n := strings.Count(m.log.String(), "limit_usd"); n != len(alerts) {
		t.Errorf("%d alerts are in the log: %s", n, &m.log)
	}
}

func TestLimitsAreReachedAndToldOnce(t *testing.T) {
	store := newStore(t)
	now := november()
	guard, m := newGuard(store, func() time.Time { return now })
	other, elsewhere := newGuard(store.Replica(t), func() time.Time { return now })
	limits := tenant.Budget{SoftUSD: 1, HardUSD: 3}
	state := func(want budget.State) {
		t.Helper()
		for _, g := range []*budget.Guard{guard, other} {
			if got, err := g.State(t.Context(), "alpha", limits); err != nil || got != want {
				t.Errorf("%s, %v, want %s", got, err, want)
			}
		}
	}
	enter(t, guard.Books, "beta", cost(100, now)) // is nobody else's
	enter(t, guard.Books, "alpha", cost(0.99, now))
	state(budget.StateWithin)
	m.want(t)
	enter(t, guard.Books, "alpha", cost(0.01, now))
	state(budget.StateOverSoft)
	state(budget.StateOverSoft)
	m.want(t, "soft")
	enter(t, guard.Books, "alpha", cost(2, now))
	state(budget.StateOverHard)
	m.want(t, "soft", "hard")

	// A limit that was raised is told of again, one that was lowered is not.
	limits.HardUSD = 4
	state(budget.StateOverSoft)
	enter(t, guard.Books, "alpha", cost(5, now))
	state(budget.StateOverHard)
	limits.HardUSD = 2
	state(budget.StateOverHard)
	m.want(t, "soft", "hard", "hard")
	standing, err := guard.Standing(t.Context(), "alpha", limits, now)
	if err != nil || len(standing.Alerts) != 2 || standing.SpentUSD != 8 || standing.Alerts[1].LimitUSD != 4 || standing.Alerts[1].At.IsZero() {
		t.Errorf("%+v, %v", standing, err)
	}

	// The month rolls over by itself.
	now = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	state(budget.StateWithin)
	enter(t, guard.Books, "alpha", cost(1, now))
	state(budget.StateOverSoft)
	m.want(t, "soft", "hard", "hard", "soft")
	elsewhere.want(t)
}

func TestOneLimitAlone(t *testing.T) {
	store := newStore(t)
	guard, m := newGuard(store, november)
	enter(t, guard.Books, "alpha", cost(2, november()))
	for limits, want := range map[tenant.Budget]budget.State{
		{}: budget.StateWithin, {SoftUSD: 1}: budget.StateOverSoft, {HardUSD: 2}: budget.StateOverHard, {HardUSD: 2.01}: budget.StateWithin,
	} {
		if got, err := guard.State(t.Context(), "alpha", limits); err != nil || got != want {
			t.Errorf("%+v: %s, %v", limits, got, err)
		}
	}
	if len(m.alerts) != 2 {
		t.Errorf("alerts: %q", m.alerts)
	}
}

// Of replicas that find a limit reached at once, one tells.
func TestReplicasTellOnce(t *testing.T) {
	store := newStore(t)
	enter(t, budget.New(store.DB), "alpha", cost(2, november()))
	var (
		wg    sync.WaitGroup
		alert atomic.Int64
	)
	for range 8 {
		wg.Go(func() {
			guard, m := newGuard(store, november)
			if _, err := guard.State(t.Context(), "alpha", tenant.Budget{SoftUSD: 1}); err != nil {
				t.Error(err)
			}
			alert.Add(int64(len(m.alerts)))
		})
	}
	wg.Wait()
	if alert.Load() != 1 {
		t.Errorf("%d told", alert.Load())
	}
}

// Drafts that are under way at once overshoot by no more than what each of them costs: spent < hard + drafts at once × cost of one.
func TestOvershootIsBounded(t *testing.T) {
	store := newStore(t)
	const (
		atOnce  = 8
		dearest = 0.3
		hard    = 5.0
	)
	guard, _ := newGuard(store, november)
	var wg sync.WaitGroup
	for range atOnce {
		wg.Go(func() {
			for {
				state, err := guard.State(t.Context(), "alpha", tenant.Budget{HardUSD: hard})
				if err != nil {
					t.Error(err)
					return
				}
				if state == budget.StateOverHard {
					return
				}
				if err := guard.Enter(t.Context(), "alpha", cost(dearest, november())); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	standing, err := guard.Standing(t.Context(), "alpha", tenant.Budget{HardUSD: hard}, november())
	if err != nil || standing.SpentUSD < hard || standing.SpentUSD >= hard+atOnce*dearest {
		t.Errorf("spent %v, %v", standing.SpentUSD, err)
	}
}

// Whether money is left that cannot be counted is not known, and an alert that cannot be taken down is given.
func TestWithoutTheDatabase(t *testing.T) {
	store := newStore(t)
	guard, m := newGuard(store, november)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if state, err := guard.State(gone, "alpha", tenant.Budget{HardUSD: 1}); err == nil || state != "" {
		t.Errorf("%s, %v", state, err)
	}
	enter(t, guard.Books, "alpha", cost(2, november()))
	if _, err := store.Database.Admin.Exec(t.Context(), "REVOKE INSERT ON llm_budget_alerts FROM app_user"); err != nil {
		t.Fatal(err)
	}
	if state, err := guard.State(t.Context(), "alpha", tenant.Budget{SoftUSD: 1}); err != nil || state != budget.StateOverSoft || len(m.alerts) != 1 {
		t.Errorf("%s, %v, alerts %q", state, err, m.alerts)
	}
}
