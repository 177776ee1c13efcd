package telemetry

import (
	"maps"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The names of the metrics of the poll for missed webhooks.
const (
	MetricReconcilePolls   = "reconcile_polls_total"
	MetricReconcileMissed  = "reconcile_missed_total"
	MetricReconcileLeftOut = "reconcile_left_out_total"
	MetricReconcileSilence = "reconcile_silence_seconds"
)

// Reconciled is how a poll for missed webhooks ended.
type Reconciled string

// The outcomes, as the label of the metric names them.
const (
	ReconcileOK      Reconciled = "ok"      // the list was followed to its end
	ReconcileMore    Reconciled = "more"    // there is more of it, and the next poll is soon
	ReconcileFull    Reconciled = "full"    // so many of the tenant's jobs wait that none are added
	ReconcileLimited Reconciled = "limited" // the server limits calls
	ReconcilePaused  Reconciled = "paused"  // an operator has paused the tenant's intake
	ReconcileFailed  Reconciled = "failed"
	ReconcileStopped Reconciled = "stopped" // the process was told to stop
)

type reconcileMetrics struct {
	polls   *prometheus.CounterVec
	missed  *prometheus.CounterVec
	leftOut *prometheus.CounterVec
	silence *prometheus.GaugeVec

	mu     sync.Mutex
	silent map[string]time.Duration // what silence was last told
}

func newReconcileMetrics() *reconcileMetrics {
	return &reconcileMetrics{
		polls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: MetricReconcilePolls, Help: "Polls for missed webhooks, by how they ended.",
		}, []string{"outcome"}),
		missed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: MetricReconcileMissed, Help: "Tickets that are enhanced because a poll found that their webhook was missed.",
		}, []string{"tenant_id"}),
		leftOut: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: MetricReconcileLeftOut, Help: "Requests that became too old before a poll could look at them; an upper bound.",
		}, []string{"tenant_id"}),
		silence: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: MetricReconcileSilence, Help: "Seconds since a poll last followed the tenant's requests to their end.",
		}, []string{"tenant_id"}),
	}
}

// ReconcilePolled counts one poll for missed webhooks.
func (m *Metrics) ReconcilePolled(outcome Reconciled) {
	m.reconcile.polls.WithLabelValues(string(outcome)).Inc()
}

// ReconcileMissed counts one ticket whose webhook was missed.
func (m *Metrics) ReconcileMissed(tenantID string) {
	m.reconcile.missed.WithLabelValues(tenantID).Inc()
}

// ReconcileLeftOut counts requests that became too old before a poll could look at them.
func (m *Metrics) ReconcileLeftOut(tenantID string, n int) {
	if n > 0 {
		m.reconcile.leftOut.WithLabelValues(tenantID).Add(float64(n))
	}
}

// ReconcileSilence says for how long the requests of each tenant have not been followed to their end; of others, nothing
// is said any more.
func (m *Metrics) ReconcileSilence(silence map[string]time.Duration) {
	r := m.reconcile
	r.mu.Lock()
	defer r.mu.Unlock()
	for id := range r.silent {
		if _, still := silence[id]; !still {
			r.silence.DeleteLabelValues(id)
		}
	}
	for id, d := range silence {
		r.silence.WithLabelValues(id).Set(d.Seconds())
	}
	r.silent = maps.Clone(silence)
}
