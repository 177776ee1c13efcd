package telemetry

import (
	"context"
	"time"
)

// The names of the metrics of calls to tenants' ServiceDesk Plus.
const (
	MetricDeskCalls    = "servicedesk_requests_total"
	MetricDeskDuration = "servicedesk_request_duration_seconds"
)

// DeskStatus is how a call to a ServiceDesk Plus ended.
type DeskStatus string

// The states, as the label of the metric names them.
const (
	DeskOK          DeskStatus = "ok"
	DeskAuth        DeskStatus = "auth" // the credentials, or what they may do
	DeskNotFound    DeskStatus = "not_found"
	DeskThrottled   DeskStatus = "throttled"
	DeskTimeout     DeskStatus = "timeout"
	DeskUnreachable DeskStatus = "unreachable"
	DeskServer      DeskStatus = "server"  // it failed
	DeskRefused     DeskStatus = "refused" // it does not want the call as it is
)

type deskMetrics struct {
	calls    tenantCounter
	duration histogram
}

func newDeskMetrics(c *catalogue) deskMetrics {
	c.theme = "ServiceDesk Plus"
	callers := []App{AppEnhancer, AppConsole}
	operation := Label{Name: labelOperation, Of: "the operation of the client, as in the log"}
	return deskMetrics{
		calls: c.tenantCounter(Family{
			Name: MetricDeskCalls, Help: "Calls to tenants' ServiceDesk Plus, by operation and how they ended.",
			Use: "`auth`: the tenant's key has ended or may too little; `throttled`: lower MIRROR_…_CALLS_PER_MINUTE; `timeout`, `unreachable`, `server`: the client's server.",
			Labels: []Label{
				tenantLabel(), operation,
				oneOf("status", DeskOK, DeskAuth, DeskNotFound, DeskThrottled, DeskTimeout, DeskUnreachable, DeskServer, DeskRefused),
			},
			Apps: callers,
		}),
		duration: c.histogram(Family{
			Name: MetricDeskDuration, Help: "Seconds that a call to a tenant's ServiceDesk Plus took.",
			Use:    "Compare with SERVICEDESK_TIMEOUT.",
			Labels: []Label{operation}, Apps: callers, Buckets: durationBuckets(),
		}),
	}
}

// ServiceDeskCalled counts one call to a tenant's ServiceDesk Plus.
func (m *Metrics) ServiceDeskCalled(ctx context.Context, tenantID, operation string, status DeskStatus, took time.Duration) {
	m.desk.calls.inc(tenantID, operation, string(status))
	observe(ctx, m.desk.duration.WithLabelValues(operation), took.Seconds())
}
