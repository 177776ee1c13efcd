package e2e_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/observe"
	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

// Everything that has metrics is scraped by the jobs that ship, under the names that rules and dashboards know.
func TestPrometheusScrapesAllThatRuns(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := watched.AwaitTargets(ctx); err != nil {
		t.Fatal(err)
	}
	up, err := watched.Query(ctx, "up == 1")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range up {
		got = append(got, string(s.Metric["job"]+": "+s.Metric["app_id"]+s.Metric["service"]))
	}
	slices.Sort(got)
	want := []string{
		"alertmanager: ", "console: console", "dapr-control-plane: placement", "dapr-control-plane: scheduler",
		"daprd: console", "daprd: enhancer", "daprd: gateway", "enhancer: enhancer", "gateway: gateway", "otel-collector: ", "prometheus: ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("up are %q, want %q", got, want)
	}
	for _, expr := range []string{
		`go_goroutines{job="gateway"}`, `go_goroutines{job="enhancer",app_id="enhancer"}`, `go_goroutines{job="console"}`,
		// What daprd says of itself keeps the one label app_id.
		`dapr_runtime_component_loaded{job="daprd",app_id="gateway",exported_app_id=""}`,
		`go_goroutines{job="dapr-control-plane",service="scheduler"}`, `otelcol_process_uptime{job="otel-collector"}`,
	} {
		if found, err := watched.Query(ctx, expr); err != nil || len(found) == 0 {
			t.Errorf("%s: got %v, %v, want a series", expr, found, err)
		}
	}
}

// From the time that a job took to why: the bucket of the histogram has the id of a trace that Jaeger has.
func TestExemplarLeadsToTheTraceOfAJob(t *testing.T) {
	t.Parallel()
	const id = "e2e-exemplar"
	onboard(t, id, servicedesk.ProfileOnPrem)
	await(t, id, open(t, id).Accepted.JobID)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		found, err := watched.API().QueryExemplars(ctx, `enhancement_duration_seconds_bucket{tenant_id="`+id+`"}`, time.Now().Add(-time.Hour), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if len(found) > 0 && len(found[0].Exemplars) > 0 {
			trace, err := watched.Trace(ctx, string(found[0].Exemplars[0].Labels["trace_id"]))
			if err == nil && len(trace.Named("enhance_ticket")) > 0 {
				return
			}
			if err != nil && !errors.Is(err, observe.ErrNoTrace) {
				t.Fatal(err)
			}
		}
		if err := pause.For(ctx, 200*time.Millisecond); err != nil {
			t.Fatalf("no exemplar of %s names a trace that was kept: %v", id, found)
		}
	}
}
