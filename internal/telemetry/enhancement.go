package telemetry

import (
	"context"
	"time"
)

// The names of the metrics of jobs.
const (
	MetricEnhancements        = "enhancement_requests_total"
	MetricCancelled           = "enhancement_cancelled_total"
	MetricEnhancementDuration = "enhancement_duration_seconds"
	MetricStepDuration        = "enhancement_step_duration_seconds"
	MetricNotes               = "enhancement_notes_total"
	MetricAnswerDropped       = "enhancement_answer_dropped_total"
	MetricMasked              = "enhancement_masked_total"
	MetricDead                = "enhancement_dead_letters_total"
	MetricPreviews            = "previews_total"
)

// Ended is how a job ended.
type Ended string

// The ends, as the label of the metric names them.
const (
	EndedSuccess   Ended = "success"
	EndedFailure   Ended = "failure"
	EndedUnchanged Ended = "unchanged" // there was nothing new to enhance
	EndedWithheld  Ended = "withheld"  // the note was not posted, because of its tenant's mode
)

// Dead is why a message could not be delivered.
type Dead string

// The reasons, as the label of the metric names them.
const (
	DeadUnreadable  Dead = "unreadable"
	DeadUnknownJob  Dead = "unknown_job"
	DeadUndelivered Dead = "undelivered" // the job goes on without it
)

// labelOperation is the label that names what was done: what happened to a ticket, or a step, or a call.
const labelOperation = "operation_type"

type enhancementMetrics struct {
	requests, cancelled tenantCounter
	duration            tenantHistogram

	steps                                 histogram
	notes, dropped, masked, dead, preview counter
}

func newEnhancementMetrics(c *catalogue) enhancementMetrics {
	c.theme = "Jobs and notes"
	enhancer := []App{AppEnhancer}
	event := oneOf(labelOperation, "created", "updated")
	return enhancementMetrics{
		requests: c.tenantCounter(Family{
			Name: MetricEnhancements, Help: "Jobs that ended, by result and by what happened to the ticket.",
			Use: "The success rate, of all and of each tenant. `failure`: a ticket has no note, see the job's reason. `unchanged` (an update that changed nothing) " +
				"and `withheld` (the tenant's [mode](operations.md#shadow-mode)) are no failures.",
			Labels: []Label{tenantLabel(), oneOf("status", EndedSuccess, EndedFailure, EndedUnchanged, EndedWithheld), event},
			Apps:   enhancer,
		}),
		cancelled: c.tenantCounter(Family{
			Name: MetricCancelled, Help: "Jobs that an operator cancelled, or dropped from the queue, by what happened to the ticket.",
			Use:    "They are no failures, and not among `enhancement_requests_total`. What they mean is in the audit log.",
			Labels: []Label{tenantLabel(), event}, Apps: []App{AppConsole},
		}),
		duration: c.tenantHistogram(Family{
			Name: MetricEnhancementDuration, Help: "Seconds from the accepted webhook to the note on the ticket; completed jobs only.",
			Use:    "What a technician waits. Its exemplars lead to traces of slow jobs.",
			Labels: []Label{tenantLabel(), event}, Apps: enhancer, Buckets: jobBuckets(),
		}),
		steps: c.histogram(Family{
			Name: MetricStepDuration, Help: "Seconds that one attempt of a step took.",
			Use: "Which step is slow or fails: a search, the model, or the write of the note.",
			Labels: []Label{
				oneOf(labelOperation, "fetch_ticket", "ticket_search", "doc_search", "ip_search", "synthesize", "update_ticket"),
				oneOf("outcome", "ok", "degraded", "failed"),
			},
			Apps: enhancer, Buckets: durationBuckets(),
		}),
		notes: c.counter(Family{
			Name: MetricNotes, Help: "Completed jobs by what was done about the ticket's note.",
			Use: "`kept_…`: technicians edit or delete notes ([what that means](operations.md#notes-that-technicians-have-changed)); `verified`: writes whose answer was lost.",
			Labels: []Label{oneOf("action", "created", "edited", "verified", "unchanged", "superseded", "kept_edited", "kept_deleted", "kept_unread",
				"withheld_shadow", "withheld_off")},
			Apps: enhancer,
		}),
		dropped: c.counter(Family{
			Name: MetricAnswerDropped, Help: "What of the language model's answers is not in the notes, by reason.",
			Use:    "A model that makes things up shows here before a technician sees it: compare after a change of model.",
			Labels: []Label{{Name: "reason", Of: "the [check](notes.md#what-is-checked) that it did not pass"}}, Apps: enhancer,
		}),
		masked: c.counter(Family{
			Name: MetricMasked, Help: "Values that were hidden from a language model, each once a draft, by kind.",
			Use:    "Shows that [masking](security.md#what-a-language-model-sees) works. `credential`: clients write passwords into tickets.",
			Labels: []Label{oneOf("kind", "credential", "email", "phone", "card", "bank", "name", "address")}, Apps: enhancer,
		}),
		dead: c.counter(Family{
			Name: MetricDead, Help: "Messages of the queue that could not be delivered, by reason.",
			Use:    "Not lost: see [messages that could not be delivered](operations.md#messages-that-could-not-be-delivered).",
			Labels: []Label{oneOf("reason", DeadUndelivered, DeadUnknownJob, DeadUnreadable)}, Apps: enhancer,
		}),
		preview: c.counter(Family{
			Name: MetricPreviews, Help: "Previews of notes that were asked for, by how they ended.",
			Use:    "`refused`: more were asked for at once than PREVIEW_TENANT_LIMIT and PREVIEW_GLOBAL_LIMIT let through.",
			Labels: []Label{oneOf("status", PreviewDrafted, PreviewRefused, PreviewNotFound, PreviewInvalid, PreviewFailed)}, Apps: enhancer,
		}),
	}
}

