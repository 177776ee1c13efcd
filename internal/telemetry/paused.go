package telemetry

import "github.com/prometheus/client_golang/prometheus"

// MetricPaused is 1 while operators have paused something, and absent otherwise.
const MetricPaused = "enhancement_paused"

// Pause is one that operators have made; without a tenant, that of all.
type Pause struct{ TenantID, Scope string }

func newPaused() *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: MetricPaused, Help: "1 while an operator has paused intake or processing of a tenant, or of all (no tenant). Missing otherwise.",
	}, []string{labelTenant, "scope"})
}

// Pauses says what is paused now.
func (m *Metrics) Pauses(standing []Pause) {
	m.paused.Reset()
	for _, p := range standing {
		m.paused.WithLabelValues(p.TenantID, p.Scope).Set(1)
	}
}
