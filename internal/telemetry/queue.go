package telemetry

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// labelTenant is the label that names the tenant.
const labelTenant = "tenant_id"

// Queue is how deep the queue of a tenant is.
type Queue struct {
	TenantID               string
	Waiting, Held, Running int
	Oldest                 time.Duration
}

// queueGauges are those of tenants with jobs that wait or run; the others have none.
type queueGauges struct {
	jobs, oldest *prometheus.GaugeVec

	mu      sync.Mutex
	tenants map[string]struct{}
}

func newQueueGauges() *queueGauges {
	return &queueGauges{
		jobs: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: MetricQueue, Help: "Jobs of a tenant by what they do (waiting, held, running), over all replicas.",
		}, []string{labelTenant, "state"}),
		oldest: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: MetricQueueOldest, Help: "Seconds since the oldest job of a tenant was received that waits for its turn.",
		}, []string{labelTenant}),
		tenants: map[string]struct{}{},
	}
}

// Queues says how deep all queues are. A tenant that is not among them has nothing left to do.
func (m *Metrics) Queues(queues []Queue) {
	g := m.queue
	g.mu.Lock()
	defer g.mu.Unlock()
	now := make(map[string]struct{}, len(queues))
	for _, q := range queues {
		now[q.TenantID] = struct{}{}
		g.jobs.WithLabelValues(q.TenantID, "waiting").Set(float64(q.Waiting))
		g.jobs.WithLabelValues(q.TenantID, "held").Set(float64(q.Held))
		g.jobs.WithLabelValues(q.TenantID, "running").Set(float64(q.Running))
		g.oldest.WithLabelValues(q.TenantID).Set(q.Oldest.Seconds())
	}
	for tenantID := range g.tenants {
		if _, still := now[tenantID]; !still {
			g.jobs.DeletePartialMatch(prometheus.Labels{labelTenant: tenantID})
			g.oldest.DeletePartialMatch(prometheus.Labels{labelTenant: tenantID})
		}
	}
	g.tenants = now
}
