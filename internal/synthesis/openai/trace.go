package openai

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/trace"

	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
)

// span begins the span of one request, with OpenTelemetry's attributes for generative AI
// (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/). Neither what is asked nor what is answered is among them.
func (c *Client) span(ctx context.Context, model string, attempt int) (context.Context, trace.Span) {
	return tracing.Child(ctx, tracing.SpanLLM, trace.SpanKindClient,
		tracing.KeyGenOperation.String("chat"), tracing.KeyGenProvider.String("openai"), tracing.KeyGenModel.String(model),
		tracing.KeyServer.String(telemetry.Host(c.config.BaseURL).Value.String()), tracing.KeyAttempt.Int(attempt))
}

// endSpan ends it. Of a failure it tells the class alone: servers repeat what they were asked in their messages.
func endSpan(span trace.Span, done synthesis.Call, answeredBy string, how outcome, err error) {
	defer span.End()
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(tracing.KeyOutcome.String(string(how)), tracing.KeyGenInput.Int(done.PromptTokens), tracing.KeyGenOutput.Int(done.CompletionTokens))
	if isModel(answeredBy) {
		span.SetAttributes(tracing.KeyGenAnsweredBy.String(answeredBy))
	}
	if !done.Unpriced {
		span.SetAttributes(tracing.KeyCost.Float64(done.CostUSD))
	}
	if err != nil {
		tracing.Fail(span, class(err, how))
	}
}

// isModel says whether it may be a model's name: who answers says so itself, and might say anything.
func isModel(name string) bool {
	const longest = 128
	if name == "" || len(name) > longest {
		return false
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_.:/@", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// class is the HTTP status that a request failed with, or what happened in place of one.
func class(err error, how outcome) string {
	switch status := StatusOf(err); {
	case status >= 400: //nolint:mnd // the first of the statuses that say so
		return strconv.Itoa(status)
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return cmp.Or(map[outcome]string{outcomeRefused: "refused", outcomeEmpty: "empty"}[how], "unreachable")
}