// Completed counts a job that ended with a note, and how long its ticket waited for it. operation is what happened to the ticket.
func (m *Metrics) Completed(ctx context.Context, tenantID, operation string, waited time.Duration) {
	m.enhancements.requests.inc(tenantID, string(EndedSuccess), operation)
	m.enhancements.duration.observe(ctx, waited.Seconds(), tenantID, operation)
}

// Unchanged counts a job that ended because there was nothing new to enhance.
func (m *Metrics) Unchanged(tenantID, operation string) {
	m.enhancements.requests.inc(tenantID, string(EndedUnchanged), operation)
}

// Withheld counts a job whose note was not posted, because of its tenant's mode.
func (m *Metrics) Withheld(tenantID, operation string) {
	m.enhancements.requests.inc(tenantID, string(EndedWithheld), operation)
}

// Cancelled counts a job that an operator ended.
func (m *Metrics) Cancelled(tenantID, event string) { m.enhancements.cancelled.inc(tenantID, event) }

// Failed counts a job that ended without a note.
func (m *Metrics) Failed(tenantID, operation string) {
	m.enhancements.requests.inc(tenantID, string(EndedFailure), operation)
}

// Step measures one attempt of a step.
func (m *Metrics) Step(ctx context.Context, step, outcome string, took time.Duration) {
	observe(ctx, m.enhancements.steps.WithLabelValues(step, outcome), took.Seconds())
}

// Note counts one completed job by what it did about the ticket's note.
func (m *Metrics) Note(action string) { m.enhancements.notes.WithLabelValues(action).Inc() }

// AnswerDropped counts what of a language model's answer did not get into the note.
func (m *Metrics) AnswerDropped(reason string, n int) {
	m.enhancements.dropped.WithLabelValues(reason).Add(float64(max(0, n)))
}

// Masked counts values of a kind that a draft hid from a language model.
func (m *Metrics) Masked(kind string, n int) {
	m.enhancements.masked.WithLabelValues(kind).Add(float64(max(0, n)))
}

// DeadLetter counts one message that could not be delivered.
func (m *Metrics) DeadLetter(reason Dead) { m.enhancements.dead.WithLabelValues(string(reason)).Inc() }

// Previewed is how the request for a preview ended.
type Previewed string

// The ends, as the label of the metric names them.
const (
	PreviewDrafted  Previewed = "drafted"
	PreviewRefused  Previewed = "refused"   // too many at once
	PreviewNotFound Previewed = "not_found" // no such tenant, ticket or job
	PreviewInvalid  Previewed = "invalid"
	PreviewFailed   Previewed = "failed"
)

// Preview counts one request for a preview.
func (m *Metrics) Preview(status Previewed) {
	m.enhancements.preview.WithLabelValues(string(status)).Inc()
}
