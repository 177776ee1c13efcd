package telemetry

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// DefaultTenants is how many tenants have a label of their own where nobody says another number.
const DefaultTenants = 100

// MetricsConfig is what the metrics can be set to.
type MetricsConfig struct {
	// Tenants is how many of them, the busiest, have a label of their own; the rest is one.
	Tenants int `envconfig:"METRICS_TENANTS" default:"100"`
}

// Validate says what makes no sense.
func (c MetricsConfig) Validate() error {
	if c.Tenants < 0 {
		return fmt.Errorf("METRICS_TENANTS is %d: use how many tenants have a label of their own, or 0 for none", c.Tenants)
	}
	return nil
}

// Metrics are the measurements of one app, in a registry of their own. They may be used concurrently. What a metric means, and which app fills
// it, stands where it is made, and in docs/metrics.md.
type Metrics struct {
	registry *prometheus.Registry
	guard    *guard
	families []Family

	webhooks     webhookMetrics
	enhancements enhancementMetrics
	queue        queueMetrics
	sweeper      sweeperMetrics
	reconcile    reconcileMetrics
	sources      sourceMetrics
	llm          *llmMetrics
	desk         deskMetrics
	dependencies dependencyMetrics
	database     databaseMetrics
	console      consoleMetrics
	process      processMetrics
}

// MetricsOf makes those of an app, with the Go runtime's and the process's own figures beside them.
func MetricsOf(app App, cfg MetricsConfig) *Metrics {
	return newMetrics(app, cfg.Tenants, time.Now).withRuntime()
}

// NewMetrics makes those of all apps in one, as no process has them: for tests, and for the list of them.
func NewMetrics() *Metrics { return newMetrics("", DefaultTenants, time.Now).withRuntime() }

func (m *Metrics) withRuntime() *Metrics {
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func newMetrics(app App, tenants int, now func() time.Time) *Metrics {
	c := &catalogue{app: app, registry: prometheus.NewRegistry(), guard: newGuard(tenants, now)}
	m := &Metrics{registry: c.registry, guard: c.guard}
	m.webhooks = newWebhookMetrics(c)
	m.enhancements = newEnhancementMetrics(c)
	m.queue = newQueueMetrics(c)
	m.sweeper = newSweeperMetrics(c)
	m.reconcile = newReconcileMetrics(c)
	m.sources = newSourceMetrics(c)
	m.llm = newLLMMetrics(c, now)
	m.desk = newDeskMetrics(c)
	m.dependencies = newDependencyMetrics(c)
	m.database = newDatabaseMetrics(c)
	m.console = newConsoleMetrics(c)
	m.process = newProcessMetrics(c)
	m.families = c.families
	return m
}

// Families is the catalogue, in the order in which it is to be read; also of what this app does not have.
func (m *Metrics) Families() []Family { return slices.Clone(m.families) }

// Handler serves the metrics in Prometheus's format, or in that of OpenMetrics, which has exemplars, to those who ask for it.
func (m *Metrics) Handler() http.Handler {
	inner := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.guard.balance()
		inner.ServeHTTP(w, r)
	})
}

// ForgetTenant has a tenant that was deleted leave the metrics. Replicas that are not told notice after a week.
func (m *Metrics) ForgetTenant(tenantID string) { m.guard.remove(tenantID) }

// durationBuckets are those of what takes from some milliseconds to two minutes, in seconds.
func durationBuckets() []float64 {
	return []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120}
}

// jobBuckets go further: a job may wait, and whether it took longer than two minutes is what an alert asks.
func jobBuckets() []float64 {
	return []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1800, 3600}
}
