package tracing

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Slow is how long a job may take, from when it was received to its end, before its trace is marked.
const Slow = 60 * time.Second

// RootAt begins a trace, whatever ctx says, as of a moment ago. The caller ends its span.
func (t *Tracer) RootAt(ctx context.Context, name string, kind trace.SpanKind, at time.Time, attrs ...attribute.KeyValue) (context.Context, trace.Span) {
	if t == nil {
		return ctx, noop.Span{}
	}
	return t.tracer.Start(ctx, name, trace.WithNewRoot(), trace.WithTimestamp(at), trace.WithSpanKind(kind), trace.WithAttributes(attrs...)) //nolint:spancheck // the caller ends it
}

// Under begins a span below the one that the traceparent names, which is another process's, or emitted later. Where there is none, nothing
// is traced. The caller ends it.
func (t *Tracer) Under(ctx context.Context, parent string, name string, kind trace.SpanKind, attrs ...attribute.KeyValue) (context.Context, trace.Span) {
	ctx = With(ctx, parent)
	if t == nil || !trace.SpanContextFromContext(ctx).IsValid() {
		return With(ctx, ""), noop.Span{}
	}
	return t.tracer.Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(attrs...)) //nolint:spancheck // the caller ends it
}

// Child begins a span below the one in ctx, by the tracer that made that. The caller ends it.
func Child(ctx context.Context, name string, kind trace.SpanKind, attrs ...attribute.KeyValue) (context.Context, trace.Span) {
	tracer := trace.SpanFromContext(ctx).TracerProvider().Tracer(scope)
	return tracer.Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(attrs...)) //nolint:spancheck // the caller ends it
}

// Link names another trace that has to do with the span, by its traceparent.
func Link(span trace.Span, parent string) {
	if other := parse(parent); other.IsValid() {
		span.AddLink(trace.Link{SpanContext: other})
	}
}

// Fail marks the span as failed. It tells the class alone, one of few: the message of an error may repeat what somebody else's server said,
// and with it a ticket. The log line with the span's id has the message.
func Fail(span trace.Span, class string) {
	if span.IsRecording() {
		span.SetAttributes(KeyErrorType.String(class))
		span.SetStatus(codes.Error, class)
	}
}
