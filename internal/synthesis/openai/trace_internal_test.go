package openai

import (
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing/tracingtest"
)

// A server that repeats what it was asked could do so in the name of its model.
func TestWhoAnsweredIsToldByAModelsNameAlone(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"example/model-4.1:free": "example/model-4.1:free", "": "", "Printer on floor 3 is broken": "", "<data>": "", strings.Repeat("m", 200): "",
	} {
		spans := tracingtest.New(t)
		_, span := spans.Tracer.RootAt(t.Context(), tracing.SpanLLM, trace.SpanKindClient, time.Now())
		endSpan(span, synthesis.Call{}, said, "ok", nil)
		if got := tracingtest.Attr(spans.One(tracing.SpanLLM), tracing.KeyGenAnsweredBy).AsString(); got != want {
			t.Errorf("%q is told as %q, want %q", said, got, want)
		}
	}
}
