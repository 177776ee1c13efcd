// Package tracing owns the traces of the apps: the names of spans and of their attributes, what may stand in them, how a
// trace is carried from app to app, and how spans get to a collector. A Tracer that is nil, or off, makes no spans and costs
// nothing; whether a collector takes them never touches the work.
package tracing

import (
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.39.0"
)

// The names of spans. They are durable: dashboards, the rules of collectors and runbooks look for them.
const (
	SpanWebhook   = "webhook_received"
	SpanQueued    = "job_queued"
	SpanDelivered = "job_received"
	SpanWait      = "queue_wait"
	SpanEnhance   = "enhance_ticket"
	SpanGathering = "context_gathering"
	SpanLLM       = "llm_call"
	SpanUpdate    = "ticket_update"
	SpanDesk      = "servicedesk_call"
)

// Steps whose spans are named as the steps themselves.
const (
	SpanFetch         = "fetch_ticket"
	SpanTicketSearch  = "ticket_search"
	SpanDocSearch     = "doc_search"
	SpanIPSearch      = "ip_search"
	SpanSynthesize    = "synthesize"
	SpanTidy          = "tidy_note"
	SpanHold          = "hold_job"
	SpanRecordFailure = "record_failure"
)

// known says whether it is one of the names that a span may have: a name made of data would carry it out.
func known(name string) bool {
	switch name {
	case SpanWebhook, SpanQueued, SpanDelivered, SpanWait, SpanEnhance, SpanGathering, SpanLLM, SpanUpdate, SpanDesk,
		SpanFetch, SpanTicketSearch, SpanDocSearch, SpanIPSearch, SpanSynthesize, SpanTidy, SpanHold, SpanRecordFailure:
		return true
	}
	return false
}

// The keys of attributes. Ours are durable as the names are.
const (
	KeyTenant      = attribute.Key("ai_agents.tenant_id")
	KeyTicket      = attribute.Key("ai_agents.ticket_id")
	KeyJob         = attribute.Key("ai_agents.job_id")
	KeyCorrelation = attribute.Key("ai_agents.correlation_id")
	// KeyRun is which run of the job it is, from 1.
	KeyRun = attribute.Key("ai_agents.run")
	// KeyStatus is the job's status when the span ends; of a held one "held".
	KeyStatus = attribute.Key("ai_agents.status")
	// KeySlow is true on the spans of a job that took longer than Slow.
	KeySlow = attribute.Key("ai_agents.slow")
	// KeyOutcome is how a step ended: ok, degraded, failed.
	KeyOutcome = attribute.Key("ai_agents.outcome")
	// KeyDegraded names what the note had to do without.
	KeyDegraded = attribute.Key("ai_agents.degraded")
	// KeyHeldFor is what a job is held for, or waited for.
	KeyHeldFor = attribute.Key("ai_agents.held_for")
	// KeyOrigin is what made the job: webhook, reconciliation.
	KeyOrigin = attribute.Key("ai_agents.origin")
	// KeyRepeated says that a webhook brought nothing new: its job is under way or done, in the trace that is linked.
	KeyRepeated = attribute.Key("ai_agents.repeated")
	// KeyNoteAction is what was done about the ticket's note.
	KeyNoteAction = attribute.Key("ai_agents.note_action")
	// KeyAnswer is where the note's text came from: model, cache, fallback.
	KeyAnswer = attribute.Key("ai_agents.answer")
	// KeyCall is which call of ServiceDesk Plus's interface it is, KeyAttempt which one of a series, from 1.
	KeyCall    = attribute.Key("ai_agents.call")
	KeyAttempt = attribute.Key("ai_agents.attempt")
	// KeyCost is what a request to a model cost, in US dollars, when its price is known.
	KeyCost = attribute.Key("ai_agents.cost_usd")

	KeyHTTPStatus    = semconv.HTTPResponseStatusCodeKey
	KeyHTTPMethod    = semconv.HTTPRequestMethodKey
	KeyHTTPRoute     = semconv.HTTPRouteKey
	KeyServer        = semconv.ServerAddressKey
	KeyErrorType     = semconv.ErrorTypeKey
	KeyMessaging     = semconv.MessagingDestinationNameKey
	KeyGenOperation  = semconv.GenAIOperationNameKey
	KeyGenProvider   = semconv.GenAIProviderNameKey
	KeyGenModel      = semconv.GenAIRequestModelKey
	KeyGenAnsweredBy = semconv.GenAIResponseModelKey
	KeyGenInput      = semconv.GenAIUsageInputTokensKey
	KeyGenOutput     = semconv.GenAIUsageOutputTokensKey
	// KeySentBy is the traceparent that the sender of a webhook sent. It is noted, and nothing hangs on it.
	KeySentBy = attribute.Key("ai_agents.sender_trace_parent")
)

// The origins of jobs.
const (
	OriginWebhook        = "webhook"
	OriginReconciliation = "reconciliation"
)

// allowed says whether it is one of the keys that leave a process. What a library or a slip adds besides is left out.
func allowed(key attribute.Key) bool {
	switch key {
	case KeyTenant, KeyTicket, KeyJob, KeyCorrelation, KeyRun, KeyStatus, KeySlow, KeyOutcome, KeyDegraded, KeyHeldFor, KeyOrigin, KeyRepeated,
		KeyNoteAction, KeyAnswer, KeyCall, KeyAttempt, KeyCost, KeyHTTPStatus, KeyHTTPMethod, KeyHTTPRoute, KeyServer, KeyErrorType, KeyMessaging,
		KeyGenOperation, KeyGenProvider, KeyGenModel, KeyGenAnsweredBy, KeyGenInput, KeyGenOutput, KeySentBy:
		return true
	}
	return false
}
