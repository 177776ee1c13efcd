package telemetry

import "time"

// The names of the metrics of the sweeper, and of what is removed because it is old.
const (
	MetricSwept  = "enhancement_swept_total"
	MetricOldest = "enhancement_oldest_seconds"
	MetricPurged = "enhancement_workflows_purged_total"
	MetricPruned = "enhancement_jobs_pruned_total"
)

// Swept is what became of a job that the sweeper looked at.
type Swept string

// The outcomes, as the label of the metric names them.
const (
	SweptWorking     Swept = "working"     // its workflow is under way
	SweptHeld        Swept = "held"        // its workflow is suspended, or of a version that no worker knows
	SweptQueued      Swept = "queued"      // its message did not arrive
	SweptStarted     Swept = "started"     // nobody worked on it
	SweptStuck       Swept = "stuck"       // its workflow stood still and was ended
	SweptUnclear     Swept = "unclear"     // the engine has trouble with this job
	SweptUnreachable Swept = "unreachable" // the engine answers nobody
	SweptFailed      Swept = "failed"      // given up
)

type sweeperMetrics struct {
	swept          counter
	oldest         gauge
	purged, pruned single
}

func newSweeperMetrics(c *catalogue) sweeperMetrics {
	c.theme = "Jobs that do not end, and old ones"
	enhancer := []App{AppEnhancer}
	return sweeperMetrics{
		swept: c.counter(Family{
			Name: MetricSwept, Help: "Jobs that the sweeper looked at, by what became of them.",
			Use: "`started`, `stuck`: work was lost and begun again; `unclear`, `unreachable`: the workflow engine is in trouble; `failed`: given up. " +
				"[More](operations.md#jobs-that-do-not-end).",
			Labels: []Label{oneOf("outcome", SweptWorking, SweptHeld, SweptQueued, SweptStarted, SweptStuck, SweptUnclear, SweptUnreachable, SweptFailed)},
			Apps:   enhancer,
		}),
		oldest: c.gauge(Family{
			Name: MetricOldest, Help: "Seconds for which the oldest job of all tenants has been running, or pending without its message; 0 for none.",
			Use:    "`pending` that grows: nothing gets jobs on their way. Every replica says the same: take the `max`.",
			Labels: []Label{oneOf("status", "pending", "running")}, Apps: enhancer,
		}),
		purged: c.single(Family{
			Name: MetricPurged, Help: "Workflows of ended jobs that were removed from the engine.",
			Use: "Stands still while jobs end: the state store grows ([retention](operations.md#how-old-things-get)).", Apps: enhancer,
		}),
		pruned: c.single(Family{
			Name: MetricPruned, Help: "Ended jobs that were removed from the ledger.",
			Use: "Stands still for days with LEDGER_RETENTION set: the database grows.", Apps: enhancer,
		}),
	}
}

// Swept counts one job that the sweeper looked at.
func (m *Metrics) Swept(outcome Swept) { m.sweeper.swept.WithLabelValues(string(outcome)).Inc() }

// OldestJobs says for how long the oldest unfinished jobs have been pending and running; 0 for none.
func (m *Metrics) OldestJobs(pending, running time.Duration) {
	m.sweeper.oldest.WithLabelValues("pending").Set(pending.Seconds())
	m.sweeper.oldest.WithLabelValues("running").Set(running.Seconds())
}

// WorkflowPurged counts one workflow that was removed from the engine.
func (m *Metrics) WorkflowPurged() { m.sweeper.purged.Inc() }

// JobsPruned counts ended jobs that were removed from the ledger.
func (m *Metrics) JobsPruned(n int) { m.sweeper.pruned.Add(float64(n)) }
