package telemetry

import "time"

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
	polls           counter
	missed, leftOut tenantCounter
	silence         *tenantGauge
}

func newReconcileMetrics(c *catalogue) reconcileMetrics {
	c.theme = "Missed webhooks"
	enhancer := []App{AppEnhancer}
	return reconcileMetrics{
		polls: c.counter(Family{
			Name: MetricReconcilePolls, Help: "Polls for missed webhooks, by how they ended.",
			Use:    "`failed` and `limited`: ServiceDesk Plus does not let us look; `full`: the tenant's queue does not get shorter.",
			Labels: []Label{oneOf("outcome", ReconcileOK, ReconcileMore, ReconcileFull, ReconcileLimited, ReconcilePaused, ReconcileFailed, ReconcileStopped)},
			Apps:   enhancer,
		}),
		missed: c.tenantCounter(Family{
			Name: MetricReconcileMissed, Help: "Tickets that are enhanced because a poll found that their webhook was missed.",
			Use:    "Rises steadily: the tenant's webhooks do not arrive; look at its [sender](operations.md#missed-webhooks).",
			Labels: []Label{tenantLabel()}, Apps: enhancer,
		}),
		leftOut: c.tenantCounter(Family{
			Name: MetricReconcileLeftOut, Help: "Requests that became older than RECONCILE_MAX_AGE before a poll could look at them; an upper bound.",
			Use:    "As many tickets may have no note. They can be sent again.",
			Labels: []Label{tenantLabel()}, Apps: enhancer,
		}),
		silence: c.tenantGauge(Family{
			Name: MetricReconcileSilence, Help: "Seconds since a poll last followed the tenant's requests to their end.",
			Use:    "Over 900: missed webhooks of the tenant would not be noticed. Every replica says the same: take the `max`.",
			Labels: []Label{tenantLabel()}, Apps: enhancer, Rest: RestMax,
		}),
	}
}

// ReconcilePolled counts one poll for missed webhooks.
func (m *Metrics) ReconcilePolled(outcome Reconciled) {
	m.reconcile.polls.WithLabelValues(string(outcome)).Inc()
}

// ReconcileMissed counts one ticket whose webhook was missed.
func (m *Metrics) ReconcileMissed(tenantID string) { m.reconcile.missed.inc(tenantID) }

// ReconcileLeftOut counts requests that became too old before a poll could look at them.
func (m *Metrics) ReconcileLeftOut(tenantID string, n int) {
	if n > 0 {
		m.reconcile.leftOut.add(float64(n), tenantID)
	}
}

// ReconcileSilence says for how long the requests of each tenant have not been followed to their end; of others, nothing
// is said any more.
func (m *Metrics) ReconcileSilence(silence map[string]time.Duration) {
	m.reconcile.silence.replace(func(set func(v float64, tenantID string, values ...string)) {
		for tenantID, d := range silence {
			set(d.Seconds(), tenantID)
		}
	})
}
