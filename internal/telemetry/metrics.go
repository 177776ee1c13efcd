package telemetry

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// The names of the metrics; dashboards and alerts depend on them.
const (
	MetricWebhooks            = "webhook_requests_total"
	MetricWebhooksLimited     = "webhook_limited_total"
	MetricPreviousSecret      = "webhook_previous_secret_total"
	MetricAuditDropped        = "audit_dropped_total"
	MetricEnhancements        = "enhancement_requests_total"
	MetricEnhancementDuration = "enhancement_duration_seconds"
	MetricStepDuration        = "enhancement_step_duration_seconds"
	MetricConsole             = "console_requests_total"
	MetricConsoleDenied       = "console_denied_total"
	MetricUnpublished         = "tenant_change_unpublished_total"
	MetricSwept               = "enhancement_swept_total"
	MetricOldest              = "enhancement_oldest_seconds"
	MetricPurged              = "enhancement_workflows_purged_total"
	MetricHeld                = "enhancement_held_total"
	MetricOutages             = "dependency_outages_total"
	MetricOutage              = "dependency_outage_seconds"
	MetricBreakerOpen         = "circuit_breaker_open"
	MetricQueue               = "enhancement_queue_jobs"
	MetricQueueOldest         = "enhancement_queue_oldest_seconds"
	MetricNotes               = "enhancement_notes_total"
	MetricDead                = "enhancement_dead_letters_total"
	MetricPruned              = "enhancement_jobs_pruned_total"
	MetricAnswerDropped       = "enhancement_answer_dropped_total"
	MetricLLMCalls            = "llm_calls_total"
	MetricLLMTokens           = "llm_tokens_total" //nolint:gosec // a name
	MetricLLMCost             = "llm_cost_usd_total"
	MetricLLMUnpriced         = "llm_unpriced_calls_total"
	MetricLLMAnswers          = "llm_answer_cache_total"
	MetricBudgetState         = "llm_budget_state"
	MetricBudgetAlerts        = "llm_budget_alerts_total"
	MetricMasked              = "enhancement_masked_total"
)

// Limit is what a webhook was over that was answered 429.
type Limit string

