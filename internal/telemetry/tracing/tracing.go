package tracing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.39.0"
	"go.opentelemetry.io/otel/trace"
)

// scope names the instrumentation in the traces.
const scope = "github.com/ai-agents/ai-agents"

// remembered is how many enclosing spans a process knows that it has emitted: more than there are under way.
const remembered = 8192

// Tracer makes the spans of one app. Nil makes none.
type Tracer struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	flush    time.Duration
	waiting  *waiting
	logger   *slog.Logger
	emitted  *lru.Cache[trace.SpanID, struct{}]
}

// Start sets tracing up for an app, by cfg, which is valid; nil when it is off. It does not wait for the collector. dropped hears
// how many spans no collector got.
func Start(ctx context.Context, cfg Config, app string, dropped func(spans int), logger *slog.Logger) (*Tracer, error) {
	if !cfg.on() {
		return nil, nil //nolint:nilnil // a nil Tracer is one that makes no spans
	}
	hostPort, plain, err := cfg.target()
	if err != nil {
		return nil, err
	}
	options := []otlptracegrpc.Option{otlptracegrpc.WithEndpoint(hostPort)}
	if plain {
		options = append(options, otlptracegrpc.WithInsecure())
	}
	exporter, err := otlptracegrpc.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("export traces to %s: %w", hostPort, err)
	}
	return New(cfg, app, exporter, dropped, logger)
}

// New is Start with an exporter of the caller's, which it closes.
func New(cfg Config, app string, to sdktrace.SpanExporter, dropped func(spans int), logger *slog.Logger) (*Tracer, error) {
	sampler, err := cfg.sampler()
	if err != nil {
		return nil, err
	}
	about, err := describe(cfg, app)
	if err != nil {
		return nil, err
	}
	emitted, err := lru.New[trace.SpanID, struct{}](remembered)
	if err != nil {
		return nil, fmt.Errorf("remember spans: %w", err)
	}
	spans := newWaiting(cfg.QueueSize, to, dropped, logger)
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithResource(about), sdktrace.WithSampler(sampler), sdktrace.WithIDGenerator(ids{}), sdktrace.WithSpanProcessor(spans),
	)
	return &Tracer{
		provider: provider, tracer: provider.Tracer(scope), flush: cfg.FlushTimeout, waiting: spans, logger: logger, emitted: emitted,
	}, nil
}

// describe says whose spans they are.
func describe(cfg Config, app string) (*resource.Resource, error) {
	if cfg.Service != "" {
		app = cfg.Service
	}
	given, err := attributes(cfg.Resource)
	if err != nil {
		return nil, err
	}
	// What comes later counts.
	about, err := resource.Merge(resource.NewSchemaless(given...), resource.NewSchemaless(semconv.ServiceName(app)))
	if err != nil {
		return nil, fmt.Errorf("describe the app in traces: %w", err)
	}
	return about, nil
}

// On says whether spans are made.
func (t *Tracer) On() bool { return t != nil }

// Flush has what waits sent.
func (t *Tracer) Flush(ctx context.Context) error {
	if t == nil {
		return nil
	}
	if err := t.provider.ForceFlush(ctx); err != nil {
		return fmt.Errorf("send the last spans: %w", err)
	}
	return nil
}

// Close sends what waits, for as long as is set, and ends the export. That it failed is told in the log and no error: an app that has
// done its work ends well without a collector.
func (t *Tracer) Close(ctx context.Context) {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.flush)
	defer cancel()
	err := errors.Join(t.Flush(ctx), t.provider.Shutdown(ctx))
	if lost := t.waiting.abandon(); lost > 0 || err != nil {
		t.logger.WarnContext(ctx, "the last spans did not reach the collector", "spans", lost, "error", err)
	}
}
