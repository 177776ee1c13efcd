package tracing_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kelseyhightower/envconfig"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"

	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
	"github.com/ai-agents/ai-agents/internal/telemetry/tracing/tracingtest"
)

// otlp is a collector that keeps what it gets, or does as a test says.
type otlp struct {
	collector.UnimplementedTraceServiceServer

	address string
	before  func(ctx context.Context) error
	mu      sync.Mutex
	got     []*collector.ExportTraceServiceRequest
}

func newOTLP(t *testing.T, before func(ctx context.Context) error) *otlp {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &otlp{address: listener.Addr().String(), before: before}
	server := grpc.NewServer()
	collector.RegisterTraceServiceServer(server, o)
	go func() { _ = server.Serve(listener) }() // ends with Stop
	t.Cleanup(server.Stop)
	return o
}

func (o *otlp) Export(ctx context.Context, in *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	if o.before != nil {
		if err := o.before(ctx); err != nil {
			return nil, err
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.got = append(o.got, in)
	return &collector.ExportTraceServiceResponse{}, nil
}

// spans are those that have arrived, by name, and what is said of the app.
func (o *otlp) spans() (names []string, app map[string]string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	app = map[string]string{}
	for _, in := range o.got {
		for _, of := range in.GetResourceSpans() {
			for _, a := range of.GetResource().GetAttributes() {
				app[a.GetKey()] = a.GetValue().GetStringValue()
			}
			for _, scope := range of.GetScopeSpans() {
				for _, s := range scope.GetSpans() {
					names = append(names, s.GetName())
				}
			}
		}
	}
	return names, app
}

// started is a tracer that exports to the address.
func started(t *testing.T, cfg tracing.Config, dropped func(int), log *bytes.Buffer) *tracing.Tracer {
	t.Helper()
	if cfg.QueueSize == 0 {
		cfg.QueueSize = 2048
	}
	if cfg.FlushTimeout == 0 {
		cfg.FlushTimeout = 10 * time.Second
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	tracer, err := tracing.Start(t.Context(), cfg, "gateway", dropped, telemetry.NewLogger(log, "gateway", telemetry.LogConfig{}))
	if err != nil {
		t.Fatal(err)
	}
	return tracer
}

func root(ctx context.Context, t *tracing.Tracer) (context.Context, trace.Span) {
	return t.RootAt(ctx, tracing.SpanWebhook, trace.SpanKindServer, time.Now())
}

func never(t *testing.T) func(int) {
	return func(n int) { t.Errorf("%d spans were dropped", n) }
}

func TestSpansReachTheCollectorBeforeTheAppEnds(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]func(address string) tracing.Config{
		"a URL": func(address string) tracing.Config { return tracing.Config{Endpoint: "http://" + address} },
		"for traces": func(address string) tracing.Config {
			return tracing.Config{Endpoint: "http://192.0.2.1:1", TracesEndpoint: "http://" + address}
		},
		"host and port": func(address string) tracing.Config { return tracing.Config{Endpoint: address, Insecure: true} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOTLP(t, nil)
			settings := cfg(o.address)
			settings.Resource = "deployment.environment.name=test%20bed,service.version=1.2"
			tracer := started(t, settings, never(t), &bytes.Buffer{})
			_, span := root(t.Context(), tracer)
			span.End()
			tracer.Close(t.Context())
			names, app := o.spans()
			if len(names) != 1 || names[0] != tracing.SpanWebhook {
				t.Errorf("arrived are %q", names)
			}
			if app["service.name"] != "gateway" || app["deployment.environment.name"] != "test bed" || app["service.version"] != "1.2" {
				t.Errorf("the app is %v", app)
			}
		})
	}
}

func TestTheServiceHasAnotherNameWhenTold(t *testing.T) {
	t.Parallel()
	o := newOTLP(t, nil)
	tracer := started(t, tracing.Config{Endpoint: "http://" + o.address, Service: "gateway-eu", Resource: "service.name=other"}, never(t), &bytes.Buffer{})
	_, span := root(t.Context(), tracer)
	span.End()
	tracer.Close(t.Context())
	if _, app := o.spans(); app["service.name"] != "gateway-eu" {
		t.Errorf("the app is %v", app)
	}
}

// Nothing listens there: what is dropped is counted, logged once, and nothing else happens.
func TestADeadCollectorDelaysNothing(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	var dropped atomic.Int64
	var log bytes.Buffer
	const most, made = 100, 5_000
	tracer := started(t, tracing.Config{Endpoint: "http://" + address, QueueSize: most, FlushTimeout: 100 * time.Millisecond},
		func(n int) { dropped.Add(int64(n)) }, &log)
	for range made {
		_, span := root(t.Context(), tracer)
		span.End() // would hang here if it waited
	}
	if got := dropped.Load(); got < made-2*most-512 {
		t.Errorf("%d of %d spans were dropped while %d may wait", got, made, most)
	}
	closing := make(chan struct{})
	go func() { tracer.Close(context.Background()); close(closing) }()
	select {
	case <-closing:
	case <-time.After(30 * time.Second):
		t.Fatal("the end waits for the collector")
	}
	if got := dropped.Load(); got != made {
		t.Errorf("%d of %d spans are counted as dropped", got, made)
	}
	if !strings.Contains(log.String(), "spans") {
		t.Errorf("the log does not tell: %s", log.String())
	}
}

// It takes spans, and never answers.
func TestACollectorThatHangsDelaysNothing(t *testing.T) {
	t.Parallel()
	hanging := make(chan struct{})
	o := newOTLP(t, func(ctx context.Context) error {
		select {
		case <-hanging:
		case <-ctx.Done():
		}
		return ctx.Err()
	})
	t.Cleanup(func() { close(hanging) })
	var dropped atomic.Int64
	tracer := started(t, tracing.Config{Endpoint: "http://" + o.address, QueueSize: 10, FlushTimeout: 50 * time.Millisecond},
		func(n int) { dropped.Add(int64(n)) }, &bytes.Buffer{})
	for range 1000 {
		_, span := root(t.Context(), tracer)
		span.End()
	}
	tracer.Close(t.Context())
	if got := dropped.Load(); got != 1000 {
		t.Errorf("%d of 1000 spans are counted as dropped", got)
	}
}

func TestOffCostsNothing(t *testing.T) {
	for name, cfg := range map[string]tracing.Config{
		"no endpoint": {QueueSize: 1, FlushTimeout: time.Second},
		"disabled":    {Endpoint: "http://127.0.0.1:4317", Disabled: true, QueueSize: 1, FlushTimeout: time.Second},
	} {
		tracer, err := tracing.Start(t.Context(), cfg, "gateway", never(t), slog.New(slog.DiscardHandler))
		if err != nil || tracer.On() {
			t.Errorf("%s: %v, %v", name, tracer, err)
		}
	}
	var tracer *tracing.Tracer
	ctx := t.Context()
	allocated := testing.AllocsPerRun(100, func() {
		rooted, span := root(ctx, tracer)
		child, call := tracing.Child(rooted, tracing.SpanDesk, trace.SpanKindClient)
		tracer.Emit(tracing.Run("", "", 1), tracing.Over{})
		tracing.Fail(call, "class")
		if tracing.Parent(child) != "" {
			t.Error("there is a span")
		}
		call.End()
		span.End()
	})
	if allocated > 4 {
		t.Errorf("%v allocations for spans that are not made", allocated)
	}
	if err := tracer.Flush(ctx); err != nil {
		t.Error(err)
	}
	tracer.Close(ctx)
}

func TestWrongSettingsAreNamed(t *testing.T) {
	t.Parallel()
	good := tracing.Config{Endpoint: "http://192.0.2.1:4317", QueueSize: 1, FlushTimeout: time.Second}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*tracing.Config){
		"OTEL_EXPORTER_OTLP_HEADERS":            func(c *tracing.Config) { c.Endpoint = "http://user:hunter2@192.0.2.1:4317" },
		"has a path":                            func(c *tracing.Config) { c.Endpoint = "http://192.0.2.1:4318/v1/traces" },
		"names no port":                         func(c *tracing.Config) { c.Endpoint = "collector" },
		"http:// or https://":                   func(c *tracing.Config) { c.Endpoint = "grpc://192.0.2.1:4317" },
		"OTEL_EXPORTER_OTLP_PROTOCOL":           func(c *tracing.Config) { c.Protocol = "http/protobuf" },
		"OTEL_TRACES_SAMPLER: \"sometimes\"":    func(c *tracing.Config) { c.Sampler = "sometimes" },
		"OTEL_TRACES_SAMPLER_ARG: \"half\"":     func(c *tracing.Config) { c.Sampler, c.SamplerArg = "traceidratio", "half" },
		"OTEL_TRACES_SAMPLER_ARG: \"2\"":        func(c *tracing.Config) { c.Sampler, c.SamplerArg = "parentbased_traceidratio", "2" },
		"OTEL_BSP_MAX_QUEUE_SIZE":               func(c *tracing.Config) { c.QueueSize = 0 },
		"TRACE_FLUSH_TIMEOUT":                   func(c *tracing.Config) { c.FlushTimeout = 0 },
		"OTEL_RESOURCE_ATTRIBUTES: \"nothing\"": func(c *tracing.Config) { c.Resource = "nothing" },
	} {
		cfg := good
		change(&cfg)
		err := cfg.Validate()
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("want an error about %s: %v", want, err)
		}
	}
}

