package telemetry

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// TestNamesObeyPrometheusConventions looks at each metric with a value in each of its series that can be had.
func TestNamesObeyPrometheusConventions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.fill()
	problems, err := testutil.GatherAndLint(w.registry)
	if err != nil {
		t.Fatal(err)
	}
	excused := map[string]string{
		// The customer's own name.
		MetricWorkers: `non-histogram and non-summary metrics should not have "_count" suffix`,
	}
	for _, p := range problems {
		if excused[p.Metric] != p.Text {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
		delete(excused, p.Metric)
	}
	if len(excused) > 0 {
		t.Errorf("excused for nothing: %v", excused)
	}
}

// fill makes a series of each metric.
func (w *world) fill() {
	ctx := w.t.Context()
	w.everything(ctx, "alpha")
	w.standing([]string{"alpha"})
	w.WebhookLimited(LimitTenant)
	w.WebhookPaused()
	w.Step(ctx, "doc_search", "ok", time.Second)
	w.Note("created")
	w.AnswerDropped("uncited", 1)
	w.Masked("email", 1)
	w.DeadLetter(DeadUnknownJob)
	w.Preview(PreviewDrafted)
	w.WorkerActive(true)
	w.WorkerDraining(true)
	w.Unmanned(1)
	w.Swept(SweptStuck)
	w.OldestJobs(time.Second, time.Minute)
	w.ReconcilePolled(ReconcileOK)
	w.SourceAsked("doc_search", SourceFound)
	w.SourceRelevance("doc_search", 0.7)
	w.Cached(CacheKnowledge, CacheHit)
	w.LLMCalled(ctx, "alpha", LLMCall{Model: "m", Failure: LLMTimeout, Unpriced: true})
	w.DependencyUp("postgres", true)
	w.WatchPool(func() Pool {
		return Pool{Acquired: 1, Idle: 2, Constructing: 3, Max: 16, Waits: 4, Canceled: 5, Waited: 6 * time.Second}
	})
	w.Console("listTenants", 200)
	w.ConsoleDenied("no_token")
	w.CredentialEnds(CredentialToken, w.now)
}

// Every metric of the catalogue is one that something fills, is documented in full, and has the values that it is said to have.
func TestTheCatalogueIsWhatIsMeasured(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.fill()
	measured := w.families()
	for _, f := range w.Families() {
		if f.Theme == "" || f.Help == "" || f.Use == "" || len(f.Apps) == 0 || !strings.HasSuffix(f.Help, ".") || !strings.HasSuffix(f.Use, ".") {
			t.Errorf("%s: something is missing, or has no end: %+v", f.Name, f)
		}
		found := measured[f.Name]
		if found == nil {
			t.Errorf("%s: nothing fills it here", f.Name)
			continue
		}
		if got := strings.ToLower(found.GetType().String()); got != string(f.Kind) {
			t.Errorf("%s is a %s", f.Name, got)
		}
		for _, m := range found.GetMetric() {
			for i, l := range m.GetLabel() {
				at := slices.IndexFunc(f.Labels, func(known Label) bool { return known.Name == l.GetName() })
				if at < 0 {
					t.Errorf("%s has a label %s", f.Name, l.GetName())
					continue
				}
				known := f.Labels[at]
				if len(known.Values) == 0 == (known.Of == "") {
					t.Errorf("%s: label %d has neither values nor a meaning, or both", f.Name, i)
				}
				if len(known.Values) > 0 && !slices.Contains(known.Values, l.GetValue()) {
					t.Errorf("%s: %s is %q, and should be one of %v", f.Name, known.Name, l.GetValue(), known.Values)
				}
			}
		}
		delete(measured, f.Name)
	}
	for name := range measured {
		t.Errorf("%s is in no catalogue", name)
	}
}

func TestAnAppShowsWhatItHas(t *testing.T) {
	t.Parallel()
	for _, app := range everyApp() {
		m := MetricsOf(app, MetricsConfig{Tenants: 1})
		w := &world{Metrics: m, t: t, now: time.Now()}
		w.fill()
		shown := w.families()
		for _, f := range m.Families() {
			if _, is := shown[f.Name]; is != slices.Contains(f.Apps, app) {
				t.Errorf("%s shows %s: %v", app, f.Name, is)
			}
		}
		if shown["go_goroutines"] == nil || shown[MetricBuild] == nil {
			t.Errorf("%s does not show the process", app)
		}
	}
}

func TestMetricsConfig(t *testing.T) {
	t.Parallel()
	if err := (MetricsConfig{Tenants: 0}).Validate(); err != nil {
		t.Error(err)
	}
	if err := (MetricsConfig{Tenants: -1}).Validate(); err == nil || !strings.Contains(err.Error(), "METRICS_TENANTS") {
		t.Error(err)
	}
}
