package telemetry

import (
	"strconv"
)

// The names of the metrics of webhooks. Dashboards and alerts depend on these and all others.
const (
	MetricWebhooks        = "webhook_requests_total"
	MetricWebhooksLimited = "webhook_limited_total"
	MetricWebhooksPaused  = "webhook_paused_total"
	MetricPreviousSecret  = "webhook_previous_secret_total"
	MetricAuditDropped    = "audit_dropped_total"
	MetricFeedback        = "feedback_votes_total"
)

// Limit is what a webhook was over that was answered 429.
type Limit string

// The limits, as the label of the metric names them.
const (
	LimitTenant  Limit = "tenant"
	LimitAddress Limit = "address"
)

type webhookMetrics struct {
	requests, previous, votes tenantCounter

	limited      counter
	paused       single
	auditDropped single
}

func newWebhookMetrics(c *catalogue) webhookMetrics {
	c.theme = "Webhooks and feedback"
	gateway := []App{AppGateway}
	return webhookMetrics{
		requests: c.tenantCounter(Family{
			Name: MetricWebhooks, Help: "Webhooks by the HTTP status they were answered with.",
			Use: "Whether tickets come in. 401: a sender's secret is wrong; 429: a limit; 503: we could not accept it, and the sender has to try again. " +
				"A tenant that fell silent has a broken sender.",
			Labels: []Label{
				{Name: labelTenant, Of: "whose webhook it is proven to be, `other`, or empty: nobody's, as far as we know"},
				{Name: "code", Of: "the HTTP status"},
			},
			Apps: gateway,
		}),
		limited: c.counter(Family{
			Name: MetricWebhooksLimited, Help: "Webhooks answered 429, by the limit they were over.",
			Use:    "`tenant`: raise webhooks_per_minute or ask the client what floods; `address`: somebody sends wrong signatures, see the security events.",
			Labels: []Label{oneOf("limit", LimitTenant, LimitAddress)}, Apps: gateway,
		}),
		paused: c.single(Family{
			Name: MetricWebhooksPaused, Help: "Webhooks answered 503 because somebody paused their intake.",
			Use: "What of the 503 is meant so. As long as it grows, senders wait or give up: see `agentctl pauses`.", Apps: gateway,
		}),
		previous: c.tenantCounter(Family{
			Name: MetricPreviousSecret, Help: "Webhooks proven with the tenant's previous signing secret: its senders have yet to change.",
			Use:    "Do not let the previous secret end before this stands still.",
			Labels: []Label{tenantLabel()}, Apps: gateway,
		}),
		auditDropped: c.single(Family{
			Name: MetricAuditDropped, Help: "Entries that are missing in the audit log, because the database did not take them.",
			Use: "Must stay 0. The app's log has the entries; look at the database.", Apps: gateway,
		}),
		votes: c.tenantCounter(Family{
			Name: MetricFeedback, Help: "Votes of technicians on notes, changed ones included.",
			Use:    "Whether notes help. A tenant with more `down` than `up` wants a look at its sources and preferences.",
			Labels: []Label{tenantLabel(), oneOf("vote", "up", "down")}, Apps: gateway,
		}),
	}
}

// Webhook counts one answered webhook. tenantID is whose it is proven to be; empty where that is not known: what a sender claims makes no
// series.
func (m *Metrics) Webhook(tenantID string, code int) {
	m.webhooks.requests.inc(tenantID, strconv.Itoa(code))
}

// WebhookLimited counts one webhook over a limit, beside Webhook.
func (m *Metrics) WebhookLimited(over Limit) { m.webhooks.limited.WithLabelValues(string(over)).Inc() }

// WebhookPaused counts one webhook that was not accepted because intake is paused, beside Webhook.
func (m *Metrics) WebhookPaused() { m.webhooks.paused.Inc() }

// WebhookPreviousSecret counts one webhook that was proven with the tenant's previous secret.
func (m *Metrics) WebhookPreviousSecret(tenantID string) { m.webhooks.previous.inc(tenantID) }

// AuditDropped counts one entry that did not get into the audit log.
func (m *Metrics) AuditDropped() { m.webhooks.auditDropped.Inc() }

// FeedbackVoted counts one vote on a note.
func (m *Metrics) FeedbackVoted(tenantID, vote string) { m.webhooks.votes.inc(tenantID, vote) }
