package telemetry

import "time"

// The names of the metrics of what jobs and apps cannot do without, or not as well.
const (
	MetricHeld         = "enhancement_held_total"
	MetricOutages      = "dependency_outages_total"
	MetricOutage       = "dependency_outage_seconds"
	MetricBreakerOpen  = "circuit_breaker_open"
	MetricDependencyUp = "dependency_up"
)

// labelDependency is the label that names what is depended on.
const labelDependency = "dependency"

type dependencyMetrics struct {
	held, outages    tenantCounter
	outage, breakers *tenantGauge
	up               gauge
}

func newDependencyMetrics(c *catalogue) dependencyMetrics {
	c.theme = "Dependencies"
	enhancer := []App{AppEnhancer}
	desk := []Label{tenantLabel(), oneOf(labelDependency, "servicedesk")}
	return dependencyMetrics{
		up: c.gauge(Family{
			Name: MetricDependencyUp, Help: "1 while what the app cannot work without answers, 0 while not; looked at every 10 s.",
			Use:    "The readiness of each app, part by part: which one is down, and since when.",
			Labels: []Label{oneOf(labelDependency, "postgres", "sidecar", "redis", "workflows")}, Apps: []App{AppGateway, AppEnhancer, AppConsole},
		}),
		held: c.tenantCounter(Family{
			Name: MetricHeld, Help: "How often a job was held because something of its tenant's was dead, by what it is.",
			Use:    "[Held jobs](operations.md#held-jobs) are not lost.",
			Labels: desk, Apps: enhancer,
		}),
		outages: c.tenantCounter(Family{
			Name: MetricOutages, Help: "How often something of a tenant's came to count as dead.",
			Use:    "Many: the client's server is restarted, or flaps.",
			Labels: desk, Apps: enhancer,
		}),
		outage: c.tenantGauge(Family{
			Name: MetricOutage, Help: "Seconds for which something of a tenant's has counted as dead. Missing while it does not.",
			Use:    "Over 900: tell the client. Every replica says the same, within 10 s: take the `max`.",
			Labels: desk, Apps: enhancer, Rest: RestMax,
		}),
		breakers: c.tenantGauge(Family{
			Name: MetricBreakerOpen, Help: "1 while this replica does not call something that failed again and again, 0 otherwise.",
			Use: "1: notes are made without it. `llm`, `llm_fallback`: of all tenants.",
			Labels: []Label{
				{Name: labelTenant, Of: "the tenant, `other`, or empty: of all tenants"}, oneOf(labelDependency, "knowledge", "llm", "llm_fallback"),
			},
			Apps: enhancer, Rest: RestMax,
		}),
	}
}

// DependencyUp says whether something that the app cannot work without answers.
func (m *Metrics) DependencyUp(name string, up bool) {
	m.dependencies.up.WithLabelValues(name).Set(oneIf(up))
}

// Held counts a job that was held.
func (m *Metrics) Held(tenantID, dependency string) { m.dependencies.held.inc(tenantID, dependency) }

// OutageBegan counts something of a tenant's that came to count as dead.
func (m *Metrics) OutageBegan(tenantID, dependency string) {
	m.dependencies.outages.inc(tenantID, dependency)
}

// Outage is something of a tenant's that counts as dead.
type Outage struct {
	TenantID, Dependency string

	For time.Duration
}

// Outages says what counts as dead now.
func (m *Metrics) Outages(standing []Outage) {
	m.dependencies.outage.replace(func(set func(v float64, tenantID string, values ...string)) {
		for _, o := range standing {
			set(o.For.Seconds(), o.TenantID, o.Dependency)
		}
	})
}

// Breaker says whether this process has stopped calling something of a tenant's, or of all tenants' ("").
func (m *Metrics) Breaker(tenantID, dependency string, open bool) {
	m.dependencies.breakers.set(oneIf(open), tenantID, dependency)
}
