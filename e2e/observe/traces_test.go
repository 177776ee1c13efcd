package observe_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/ai-agents/ai-agents/e2e/observe"
)

// attributeOfTest tells the traces of a step of the test.
const attributeOfTest = "test.step"

// A trace in which something failed or that took long always arrives, others by the share that is asked for.
func TestTailSampling(t *testing.T) {
	t.Parallel()
	ctx, s := within(t, 2*time.Minute), bare(t)
	none := 0.0
	o, err := observe.Start(ctx, s, observe.Options{Parts: observe.Traces, SharePercent: &none})
	if err != nil {
		t.Fatal(err)
	}
	send := sender(t, o)
	t.Run("none of the ordinary ones", func(t *testing.T) {
		if got := send.ordinary(ctx, "none", 50); got != 0 {
			t.Errorf("%d arrived, want none", got)
		}
	})
	t.Run("none in which only the sidecar says that something failed", func(t *testing.T) {
		sidecar := *send
		sidecar.scope = "dapr-diagnostics"
		sidecar.begin("etag mismatch", 0, func(span trace.Span) { span.SetStatus(codes.Error, "") })
		if send.ordinary(ctx, "beside it", 1); len(send.kept(ctx, "etag mismatch")) != 0 {
			t.Error("it arrived, and so would every trace")
		}
	})
	t.Run("all that is worth a look", func(t *testing.T) {
		send.one(ctx, "failed", 0, func(span trace.Span) { span.SetStatus(codes.Error, "") })
		send.one(ctx, "slow", 0, func(span trace.Span) { span.SetAttributes(attribute.Bool("ai_agents.slow", true)) })
		send.one(ctx, "held", 0, func(span trace.Span) { span.SetAttributes(attribute.String("ai_agents.status", "held")) })
		send.one(ctx, "long", 61*time.Second, nil)
		for _, step := range []string{"failed", "slow", "held", "long"} {
			got, err := o.AwaitTrace(ctx, attributeOfTest, step, "parent", "child")
			if err != nil {
				t.Error(err)
				continue
			}
			// The whole trace arrives, not only the span that decided.
			parent, child := got.Named("parent")[0], got.Named("child")[0]
			if len(got.Spans) != 2 || child.ParentID != parent.ID || child.Service != "tester" || child.Failed() != (step == "failed") {
				t.Errorf("%s: got\n%s", step, got.Tree())
			}
			if again, err := o.Trace(ctx, got.ID); err != nil || len(again.Spans) != 2 {
				t.Errorf("got %v, %v by id", again, err)
			}
		}
	})
	t.Run("a share of the ordinary ones", func(t *testing.T) {
		share := map[string]string{"OTELCOL_SHARE_PERCENT": "25"}
		if err := s.Process("otel-collector").Replace(ctx, "", share); err != nil {
			t.Fatal(err)
		}
		// Which ones depends on their ids, which are the same each time.
		if got := send.ordinary(ctx, "share", 200); got < 30 || got > 70 {
			t.Errorf("%d of 200 arrived, want about a quarter", got)
		}
	})
	t.Run("what Jaeger does not have", func(t *testing.T) {
		if _, err := o.Trace(ctx, "0123456789abcdef0123456789abcdef"); !errors.Is(err, observe.ErrNoTrace) {
			t.Errorf("got %v, want %v", err, observe.ErrNoTrace)
		}
		if _, err := o.AwaitTrace(within(t, 300*time.Millisecond), attributeOfTest, "nobody"); !errors.Is(err, observe.ErrNoTrace) {
			t.Errorf("got %v, want %v", err, observe.ErrNoTrace)
		}
	})
}

// traceSender reports to the collector as an app does.
type traceSender struct {
	t        *testing.T
	o        *observe.Observability
	provider *sdktrace.TracerProvider
	scope    string // of the spans
}

func sender(t *testing.T, o *observe.Observability) *traceSender {
	t.Helper()
	exporter, err := otlptracegrpc.New(t.Context(), otlptracegrpc.WithEndpoint(o.CollectorAddr()), otlptracegrpc.WithInsecure())
	if err != nil {
		t.Fatal(err)
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter), sdktrace.WithIDGenerator(&sameIDs{rand.New(rand.NewPCG(1, 2))}),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "tester"))),
	)
	t.Cleanup(func() { _ = provider.Shutdown(context.Background()) }) // the test is over
	return &traceSender{t: t, o: o, provider: provider, scope: "test"}
}

// one sends a trace of two spans, of which the child is changed, and that took so long.
func (s *traceSender) one(ctx context.Context, step string, took time.Duration, change func(trace.Span)) {
	s.t.Helper()
	s.begin(step, took, change)
	if err := s.provider.ForceFlush(ctx); err != nil {
		s.t.Fatal(err)
	}
}

func (s *traceSender) begin(step string, took time.Duration, change func(trace.Span)) {
	began := time.Now().Add(-took)
	tracer := s.provider.Tracer(s.scope)
	ctx, parent := tracer.Start(context.Background(), "parent", trace.WithTimestamp(began), trace.WithAttributes(attribute.String(attributeOfTest, step)))
	_, child := tracer.Start(ctx, "child", trace.WithTimestamp(began))
	if change != nil {
		change(child)
	}
	child.End()
	parent.End()
}

// ordinary sends n traces that nobody has to see, and tells how many were kept: a failed one behind them shows that it was decided.
func (s *traceSender) ordinary(ctx context.Context, step string, n int) int {
	s.t.Helper()
	for range n {
		s.begin(step, 0, nil)
	}
	if err := s.provider.ForceFlush(ctx); err != nil {
		s.t.Fatal(err)
	}
	marker := "behind " + step
	time.Sleep(time.Second) // the collector decides once a second: not in the same round
	s.one(ctx, marker, 0, func(span trace.Span) { span.SetStatus(codes.Error, "") })
	if _, err := s.o.AwaitTrace(ctx, attributeOfTest, marker); err != nil {
		s.t.Fatal(err)
	}
	return len(s.kept(ctx, step))
}

// kept are the traces of a step that Jaeger has.
func (s *traceSender) kept(ctx context.Context, step string) []observe.Trace {
	s.t.Helper()
	found, err := s.o.TracesWith(ctx, attributeOfTest, step)
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// sameIDs are ids that look random.
type sameIDs struct{ random *rand.Rand }

func (g *sameIDs) NewIDs(ctx context.Context) (id trace.TraceID, span trace.SpanID) {
	binary.NativeEndian.PutUint64(id[:], g.random.Uint64())
	binary.NativeEndian.PutUint64(id[8:], g.random.Uint64())
	return id, g.NewSpanID(ctx, id)
}

func (g *sameIDs) NewSpanID(context.Context, trace.TraceID) (span trace.SpanID) {
	binary.NativeEndian.PutUint64(span[:], g.random.Uint64())
	return span
}