func TestTheSamplerDecidesForTheWholeTrace(t *testing.T) {
	t.Parallel()
	recorded := "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	ignored := strings.TrimSuffix(recorded, "1") + "0"
	for sampler, want := range map[string][3]int{ // spans of a new trace, below a recorded one, below one that is not
		"": {1, 1, 0}, "parentbased_always_on": {1, 1, 0}, "parentbased_always_off": {0, 1, 0}, "always_on": {1, 1, 1}, "always_off": {0, 0, 0},
	} {
		spans := tracingtest.With(t, tracing.Config{Sampler: sampler})
		var got [3]int
		for i, begin := range []func() trace.Span{
			func() trace.Span { _, s := root(t.Context(), spans.Tracer); return s },
			func() trace.Span {
				_, s := spans.Tracer.Under(t.Context(), recorded, tracing.SpanFetch, trace.SpanKindInternal)
				return s
			},
			func() trace.Span {
				_, s := spans.Tracer.Under(t.Context(), ignored, tracing.SpanFetch, trace.SpanKindInternal)
				return s
			},
		} {
			before := len(spans.All())
			begin().End()
			got[i] = len(spans.All()) - before
		}
		if got != want {
			t.Errorf("%q: %v, want %v", sampler, got, want)
		}
	}
}

// OpenTelemetry has an empty variable be one that is not set.
func TestAnEmptySwitchIsOff(t *testing.T) {
	for value, want := range map[string]bool{"": false, "false": false, "true": true} {
		t.Setenv("OTEL_EXPORTER_OTLP_INSECURE", value)
		t.Setenv("OTEL_SDK_DISABLED", value)
		var cfg tracing.Config
		if err := envconfig.Process("", &cfg); err != nil || bool(cfg.Insecure) != want || bool(cfg.Disabled) != want {
			t.Errorf("%q: %v, %v, %v", value, cfg.Insecure, cfg.Disabled, err)
		}
	}
	t.Setenv("OTEL_EXPORTER_OTLP_INSECURE", "perhaps")
	if err := envconfig.Process("", new(tracing.Config)); err == nil || !strings.Contains(err.Error(), "OTEL_EXPORTER_OTLP_INSECURE") {
		t.Errorf("what is neither: %v", err)
	}
}
