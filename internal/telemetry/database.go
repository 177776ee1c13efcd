package telemetry

import (
	"time"
)

// The names of the metrics of the database's connections.
const (
	MetricPoolConnections = "postgres_pool_connections"
	MetricPoolMax         = "postgres_pool_max_connections"
	MetricPoolWaits       = "postgres_pool_waits_total"
	MetricPoolWaitSeconds = "postgres_pool_wait_seconds_total"
	MetricPoolCanceled    = "postgres_pool_canceled_total"
)

type databaseMetrics struct{ connections, most, waits, waited, canceled *computed }

func newDatabaseMetrics(c *catalogue) databaseMetrics {
	c.theme = "The database"
	users := []App{AppGateway, AppEnhancer, AppConsole}
	return databaseMetrics{
		connections: c.computed(Family{
			Name: MetricPoolConnections, Help: "Database connections of this process, by what they do.",
			Use:    "`acquired` at the maximum for long: the pool is exhausted; raise DB_MAX_CONNS, or look for slow statements.",
			Labels: []Label{oneOf("state", "acquired", "idle", "constructing")}, Apps: users,
		}, KindGauge),
		most: c.computed(Family{
			Name: MetricPoolMax, Help: "How many database connections this process may have (DB_MAX_CONNS).",
			Use: "What `acquired` is compared with.", Apps: users,
		}, KindGauge),
		waits: c.computed(Family{
			Name: MetricPoolWaits, Help: "How often a connection was waited for, because none was free.",
			Use: "Some after a pause are usual; all the time they are not.", Apps: users,
		}, KindCounter),
		waited: c.computed(Family{
			Name: MetricPoolWaitSeconds, Help: "Seconds that were spent waiting for a connection.",
			Use: "Its rate is how many requests wait at a time.", Apps: users,
		}, KindCounter),
		canceled: c.computed(Family{
			Name: MetricPoolCanceled, Help: "How often it was given up to wait for a connection.",
			Use: "Work that failed for want of a connection.", Apps: users,
		}, KindCounter),
	}
}

// Pool is what is known of the connections to the database.
type Pool struct {
	Acquired, Idle, Constructing, Max int32
	// Since the process began.
	Waits, Canceled int64
	Waited          time.Duration
}

// WatchPool has the pool looked at when the metrics are scraped.
func (m *Metrics) WatchPool(look func() Pool) {
	d := m.database
	d.connections.from(func(tell func(v float64, values ...string)) {
		p := look()
		tell(float64(p.Acquired), "acquired")
		tell(float64(p.Idle), "idle")
		tell(float64(p.Constructing), "constructing")
	})
	for metric, of := range map[*computed]func(Pool) float64{
		d.most:     func(p Pool) float64 { return float64(p.Max) },
		d.waits:    func(p Pool) float64 { return float64(p.Waits) },
		d.waited:   func(p Pool) float64 { return p.Waited.Seconds() },
		d.canceled: func(p Pool) float64 { return float64(p.Canceled) },
	} {
		metric.from(func(tell func(v float64, values ...string)) { tell(of(look())) })
	}
}
