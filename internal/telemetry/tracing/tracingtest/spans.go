// Package tracingtest keeps the spans of a test in memory, as an exporter gets them.
package tracingtest

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
)

// Spans are those that a Tracer has made.
type Spans struct {
	Tracer   *tracing.Tracer
	exporter *tracetest.InMemoryExporter
	t        testing.TB
}

// New gives a tracer that records everything, and its spans.
func New(t testing.TB) *Spans {
	t.Helper()
	return With(t, tracing.Config{})
}

// With is New with settings of the test's own. The endpoint is not used.
func With(t testing.TB, cfg tracing.Config) *Spans {
	t.Helper()
	const plenty = 10_000
	if cfg.QueueSize == 0 {
		cfg.QueueSize = plenty
	}
	if cfg.FlushTimeout == 0 {
		cfg.FlushTimeout = 10 * time.Second
	}
	s := &Spans{exporter: tracetest.NewInMemoryExporter(), t: t}
	var err error
	s.Tracer, err = tracing.New(cfg, "test", s.exporter, func(n int) { t.Errorf("%d spans were dropped", n) }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Tracer.Close(context.WithoutCancel(t.Context())) })
	return s
}

// All gives the spans that have ended, in the order of their beginnings.
func (s *Spans) All() tracetest.SpanStubs {
	s.t.Helper()
	if err := s.Tracer.Flush(context.WithoutCancel(s.t.Context())); err != nil {
		s.t.Fatal(err)
	}
	all := s.exporter.GetSpans()
	slices.SortStableFunc(all, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	return all
}

// Named gives the spans of a name.
func (s *Spans) Named(name string) tracetest.SpanStubs {
	s.t.Helper()
	var named tracetest.SpanStubs
	for _, span := range s.All() {
		if span.Name == name {
			named = append(named, span)
		}
	}
	return named
}

// One gives the only span of a name.
func (s *Spans) One(name string) tracetest.SpanStub {
	s.t.Helper()
	named := s.Named(name)
	if len(named) != 1 {
		var names []string
		for _, span := range s.All() {
			names = append(names, span.Name)
		}
		s.t.Fatalf("%d spans %s, want one; there are %q", len(named), name, names)
	}
	return named[0]
}

// Attr gives the value of a span's attribute; invalid when it has none.
func Attr(span tracetest.SpanStub, key attribute.Key) attribute.Value {
	for _, a := range span.Attributes {
		if a.Key == key {
			return a.Value
		}
	}
	return attribute.Value{}
}
