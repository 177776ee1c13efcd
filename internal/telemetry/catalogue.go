package telemetry

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// App is one of our apps.
type App string

// The apps that have metrics.
const (
	AppGateway   App = "gateway"
	AppEnhancer  App = "enhancer"
	AppConsole   App = "console"
	AppSimulator App = "simulator"
)

// everyApp is for what each app has.
func everyApp() []App { return []App{AppGateway, AppEnhancer, AppConsole, AppSimulator} }

// Kind is the type of a metric, as Prometheus names it.
type Kind string

// The kinds.
const (
	KindCounter   Kind = "counter"
	KindGauge     Kind = "gauge"
	KindHistogram Kind = "histogram"
)

// Label is a label of a metric.
type Label struct {
	Name string
	// Values are all that there are, where they are few.
	Values []string
	// Of says what the values are, where they are not listed.
	Of string
}

// Family is what the catalogue knows of a metric: docs/metrics.md is made of it.
type Family struct {
	Theme string
	Kind  Kind
	Name  string
	// Help says what is measured, and Use what an operator does with it.
	Help, Use string
	Labels    []Label
	// Apps are those that fill it.
	Apps []App
	// Rest is how values of the tenants that have no label of their own become one. Of gauges only.
	Rest Rest
	// Buckets are of histograms.
	Buckets []float64
}

// Rest is how the values of several tenants become one.
type Rest string

// The ways.
const (
	RestSum Rest = "sum"
	RestMax Rest = "max"
)

func (f *Family) labelNames() []string {
	names := make([]string, len(f.Labels))
	for i, l := range f.Labels {
		names[i] = l.Name
	}
	return names
}

// catalogue makes the metrics, remembers what they are, and registers those of one app.
type catalogue struct {
	app      App // none: all metrics are registered
	registry *prometheus.Registry
	guard    *guard
	theme    string
	families []Family
}

// add takes a metric into the catalogue. What the app does not have is made, so that no caller has to ask, and not shown.
func (c *catalogue) add(f Family, kind Kind, collector prometheus.Collector) {
	f.Theme, f.Kind = c.theme, kind
	c.families = append(c.families, f)
	if c.app == "" || slices.Contains(f.Apps, c.app) {
		c.registry.MustRegister(collector)
	}
}

// Short names for what the themes are made of.
type (
	counter   = *prometheus.CounterVec
	single    = prometheus.Counter
	gauge     = *prometheus.GaugeVec
	histogram = *prometheus.HistogramVec
)

func (c *catalogue) counter(f Family) counter {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: f.Name, Help: f.Help}, f.labelNames())
	c.add(f, KindCounter, vec)
	return vec
}

// single is a counter without labels, which is there from the start, at 0.
func (c *catalogue) single(f Family) single { return c.counter(f).WithLabelValues() }

func (c *catalogue) gauge(f Family) gauge {
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: f.Name, Help: f.Help}, f.labelNames())
	c.add(f, KindGauge, vec)
	return vec
}

func (c *catalogue) histogram(f Family) histogram {
	vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: f.Name, Help: f.Help, Buckets: f.Buckets}, f.labelNames())
	c.add(f, KindHistogram, vec)
	return vec
}

// Of tenants: their label is the first.

func (c *catalogue) tenantCounter(f Family) tenantCounter {
	return tenantCounter{c.guard, guarded(c.guard, c.counter(f))}
}

func (c *catalogue) tenantHistogram(f Family) tenantHistogram {
	return tenantHistogram{c.guard, guarded(c.guard, c.histogram(f))}
}

func (c *catalogue) tenantGauge(f Family) *tenantGauge {
	g := newTenantGauge(c.guard, f)
	c.add(f, KindGauge, g)
	return g
}

// computed is a metric whose values are asked for when it is scraped.
func (c *catalogue) computed(f Family, kind Kind) *computed {
	m := &computed{desc: prometheus.NewDesc(f.Name, f.Help, f.labelNames(), nil), kind: prometheus.GaugeValue}
	if kind == KindCounter {
		m.kind = prometheus.CounterValue
	}
	c.add(f, kind, m)
	return m
}

// labelTenant is the label that names the tenant.
const labelTenant = "tenant_id"

func tenantLabel() Label {
	return Label{Name: labelTenant, Of: "the tenant, or `" + OtherTenants + "` for all that have no label of their own"}
}

func oneOf[S ~string](name string, values ...S) Label {
	l := Label{Name: name}
	for _, v := range values {
		l.Values = append(l.Values, string(v))
	}
	return l
}
