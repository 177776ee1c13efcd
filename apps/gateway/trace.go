package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/webhook/quota"
)

// failedUnavailable is the class of failures, as spans tell it.
const failedUnavailable = "unavailable"

// visitTrace is what is traced of one webhook: how it was received, and within that how its job was queued.
type visitTrace struct {
	began            time.Time
	received, queued trace.Span
}

func newVisitTrace() visitTrace {
	return visitTrace{began: time.Now(), received: noop.Span{}, queued: noop.Span{}}
}

// traced begins the trace of a webhook whose sender is proven, as of when it came: nobody else gets to fill the collector. What the
// sender says of a trace of its own is noted, and nothing hangs on it: with it, a sender would choose what is recorded, and whose
// trace ours is found in.
func (h *webhookHandler) traced(ctx context.Context, v *visit) context.Context {
	switch {
	case !v.proven:
		return ctx
	case v.traces.received.SpanContext().IsValid(): // it was looked at before, by a copy that was out of date
		return trace.ContextWithSpan(ctx, v.traces.received)
	}
	ctx, v.traces.received = h.tracer.RootAt(ctx, tracing.SpanWebhook, trace.SpanKindServer, v.traces.began,
		tracing.KeyTenant.String(v.tenantID), tracing.KeyCorrelation.String(v.correlation), tracing.KeyOrigin.String(tracing.OriginWebhook),
		tracing.KeyHTTPMethod.String(v.Method), tracing.KeyHTTPRoute.String(routeWebhook))
	if theirs := v.Header.Get(tracing.Header); tracing.Valid(theirs) {
		v.traces.received.SetAttributes(tracing.KeySentBy.String(theirs))
	}
	return ctx
}

// queue begins the span of the job's way into ledger and queue, and gives the context on which all goes on that becomes of it.
func (t *visitTrace) queue(ctx context.Context, job enhancement.Job) (context.Context, string) {
	t.queued.End()
	about := tracing.KeyTicket.String(job.Ticket.ID)
	t.received.SetAttributes(about)
	ctx, t.queued = tracing.Child(ctx, tracing.SpanQueued, trace.SpanKindProducer, about, tracing.KeyTenant.String(job.TenantID),
		tracing.KeyCorrelation.String(job.CorrelationID), tracing.KeyMessaging.String(event.TopicEnhancement))
	return ctx, tracing.Parent(ctx)
}

// accepted says which job it is, and where that is traced when it is not here.
func (t *visitTrace) accepted(a ledger.Accepted) {
	about := tracing.KeyJob.String(a.JobID)
	t.received.SetAttributes(about)
	t.queued.SetAttributes(about, tracing.KeyRepeated.Bool(!a.Fresh))
	tracing.Link(t.queued, a.TraceParent)
}

// end ends what was begun, with the status that the sender is told, and why. What the sender did wrong is no failure of ours, and neither is
// that an operator has paused the intake: collectors keep all failures.
func (t *visitTrace) end(status int, err error) {
	_, paused := errors.AsType[*quota.PausedError](err)
	t.received.SetAttributes(tracing.KeyHTTPStatus.Int(status))
	if status >= http.StatusInternalServerError && !paused {
		tracing.Fail(t.queued, failedUnavailable)
		tracing.Fail(t.received, failedUnavailable)
	}
	t.queued.End()
	t.received.End()
}
