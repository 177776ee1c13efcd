package telemetry

import "github.com/prometheus/client_golang/prometheus"

// MetricSpansDropped is the name of the metric.
const MetricSpansDropped = "trace_spans_dropped_total"

func newSpansDropped() prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{
		Name: MetricSpansDropped, Help: "Spans that no collector got: it did not take them, or too many waited for it.",
	})
}

// SpansDropped counts spans that no collector got.
func (m *Metrics) SpansDropped(n int) { m.spansDropped.Add(float64(n)) }
