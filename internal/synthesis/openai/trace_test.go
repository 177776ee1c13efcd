package openai_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/ai-agents/ai-agents/internal/synthesis/openai/openaitest"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing/tracingtest"
)

// Each request has a span, those that failed, too. It says what was spent, and not a word of question or answer.
func TestRequestsAreTraced(t *testing.T) {
	t.Parallel()
	client, _, _ := start(t, openaitest.Faults{Status: 503, Remaining: 1}, nil)
	spans := tracingtest.New(t)
	ctx, step := spans.Tracer.RootAt(t.Context(), tracing.SpanSynthesize, trace.SpanKindInternal, time.Now())
	done, err := client.Complete(ctx, prompt())
	step.End()
	if err != nil {
		t.Fatal(err)
	}
	calls := spans.Named(tracing.SpanLLM)
	if len(calls) != 2 || calls[0].Parent.SpanID() != spans.One(tracing.SpanSynthesize).SpanContext.SpanID() {
		t.Fatalf("%+v", calls)
	}
	failed, answered := calls[0], calls[1]
	if failed.Status.Code != codes.Error || failed.Status.Description != "503" || tracingtest.Attr(failed, tracing.KeyAttempt).AsInt64() != 1 {
		t.Errorf("the first is %+v", failed)
	}
	account := done.Calls[1]
	if answered.Status.Code == codes.Error || answered.SpanKind != trace.SpanKindClient ||
		tracingtest.Attr(answered, "gen_ai.operation.name").AsString() != "chat" ||
		tracingtest.Attr(answered, "gen_ai.request.model").AsString() != "example-model" ||
		tracingtest.Attr(answered, "gen_ai.usage.input_tokens").AsInt64() != int64(account.PromptTokens) ||
		tracingtest.Attr(answered, "gen_ai.usage.output_tokens").AsInt64() != int64(account.CompletionTokens) ||
		tracingtest.Attr(answered, tracing.KeyCost).AsFloat64() != account.CostUSD {
		t.Errorf("the second is %+v", answered)
	}
	told, err := json.Marshal(calls)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{key, "VPN", "Renewed", "Example rules"} {
		if strings.Contains(string(told), secret) {
			t.Errorf("%q is told: %s", secret, told)
		}
	}
}
