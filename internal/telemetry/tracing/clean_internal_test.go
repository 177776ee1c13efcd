package tracing

import (
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// It is done to every span, and there is hardly ever anything to clean.
func TestASpanOfOursIsCleanedWithoutACopy(t *testing.T) {
	span := tracetest.SpanStub{Name: SpanSynthesize, Attributes: []attribute.KeyValue{
		KeyTenant.String("example-tenant"), KeyTicket.String("100000000000123456"), KeyJob.String("0af76519-16cd-53dd-8448-eb211c80319c"),
		KeyRun.Int(1), KeySlow.Bool(true), KeyServer.String("servicedesk.example.com:8443"),
	}}.Snapshot()
	var got sdktrace.ReadOnlySpan
	if n := testing.AllocsPerRun(100, func() { got = clean(span) }); n > 0 || got.Name() != span.Name() {
		t.Errorf("%v allocations for a span that is clean", n)
	}
}
