package telemetry

import (
	"context"
	"maps"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
)

// vector is a metric with labels, one of which is the tenant's.
type vector interface {
	DeletePartialMatch(labels prometheus.Labels) int
}

// guarded has the series of tenants deleted that have no label of their own any more.
func guarded[V vector](g *guard, vec V) V {
	g.forget = append(g.forget, func(tenantID string) { vec.DeletePartialMatch(prometheus.Labels{labelTenant: tenantID}) })
	return vec
}

// tenantCounter counts for tenants.
type tenantCounter struct {
	guard *guard
	vec   *prometheus.CounterVec
}

func (c tenantCounter) inc(tenantID string, values ...string) { c.add(1, tenantID, values...) }

func (c tenantCounter) add(n float64, tenantID string, values ...string) {
	labels, used := labelled(c.guard.count(tenantID), values)
	defer c.guard.counted()
	c.vec.WithLabelValues(labels[:used]...).Add(n)
}

// tenantHistogram measures for tenants.
type tenantHistogram struct {
	guard *guard
	vec   *prometheus.HistogramVec
}

func (h tenantHistogram) observe(ctx context.Context, v float64, tenantID string, values ...string) {
	labels, used := labelled(h.guard.count(tenantID), values)
	defer h.guard.counted()
	observe(ctx, h.vec.WithLabelValues(labels[:used]...), v)
}

// maxLabels is how many labels a metric of tenants has, the tenant's included.
const maxLabels = 3

// labelled puts the tenant's label first, without a slice to be allocated.
func labelled(name string, values []string) (labels [maxLabels]string, used int) {
	labels[0] = name
	return labels, 1 + copy(labels[1:], values)
}

// labelTrace is the label of exemplars, by which Grafana finds the trace.
const labelTrace = "trace_id"

// observe leaves the trace of ctx beside the value, if it is sampled. Whether the collector keeps it is not known yet.
func observe(ctx context.Context, to prometheus.Observer, v float64) {
	span := trace.SpanContextFromContext(ctx)
	if exemplars, can := to.(prometheus.ExemplarObserver); can && span.IsValid() && span.IsSampled() {
		exemplars.ObserveWithExemplar(v, prometheus.Labels{labelTrace: span.TraceID().String()})
		return
	}
	to.Observe(v)
}

// gaugeKey is what a value is kept by.
type gaugeKey struct {
	tenantID string
	labels   [maxLabels - 1]string
}

// tenantGauge is what is so of tenants. It is kept for all of them, and becomes series only when it is scraped.
type tenantGauge struct {
	guard *guard
	desc  *prometheus.Desc
	rest  Rest
	more  int // labels besides the tenant's
	// seen, when set, is what a value has become since it was set.
	seen func(tenantID string, v float64) float64

	mu     sync.Mutex
	values map[gaugeKey]float64
}

func newTenantGauge(g *guard, f Family) *tenantGauge {
	gauge := &tenantGauge{
		guard: g, desc: prometheus.NewDesc(f.Name, f.Help, f.labelNames(), nil), rest: f.Rest, more: len(f.Labels) - 1, values: map[gaugeKey]float64{},
	}
	g.gone = append(g.gone, gauge.remove)
	return gauge
}

func (t *tenantGauge) key(tenantID string, values []string) gaugeKey {
	key := gaugeKey{tenantID: tenantID}
	copy(key.labels[:], values)
	return key
}

// set is for what is told of one tenant at a time.
func (t *tenantGauge) set(v float64, tenantID string, values ...string) {
	t.guard.know(tenantID)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.values[t.key(tenantID, values)] = v
}

func (t *tenantGauge) remove(tenantID string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key := range t.values {
		if key.tenantID == tenantID {
			delete(t.values, key)
		}
	}
}

// replace is for what is told of all tenants at once: of others there is nothing to say any more.
func (t *tenantGauge) replace(fill func(set func(v float64, tenantID string, values ...string))) {
	values := map[gaugeKey]float64{}
	fill(func(v float64, tenantID string, labels ...string) { values[t.key(tenantID, labels)] = v })
	for key := range values {
		t.guard.know(key.tenantID)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.values = values
}

// Describe implements prometheus.Collector.
func (t *tenantGauge) Describe(out chan<- *prometheus.Desc) { out <- t.desc }

// Collect implements prometheus.Collector.
func (t *tenantGauge) Collect(out chan<- prometheus.Metric) {
	for key, v := range t.series() {
		labels := append([]string{key.tenantID}, key.labels[:t.more]...)
		out <- prometheus.MustNewConstMetric(t.desc, prometheus.GaugeValue, v, labels...)
	}
}

// series are the values by the names that tenants have now.
func (t *tenantGauge) series() map[gaugeKey]float64 {
	t.mu.Lock()
	values := maps.Clone(t.values) // a tenant that leaves is removed while the guard is locked
	t.mu.Unlock()
	series := make(map[gaugeKey]float64)
	for key, v := range values {
		if t.seen != nil {
			v = t.seen(key.tenantID, v)
		}
		key.tenantID = t.guard.nameOf(key.tenantID)
		before, more := series[key]
		switch {
		case !more:
			series[key] = v
		case t.rest == RestMax:
			series[key] = max(before, v)
		default:
			series[key] = before + v
		}
	}
	return series
}

// computed is asked for its values when it is scraped. It has none until it is told whom to ask.
type computed struct {
	desc *prometheus.Desc
	kind prometheus.ValueType

	mu  sync.Mutex
	ask func(tell func(v float64, values ...string))
}

func (c *computed) from(ask func(tell func(v float64, values ...string))) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ask = ask
}

// Describe implements prometheus.Collector.
func (c *computed) Describe(out chan<- *prometheus.Desc) { out <- c.desc }

// Collect implements prometheus.Collector.
func (c *computed) Collect(out chan<- prometheus.Metric) {
	c.mu.Lock()
	ask := c.ask
	c.mu.Unlock()
	if ask != nil {
		ask(func(v float64, values ...string) { out <- prometheus.MustNewConstMetric(c.desc, c.kind, v, values...) })
	}
}
