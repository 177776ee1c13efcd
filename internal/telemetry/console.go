package telemetry

import (
	"strconv"
	"time"
)

// The names of the metrics of the admin API.
const (
	MetricConsole       = "console_requests_total"
	MetricConsoleDenied = "console_denied_total"
	MetricUnpublished   = "tenant_change_unpublished_total"
	MetricExpiry        = "credential_expiry_timestamp_seconds"
)

// Credential is something that ends, and has to be renewed before.
type Credential string

// The kinds, as the label of the metric names them.
const (
	CredentialToken       Credential = "api_token"
	CredentialCertificate Credential = "tls_certificate"
)

type consoleMetrics struct {
	requests, denied counter
	unpublished      single
	expiry           gauge
}

func newConsoleMetrics(c *catalogue) consoleMetrics {
	c.theme = "The admin API"
	console := []App{AppConsole}
	return consoleMetrics{
		requests: c.counter(Family{
			Name: MetricConsole, Help: "Requests to the admin API by operation and HTTP status.",
			Use:    "5xx: the console is in trouble, operators cannot act.",
			Labels: []Label{{Name: "operation", Of: "as in [openapi.yaml](openapi.yaml); empty: none"}, {Name: "code", Of: "the HTTP status"}}, Apps: console,
		}),
		denied: c.counter(Family{
			Name: MetricConsoleDenied, Help: "Requests to the admin API that were not let in, by reason.",
			Use:    "Rises: somebody tries tokens, or a program has one that has ended. The security events say from where.",
			Labels: []Label{{Name: "reason", Of: "as in the [security events](logging.md)"}}, Apps: console,
		}),
		unpublished: c.single(Family{
			Name: MetricUnpublished, Help: "Changes of tenants of which the other apps were not told.",
			Use: "They take effect when what is cached runs out, within five minutes. Look at the sidecar and Redis.", Apps: console,
		}),
		expiry: c.gauge(Family{
			Name: MetricExpiry, Help: "When the next credential of a kind ends, as Unix time. Missing when none will.",
			Use:    "Renew before: `credential_expiry_timestamp_seconds - time() < 14 * 86400`.",
			Labels: []Label{oneOf("kind", CredentialToken, CredentialCertificate)}, Apps: console,
		}),
	}
}

// Console counts one request to the admin API, by operation ("" when there is none) and status.
func (m *Metrics) Console(operation string, code int) {
	m.console.requests.WithLabelValues(operation, strconv.Itoa(code)).Inc()
}

// ConsoleDenied counts one request to the admin API that was not let in, by the reason.
func (m *Metrics) ConsoleDenied(reason string) { m.console.denied.WithLabelValues(reason).Inc() }

// TenantChangeUnpublished counts a change of a tenant of which the other apps were not told.
func (m *Metrics) TenantChangeUnpublished() { m.console.unpublished.Inc() }

// CredentialEnds says when the next credential of a kind ends; the zero time when none will.
func (m *Metrics) CredentialEnds(kind Credential, at time.Time) {
	if at.IsZero() {
		m.console.expiry.DeleteLabelValues(string(kind))
		return
	}
	m.console.expiry.WithLabelValues(string(kind)).Set(float64(at.Unix()))
}
