package tracing_test

import (
	"context"
	"log/slog"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
)

// nowhere takes spans at no cost, so that what is measured is ours.
type nowhere struct{}

func (nowhere) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	for _, s := range spans {
		_ = s.Attributes()
	}
	return nil
}
func (nowhere) Shutdown(context.Context) error { return nil }

// BenchmarkSpan is what one span of a step costs the process, from its beginning until the exporter has it: by us, and by the SDK's
// batches alone.
func BenchmarkSpan(b *testing.B) {
	const queue = 1 << 20
	ours, err := tracing.New(tracing.Config{QueueSize: queue}, "bench", nowhere{}, func(n int) { b.Fatalf("%d spans were dropped", n) }, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	sdk := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(sdktrace.NewBatchSpanProcessor(nowhere{}, sdktrace.WithMaxQueueSize(queue))))
	plain, below := sdk.Tracer("bench"), tracing.With(b.Context(), somewhere)
	for _, with := range []struct {
		name  string
		begin func(ctx context.Context, attrs ...attribute.KeyValue) trace.Span
		flush func(context.Context) error
	}{
		{"sdk", func(_ context.Context, attrs ...attribute.KeyValue) trace.Span {
			_, s := plain.Start(below, tracing.SpanSynthesize, trace.WithAttributes(attrs...)) //nolint:spancheck // the loop ends it
			return s                                                                           //nolint:spancheck // the loop ends it
		}, sdk.ForceFlush},
		{"ours", func(ctx context.Context, attrs ...attribute.KeyValue) trace.Span {
			_, s := ours.Under(ctx, somewhere, tracing.SpanSynthesize, trace.SpanKindInternal, attrs...)
			return s
		}, ours.Flush},
	} {
		b.Run(with.name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				span := with.begin(b.Context(),
					tracing.KeyTenant.String("example-tenant"), tracing.KeyTicket.String("100000000000123456"),
					tracing.KeyJob.String("0af76519-16cd-53dd-8448-eb211c80319c"), tracing.KeyCorrelation.String("b7ad6b71-6920-4331-9f2c-0a1b2c3d4e5f"),
					tracing.KeyRun.Int(1))
				span.SetAttributes(tracing.KeyOutcome.String("ok"), tracing.KeyHTTPStatus.Int(200), tracing.KeyServer.String("servicedesk.example.com:8443"))
				span.SetStatus(codes.Unset, "")
				span.End()
			}
			if err := with.flush(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
