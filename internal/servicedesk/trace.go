package servicedesk

import (
	"cmp"
	"context"
	"errors"
	"strconv"

	"go.opentelemetry.io/otel/trace"

	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
)

// span begins the span of one call, where the work that it belongs to is traced. Its path and its input hold a tenant's data and are
// not told.
func (c *Client) span(ctx context.Context, cl call) (context.Context, trace.Span) {
	ctx, span := tracing.Child(ctx, tracing.SpanDesk, trace.SpanKindClient)
	if span.IsRecording() {
		span.SetAttributes(tracing.KeyCall.String(cl.op), tracing.KeyHTTPMethod.String(cl.method),
			tracing.KeyServer.String(telemetry.Host(c.base).Value.String()))
		if cl.ticketID != "" {
			span.SetAttributes(tracing.KeyTicket.String(cl.ticketID))
		}
	}
	return ctx, span
}

// endSpan says how the call went: of a failure the class alone, for the server's message is not ours to tell.
func endSpan(span trace.Span, status int, failed *Error) {
	if !span.IsRecording() {
		return
	}
	if failed == nil {
		span.SetAttributes(tracing.KeyHTTPStatus.Int(status))
		return
	}
	if failed.HTTPStatus != 0 {
		span.SetAttributes(tracing.KeyHTTPStatus.Int(failed.HTTPStatus))
	}
	code := ""
	switch {
	case errors.Is(failed, context.DeadlineExceeded):
		code = "timeout"
	case failed.Code != 0:
		code = string(failed.Kind) + " " + strconv.Itoa(failed.Code)
	}
	tracing.Fail(span, cmp.Or(code, string(failed.Kind)))
}
