package telemetry

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
)

func traced(ctx context.Context, flags trace.TraceFlags) context.Context {
	return trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0xab, 15: 1}, SpanID: trace.SpanID{1}, TraceFlags: flags,
	}))
}

func TestDurationsLeadToTheirTraces(t *testing.T) {
	t.Parallel()
	const exemplar = `# {trace_id="ab000000000000000000000000000001"} `
	page := func(m *Metrics, accept string) string {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
		r.Header.Set("Accept", accept)
		rec := httptest.NewRecorder()
		m.Handler().ServeHTTP(rec, r)
		return rec.Body.String()
	}
	const openMetrics = "application/openmetrics-text; version=1.0.0"
	for name, measure := range map[string]func(ctx context.Context, m *Metrics){
		MetricEnhancementDuration: func(ctx context.Context, m *Metrics) { m.Completed(ctx, "alpha", "created", time.Second) },
		MetricStepDuration:        func(ctx context.Context, m *Metrics) { m.Step(ctx, "doc_search", "ok", time.Second) },
		MetricLLMDuration: func(ctx context.Context, m *Metrics) {
			m.LLMCalled(ctx, "alpha", LLMCall{Model: "m", Took: time.Second})
		},
		MetricDeskDuration: func(ctx context.Context, m *Metrics) {
			m.ServiceDeskCalled(ctx, "alpha", "get_request", DeskOK, time.Second)
		},
	} {
		m := NewMetrics()
		measure(traced(t.Context(), 0), m)
		measure(t.Context(), m)
		if got := page(m, openMetrics); strings.Contains(got, "trace_id") || !strings.HasSuffix(got, "# EOF\n") {
			t.Errorf("%s: a trace that is not kept is named, or it is not OpenMetrics", name)
		}
		measure(traced(t.Context(), trace.FlagsSampled), m)
		got := page(m, openMetrics)
		if !strings.Contains(got, exemplar) {
			t.Errorf("%s has no exemplar", name)
		}
		for line := range strings.Lines(got) {
			if strings.Contains(line, "trace_id") && !strings.HasPrefix(line, name+"_bucket") {
				t.Errorf("%s: %s", name, line)
			}
		}
		if got := page(m, "text/plain"); strings.Contains(got, "trace_id") || !strings.Contains(got, name) {
			t.Errorf("%s: the plain format has no exemplars", name)
		}
	}
}
