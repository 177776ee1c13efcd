package telemetry

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/ai-agents/ai-agents/internal/enhancement"
)

// world is metrics with a clock that is turned by hand.
type world struct {
	*Metrics

	t   testing.TB
	now time.Time
}

func newWorld(t testing.TB, tenants int) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
	w.Metrics = newMetrics("", tenants, func() time.Time { return w.now })
	return w
}

// later scrapes after a while, as Prometheus does, so that labels change hands if they are to.
func (w *world) later(d time.Duration) {
	w.t.Helper()
	w.now = w.now.Add(d)
	rec := httptest.NewRecorder()
	w.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, "/metrics", http.NoBody))
	if rec.Code != http.StatusOK {
		w.t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
}

// families are what there is to scrape, by name.
func (w *world) families() map[string]*dto.MetricFamily {
	w.t.Helper()
	gathered, err := w.registry.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	families := make(map[string]*dto.MetricFamily, len(gathered))
	for _, f := range gathered {
		families[f.GetName()] = f
	}
	return families
}

// of are the values of a metric by tenant.
func (w *world) of(name string) map[string]float64 {
	w.t.Helper()
	return byTenant(w.families()[name])
}

// byTenant are the values of a metric, those of different other labels added up; of histograms the number.
func byTenant(f *dto.MetricFamily) map[string]float64 {
	values := map[string]float64{}
	for _, m := range f.GetMetric() {
		for _, l := range m.GetLabel() {
			if l.GetName() == labelTenant {
				values[l.GetValue()] += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return values
}

// everything makes each of a tenant's metrics.
func (w *world) everything(ctx context.Context, id string) {
	w.Webhook(id, http.StatusAccepted)
	w.WebhookPreviousSecret(id)
	w.FeedbackVoted(id, "up")
	w.Completed(ctx, id, "created", time.Second)
	w.Failed(id, "updated")
	w.Cancelled(id, "updated")
	w.ReconcileMissed(id)
	w.ReconcileLeftOut(id, 1)
	w.LLMCalled(ctx, id, LLMCall{Model: "m", Took: time.Second, PromptTokens: 1, CostUSD: 1})
	w.BudgetAlert(id, "soft")
	w.BudgetState(id, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), "over_soft")
	w.ServiceDeskCalled(ctx, id, "get_request", DeskOK, time.Second)
	w.Held(id, "servicedesk")
	w.OutageBegan(id, "servicedesk")
	w.Breaker(id, "knowledge", true)
}

// standing is what is told of all tenants at once.
func (w *world) standing(ids []string) {
	var (
		queues  []Queue
		pauses  []Pause
		outages []Outage
		silence = map[string]time.Duration{}
	)
	for _, id := range ids {
		queues = append(queues, Queue{TenantID: id, Waiting: 2, Held: 1, Running: 3, Oldest: time.Minute})
		pauses = append(pauses, Pause{TenantID: id, Scope: string(enhancement.PauseIntake)})
		outages = append(outages, Outage{TenantID: id, Dependency: "servicedesk", For: time.Hour})
		silence[id] = 5 * time.Second
	}
	w.Queues(queues)
	w.Paused(pauses)
	w.Outages(outages)
	w.ReconcileSilence(silence)
}

func ids(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("tenant-%05d", i)
	}
	return all
}

// Ten thousand tenants, through each metric that names one: as many series as for a hundred and one, and no value is lost.
func TestTenThousandTenantsMakeNoMoreSeriesThanAHundred(t *testing.T) {
	t.Parallel()
	const tenants, named, busy = 10_000, 100, 50
	w, all := newWorld(t, named), ids(tenants)
	rand.New(rand.NewPCG(1, 2)).Shuffle(tenants, func(i, j int) { all[i], all[j] = all[j], all[i] })
	busiest := all[tenants-busy:] // they come last: all labels are given away by then
	w.standing(all)
	for _, id := range all {
		w.everything(t.Context(), id)
	}
	measured := w.families()
	for _, f := range w.Families() {
		if len(f.Labels) == 0 || f.Labels[0].Name != labelTenant {
			continue
		}
		got := byTenant(measured[f.Name])
		if len(got) != named+1 {
			t.Errorf("%s names %d tenants", f.Name, len(got))
		}
		each := map[string]float64{MetricQueue: 3, MetricRunning: 3, MetricEnhancements: 2}
		want := float64(tenants)
		if n, more := each[f.Name]; more {
			want *= n
		}
		if f.Rest == RestMax { // of one that is named, and of the largest of the rest
			want = got[OtherTenants] * (named + 1)
		}
		sum := 0.0
		for _, v := range got {
			sum += v
		}
		if sum != want || sum == 0 {
			t.Errorf("%s: the sum is %v, want %v", f.Name, sum, want)
		}
	}
	series := w.series()
	for range 4 { // which do more than all others
		for _, id := range busiest {
			w.everything(t.Context(), id)
		}
		w.later(balanceInterval)
		if now := w.series(); now > series {
			t.Fatalf("%d series, %d before", now, series)
		}
	}
	for _, id := range busiest {
		if w.guard.nameOf(id) != id {
			t.Errorf("%s is one of the busiest, and not named", id)
		}
	}
	if got := w.of(MetricTenants); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func (w *world) series() (n int) {
	for _, f := range w.families() {
		n += len(f.GetMetric())
	}
	return n
}

// What Prometheus would reckon, which asks every 15 s, is what was counted, though labels change hands: no series goes down, and none
// vanishes before its last value was seen.
func TestNothingIsLostWhileLabelsChangeHands(t *testing.T) {
	t.Parallel()
	const named = 5
	w, all := newWorld(t, named), ids(40)
	random := rand.New(rand.NewPCG(3, 4))
	counted, seen := 0.0, 0.0
	last, gone := map[string]float64{}, 0
	for scrape := range 1_000 {
		// Each quarter of an hour others are busy.
		first := scrape / 60 * 7 % len(all)
		for range 20 {
			id := all[(first+random.IntN(named))%len(all)]
			if random.IntN(4) == 0 {
				id = all[random.IntN(len(all))]
			}
			w.Webhook(id, http.StatusAccepted)
			counted++
		}
		now := w.of(MetricWebhooks) // as the scrape shows it, before labels change hands
		for id, v := range now {
			switch before := last[id]; {
			case v < before:
				t.Fatalf("%s went from %v to %v", id, before, v)
			default:
				seen += v - before
			}
		}
		for id := range last {
			if _, still := now[id]; !still {
				gone++
			}
		}
		last = now
		if len(now) > named+1 {
			t.Fatalf("%d names", len(now))
		}
		w.later(15 * time.Second)
	}
	if seen != counted {
		t.Errorf("%v were counted, and %v seen", counted, seen)
	}
	if gone < named {
		t.Errorf("labels changed hands %d times only", gone)
	}
}

func TestATenantKeepsItsLabelAgainstOneThatIsHardlyBusier(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	count := func(id string, n int) {
		for range n {
			w.ReconcileMissed(id)
		}
	}
	for range 100 {
		count("alpha", 20)
		count("beta", 25)
		w.later(balanceInterval)
		if w.guard.nameOf("alpha") != "alpha" {
			t.Fatal("it lost its label")
		}
	}
	for i := 0; w.guard.nameOf("beta") != "beta"; i++ {
		count("alpha", 20)
		count("beta", 100)
		w.later(balanceInterval)
		if got := w.of(MetricReconcileMissed); len(got) > 2 {
			t.Fatalf("more than one is named: %v", got)
		}
		if i > 60 {
			t.Fatal("it never got the label")
		}
	}
	count("alpha", 1)
	if got := w.of(MetricReconcileMissed); got["alpha"] != 0 || got[OtherTenants] == 0 {
		t.Errorf("%v", got)
	}
}

func TestGaugesOfTheRestBecomeOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.everything(t.Context(), "alpha") // who has the label
	w.Queues([]Queue{
		{TenantID: "alpha", Waiting: 1, Oldest: time.Second},
		{TenantID: "beta", Waiting: 2, Running: 1, Oldest: 9 * time.Second},
		{TenantID: "gamma", Waiting: 3, Running: 1, Oldest: 5 * time.Second},
	})
	w.BudgetState("beta", w.now, "over_hard")
	w.BudgetState("gamma", w.now, "within")
	for name, want := range map[string]map[string]float64{
		MetricQueue: {"alpha": 1, OtherTenants: 5}, MetricRunning: {"alpha": 0, OtherTenants: 2},
		MetricQueueOldest: {"alpha": 1, OtherTenants: 9}, MetricBudgetState: {"alpha": 1, OtherTenants: 2},
	} {
		if got := w.of(name); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	w.Queues(nil)
	if got := w.of(MetricQueue); len(got) != 0 {
		t.Errorf("an empty queue has %v", got)
	}
}

func TestATenantThatIsGoneLeaves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	for _, id := range []string{"told", "idle"} {
		w.everything(t.Context(), id)
	}
	w.everything(t.Context(), "rest")
	w.later(balanceInterval)
	w.ForgetTenant("told")
	w.ForgetTenant("unknown")
	page := func() string {
		rec := httptest.NewRecorder()
		w.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
		return rec.Body.String()
	}
	if got := page(); strings.Contains(got, `"told"`) || !strings.Contains(got, `"idle"`) {
		t.Error("a tenant that was deleted is still there, or another is not")
	}
	w.later(idleFor - time.Minute)
	w.everything(t.Context(), "rest")
	if !strings.Contains(page(), `"idle"`) {
		t.Error("it left too soon")
	}
	w.later(2 * time.Minute)
	if got := page(); strings.Contains(got, `"idle"`) || !strings.Contains(got, `"rest"`) {
		t.Error("a tenant of which nothing was heard for a week is still there, or has left its place empty")
	}
	if len(w.llm.months) != 1 || len(w.llm.budget.values) != 1 || len(w.guard.tenants) != 1 {
		t.Errorf("something is kept of it: %v, %v", w.llm.months, w.llm.budget.values)
	}
}

func TestNobodyAndTheRestTakeNoPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.Webhook("", http.StatusUnauthorized)
	w.Webhook(OtherTenants, http.StatusAccepted) // a tenant of that name
	w.Webhook("alpha", http.StatusAccepted)
	w.Breaker("", "llm", true)
	w.Paused([]Pause{{"", string(enhancement.PauseProcessing)}, {OtherTenants, string(enhancement.PauseIntake)}})
	if got := w.of(MetricWebhooks); len(got) != 3 || got["alpha"] != 1 || got[OtherTenants] != 1 || got[""] != 1 {
		t.Errorf("%v", got)
	}
	if got := w.of(MetricPaused); got[""] != 1 || got[OtherTenants] != 1 {
		t.Errorf("%v", got)
	}
	if named, rest := w.guard.standing(); named != 1 || rest != 0 {
		t.Errorf("%d named, %d not", named, rest)
	}
}

func TestWithoutLabelsAllTenantsAreOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	for _, id := range ids(10) {
		w.Webhook(id, http.StatusAccepted)
	}
	w.later(balanceInterval)
	if got := w.of(MetricWebhooks); len(got) != 1 || got[OtherTenants] != 10 {
		t.Errorf("%v", got)
	}
}

func TestLabelsChangeHandsWhileItIsCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	w.guard.now = time.Now
	all := ids(20)
	stop, counting := make(chan struct{}), sync.WaitGroup{}
	for i := range 4 {
		counting.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 1))
			for {
				select {
				case <-stop:
					return
				default:
					w.everything(t.Context(), all[random.IntN(len(all))])
				}
			}
		})
	}
	for i := range 20 {
		w.guard.mu.Lock()
		w.guard.balanced = time.Time{} // it is time
		for _, tenant := range w.guard.tenants {
			if tenant.holds && i%2 == 0 {
				tenant.leaving, tenant.name = true, OtherTenants
			}
		}
		w.guard.mu.Unlock()
		w.standing(all)
		w.guard.balance()
		if n := len(w.of(MetricWebhooks)); n > 4 { // three, and the rest
			t.Errorf("%d names", n)
		}
		w.ForgetTenant(all[i%len(all)])
	}
	close(stop)
	counting.Wait()
}

// BenchmarkTenantLabel compares counting for a tenant with and without the guard; and for one that has no label of its own.
func BenchmarkTenantLabel(b *testing.B) {
	w := newWorld(b, DefaultTenants)
	all := ids(10_000)
	for _, id := range all {
		w.Webhook(id, http.StatusAccepted)
	}
	b.Run("unguarded", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w.webhooks.requests.vec.WithLabelValues(all[0], "202").Inc()
		}
	})
	b.Run("guarded", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w.webhooks.requests.inc(all[0], "202")
		}
	})
	b.Run("other", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w.webhooks.requests.inc(all[len(all)-1], "202")
		}
	})
	b.Run("balance of 10,000", func(b *testing.B) {
		for b.Loop() {
			w.now = w.now.Add(balanceInterval)
			w.guard.balance()
		}
	})
}
