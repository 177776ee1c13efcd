package telemetry

import (
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
)

// The names of the metrics of the queue.
const (
	MetricQueue       = "queue_depth"
	MetricRunning     = "enhancement_running_jobs"
	MetricQueueOldest = "enhancement_queue_oldest_seconds"
	MetricPaused      = "enhancement_paused"
	MetricWorkers     = "worker_active_count"
	MetricDraining    = "worker_draining"
	MetricUnmanned    = "worker_enhancers_without"
)

type queueMetrics struct {
	depth, running, oldest, paused *tenantGauge

	worker, draining, unmanned gauge
}

func newQueueMetrics(c *catalogue) queueMetrics {
	c.theme = "The queue"
	enhancer := []App{AppEnhancer}
	const replicas = " Every replica says the same: take the `max`."
	return queueMetrics{
		depth: c.tenantGauge(Family{
			Name: MetricQueue, Help: "Jobs of a tenant that do not run, over all replicas. No series for a tenant that has none.",
			Use:    "`waiting` grows when there is more work than workers, or nobody works; `held`: the tenant's server is [dead](operations.md#held-jobs)." + replicas,
			Labels: []Label{tenantLabel(), oneOf("state", "waiting", "held")}, Apps: enhancer, Rest: RestSum,
		}),
		running: c.tenantGauge(Family{
			Name: MetricRunning, Help: "Jobs of a tenant that run, over all replicas.",
			Use:    "Near QUEUE_TENANT_LIMIT for long: the tenant's jobs are slow, or many." + replicas,
			Labels: []Label{tenantLabel()}, Apps: enhancer, Rest: RestSum,
		}),
		oldest: c.tenantGauge(Family{
			Name: MetricQueueOldest, Help: "Seconds since the oldest job of a tenant was received that waits for its turn.",
			Use:    "How far behind the queue is, in time." + replicas,
			Labels: []Label{tenantLabel()}, Apps: enhancer, Rest: RestMax,
		}),
		paused: c.tenantGauge(Family{
			Name: MetricPaused, Help: "1 while an operator has paused a tenant, or all of them (no tenant). Missing while not.",
			Use: "Why nothing happens. A pause that was forgotten shows here." + replicas,
			Labels: []Label{
				{Name: labelTenant, Of: "the tenant, `other`, or empty: all tenants"}, oneOf("scope", enhancement.PauseIntake, enhancement.PauseProcessing),
			},
			Apps: enhancer, Rest: RestMax,
		}),
		worker: c.gauge(Family{
			Name: MetricWorkers, Help: "1 while this replica's workflow worker is connected and takes work, else 0.",
			Use: "The `sum` is how many workers there are. 0: nothing is enhanced.", Apps: enhancer,
		}),
		draining: c.gauge(Family{
			Name: MetricDraining, Help: "1 while an operator has this replica's worker drained, or it is being drained, else 0.",
			Use: "Why a worker is not active: it is [meant to be so](operations.md#draining-a-worker). One that was forgotten shows here.", Apps: enhancer,
		}),
		unmanned: c.gauge(Family{
			Name: MetricUnmanned, Help: "Enhancers, the shared one or tenants' own, that have enabled tenants and no worker that takes work.",
			Use: "Above 0: the jobs of [those tenants](isolation.md) wait, whatever the other enhancers do." + replicas, Apps: enhancer,
		}),
	}
}

// Queue is how deep the queue of a tenant is.
type Queue struct {
	TenantID               string
	Waiting, Held, Running int
	Oldest                 time.Duration
}

// Queues says how deep all queues are. A tenant that is not among them has nothing left to do.
func (m *Metrics) Queues(queues []Queue) {
	m.queue.depth.replace(func(set func(v float64, tenantID string, values ...string)) {
		for _, q := range queues {
			set(float64(q.Waiting), q.TenantID, "waiting")
			set(float64(q.Held), q.TenantID, "held")
		}
	})
	m.queue.running.replace(func(set func(v float64, tenantID string, values ...string)) {
		for _, q := range queues {
			set(float64(q.Running), q.TenantID)
		}
	})
	m.queue.oldest.replace(func(set func(v float64, tenantID string, values ...string)) {
		for _, q := range queues {
			set(q.Oldest.Seconds(), q.TenantID)
		}
	})
}

// Pause is what of a tenant is paused, or of all tenants ("").
type Pause struct {
	TenantID, Scope string
}

// Paused says what is paused now.
func (m *Metrics) Paused(pauses []Pause) {
	m.queue.paused.replace(func(set func(v float64, tenantID string, values ...string)) {
		for _, p := range pauses {
			set(1, p.TenantID, p.Scope)
		}
	})
}

// WorkerActive says whether this process's workflow worker takes work.
func (m *Metrics) WorkerActive(active bool) { m.queue.worker.WithLabelValues().Set(oneIf(active)) }

// WorkerDraining says whether this process's workflow worker takes no work because an operator wants that.
func (m *Metrics) WorkerDraining(draining bool) {
	m.queue.draining.WithLabelValues().Set(oneIf(draining))
}

// Unmanned says how many enhancers have tenants and no worker that takes work.
func (m *Metrics) Unmanned(enhancers int) {
	m.queue.unmanned.WithLabelValues().Set(float64(enhancers))
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