// The limits, as the label of the metric names them.
const (
	LimitTenant  Limit = "tenant"
	LimitAddress Limit = "address"
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

// Dead is why a message could not be delivered.
type Dead string

// The reasons, as the label of the metric names them.
const (
	DeadUnreadable  Dead = "unreadable"
	DeadUnknownJob  Dead = "unknown_job"
	DeadUndelivered Dead = "undelivered" // the job goes on without it
)

// Metrics are the measurements of one app, in a registry of their own.
type Metrics struct {
	registry     *prometheus.Registry
	webhooks     *prometheus.CounterVec
	limited      *prometheus.CounterVec
	previous     *prometheus.CounterVec
	auditDropped prometheus.Counter
	enhancements *prometheus.CounterVec
	duration     *prometheus.HistogramVec
	steps        *prometheus.HistogramVec
	console      *prometheus.CounterVec
	denied       *prometheus.CounterVec
	unpublished  prometheus.Counter
	swept        *prometheus.CounterVec
	oldest       *prometheus.GaugeVec
	purged       prometheus.Counter
	dependencies *dependencyMetrics
	queue        *queueGauges
	notes        *prometheus.CounterVec
	reconcile    *reconcileMetrics
	dead         *prometheus.CounterVec
	pruned       prometheus.Counter
	unbelieved   *prometheus.CounterVec
	llm          *llmMetrics
	spansDropped prometheus.Counter
}

// NewMetrics makes an empty set, with the Go runtime's and the process's own figures beside it.
func NewMetrics() *Metrics {
	buckets := []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		webhooks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: MetricWebhooks, Help: "Webhooks by the HTTP status they were answered with.",
		}, []string{"code"}),
		limited: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: MetricWebhooksLimited, Help: "Webhooks answered 429, by the limit they were over (tenant, address).",
		}, []string{"limit"}),
		previous: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: MetricPreviousSecret, Help: "Webhooks proven with the tenant's previous signing secret: its senders have yet to change.",
		}, []string{"tenant_id"}),
		auditDropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: MetricAuditDropped, Help: "Entries that are missing in the audit log, because the database did not take them.",
		}),
		enhancements: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: MetricEnhancements, Help: "Finished jobs by tenant and result (success, failure, unchanged, withheld).",
		}, []string{"tenant_id", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: MetricEnhancementDuration, Help: "Seconds from the accepted webhook to the note on the ticket.", Buckets: buckets,
		}, []string{"tenant_id"}),
		steps: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: MetricStepDuration, Help: "Seconds one attempt of a step took, by step and outcome.", Buckets: buckets,
		}, []string{"operation_type", "outcome"}),
		console: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: MetricConsole, Help: "Requests to the admin API by operation and HTTP status.",
		}, []string{"operation", "code"}),
		denied: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: MetricConsoleDenied, Help: "Requests to the admin API that were not let in, by reason.",
		}, []string{"reason"}),
		unpublished: prometheus.NewCounter(prometheus.CounterOpts{
			Name: MetricUnpublished, Help: "Changes of tenants of which the other apps were not told.",
		}),
		swept: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: MetricSwept, Help: "Jobs that the sweeper looked at, by what became of them.",
		}, []string{"outcome"}),
		oldest: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: MetricOldest, Help: "Seconds for which the oldest pending and the oldest running job of all tenants have been so.",
		}, []string{"status"}),
		purged: prometheus.NewCounter(prometheus.CounterOpts{
			Name: MetricPurged, Help: "Workflows of ended jobs that were removed from the engine.",
		}),
		llm:   newLLMMetrics(time.Now),
		queue: newQueueGauges(), dependencies: newDependencyMetrics(), reconcile: newReconcileMetrics(),
		notes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: MetricNotes, Help: "Completed jobs by what was done about the ticket's note.",
		}, []string{"action"}),
		dead: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: MetricDead, Help: "Messages of the queue that could not be delivered, by reason.",
		}, []string{"reason"}),
		pruned: prometheus.NewCounter(prometheus.CounterOpts{
			Name: MetricPruned, Help: "Ended jobs that were removed from the ledger.",
		}),
		unbelieved: newUnbelieved(), spansDropped: newSpansDropped(),
	}
	m.registry.MustRegister(m.webhooks, m.limited, m.previous, m.auditDropped, m.enhancements, m.duration, m.steps,
		m.console, m.denied, m.unpublished, m.swept, m.oldest, m.purged, m.notes, m.queue.jobs, m.queue.oldest, m.dependencies,
		m.reconcile.polls, m.reconcile.missed, m.reconcile.leftOut, m.reconcile.silence, m.dead, m.pruned, m.unbelieved, m.llm, m.spansDropped,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the metrics in Prometheus's format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Webhook counts one answered webhook.
func (m *Metrics) Webhook(code int) {
	m.webhooks.WithLabelValues(strconv.Itoa(code)).Inc()
}

// WebhookLimited counts one webhook over a limit, beside Webhook.
func (m *Metrics) WebhookLimited(over Limit) {
	m.limited.WithLabelValues(string(over)).Inc()
}

// WebhookPreviousSecret counts one webhook that was proven with the tenant's previous secret.
func (m *Metrics) WebhookPreviousSecret(tenantID string) {
	m.previous.WithLabelValues(tenantID).Inc()
}

// AuditDropped counts one entry that did not get into the audit log.
func (m *Metrics) AuditDropped() { m.auditDropped.Inc() }

// Completed counts a job that ended with a note, and how long its ticket waited for it.
func (m *Metrics) Completed(tenantID string, waited time.Duration) {
	m.enhancements.WithLabelValues(tenantID, "success").Inc()
	m.duration.WithLabelValues(tenantID).Observe(waited.Seconds())
}

// Unchanged counts a job that ended because there was nothing new to enhance.
func (m *Metrics) Unchanged(tenantID string) {
	m.enhancements.WithLabelValues(tenantID, "unchanged").Inc()
}

// Withheld counts a job whose note was not posted, because of its tenant's mode.
func (m *Metrics) Withheld(tenantID string) {
	m.enhancements.WithLabelValues(tenantID, "withheld").Inc()
}

// Failed counts a job that ended without a note.
func (m *Metrics) Failed(tenantID string) {
	m.enhancements.WithLabelValues(tenantID, "failure").Inc()
}

// Step measures one attempt of a step.
func (m *Metrics) Step(step, outcome string, took time.Duration) {
	m.steps.WithLabelValues(step, outcome).Observe(took.Seconds())
}

// Console counts one request to the admin API, by operation ("" when there is none) and status.
func (m *Metrics) Console(operation string, code int) {
	m.console.WithLabelValues(operation, strconv.Itoa(code)).Inc()
}

// ConsoleDenied counts one request to the admin API that was not let in, by the reason.
func (m *Metrics) ConsoleDenied(reason string) {
	m.denied.WithLabelValues(reason).Inc()
}

// TenantChangeUnpublished counts a change of a tenant of which the other apps were not told.
func (m *Metrics) TenantChangeUnpublished() { m.unpublished.Inc() }

// Swept counts one job that the sweeper looked at.
func (m *Metrics) Swept(outcome Swept) { m.swept.WithLabelValues(string(outcome)).Inc() }

// OldestJobs says for how long the oldest unfinished jobs have been pending and running; 0 for none.
func (m *Metrics) OldestJobs(pending, running time.Duration) {
	m.oldest.WithLabelValues("pending").Set(pending.Seconds())
	m.oldest.WithLabelValues("running").Set(running.Seconds())
}

// WorkflowPurged counts one workflow that was removed from the engine.
func (m *Metrics) WorkflowPurged() { m.purged.Inc() }

// Note counts one completed job by what it did about the ticket's note.
func (m *Metrics) Note(action string) { m.notes.WithLabelValues(action).Inc() }

// DeadLetter counts one message that could not be delivered.
func (m *Metrics) DeadLetter(reason Dead) { m.dead.WithLabelValues(string(reason)).Inc() }

// JobsPruned counts ended jobs that were removed from the ledger.
func (m *Metrics) JobsPruned(n int) { m.pruned.Add(float64(n)) }

func newUnbelieved() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: MetricAnswerDropped, Help: "What of the language model's answers is not in the notes, by reason.",
	}, []string{"reason"})
}

// AnswerDropped counts what of a language model's answer did not get into the note.
func (m *Metrics) AnswerDropped(reason string, n int) {
	m.unbelieved.WithLabelValues(reason).Add(float64(max(0, n)))
}
