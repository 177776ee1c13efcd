package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// labelDependency is the label that names what a tenant's jobs depend on.
const labelDependency = "dependency"

// dependencyMetrics are of what jobs cannot do without, or not as well.
type dependencyMetrics struct {
	held, outages    *prometheus.CounterVec
	outage, breakers *prometheus.GaugeVec
}

func newDependencyMetrics() *dependencyMetrics {
	labels := []string{labelTenant, labelDependency}
	return &dependencyMetrics{
		held: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: MetricHeld, Help: "How often a job was held because something of its tenant's was dead, by what it is.",
		}, labels),
		outages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: MetricOutages, Help: "How often something of a tenant's came to count as dead.",
		}, labels),
		outage: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: MetricOutage, Help: "Seconds for which something of a tenant's has counted as dead. Missing while it does not.",
		}, labels),
		breakers: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: MetricBreakerOpen, Help: "1 while this process does not call something that failed again and again, 0 otherwise. No tenant: for all.",
		}, labels),
	}
}

// Describe implements prometheus.Collector.
func (d *dependencyMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, c := range d.all() {
		c.Describe(out)
	}
}

// Collect implements prometheus.Collector.
func (d *dependencyMetrics) Collect(out chan<- prometheus.Metric) {
	for _, c := range d.all() {
		c.Collect(out)
	}
}

func (d *dependencyMetrics) all() []prometheus.Collector {
	return []prometheus.Collector{d.held, d.outages, d.outage, d.breakers}
}

// Held counts a job that was held.
func (m *Metrics) Held(tenantID, dependency string) {
	m.dependencies.held.WithLabelValues(tenantID, dependency).Inc()
}

// OutageBegan counts something of a tenant's that came to count as dead.
func (m *Metrics) OutageBegan(tenantID, dependency string) {
	m.dependencies.outages.WithLabelValues(tenantID, dependency).Inc()
}

// Outage is something of a tenant's that counts as dead.
type Outage struct {
	TenantID, Dependency string

	For time.Duration
}

// Outages says what counts as dead now.
func (m *Metrics) Outages(standing []Outage) {
	m.dependencies.outage.Reset()
	for _, o := range standing {
		m.dependencies.outage.WithLabelValues(o.TenantID, o.Dependency).Set(o.For.Seconds())
	}
}

// Breaker says whether this process has stopped calling something of a tenant's, or of all tenants' ("").
func (m *Metrics) Breaker(tenantID, dependency string, open bool) {
	value := 0.0
	if open {
		value = 1
	}
	m.dependencies.breakers.WithLabelValues(tenantID, dependency).Set(value)
}
