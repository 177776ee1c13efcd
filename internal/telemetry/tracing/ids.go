package tracing

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"strconv"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// ids makes random ids, but for a span whose ids are forced.
type ids struct{}

type forcedKey struct{}

// force has the next span that is started with the context be that one.
func force(ctx context.Context, own trace.SpanContext) context.Context {
	return context.WithValue(ctx, forcedKey{}, own)
}

func forced(ctx context.Context) (own trace.SpanContext, ok bool) {
	own, ok = ctx.Value(forcedKey{}).(trace.SpanContext)
	return own, ok
}

// NewIDs implements sdktrace.IDGenerator.
func (g ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if own, ok := forced(ctx); ok {
		return own.TraceID(), own.SpanID()
	}
	var id trace.TraceID
	for !id.IsValid() {
		_, _ = rand.Read(id[:]) // never fails, by its documentation
	}
	return id, g.NewSpanID(ctx, id)
}

// NewSpanID implements sdktrace.IDGenerator.
func (ids) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	if own, ok := forced(ctx); ok {
		return own.SpanID()
	}
	var id trace.SpanID
	for !id.IsValid() {
		_, _ = rand.Read(id[:])
	}
	return id
}

// goesOn samples a root that goes on from another trace as that one was: those that hang on it are told so already.
type goesOn struct{ sdktrace.Sampler }

// ShouldSample implements sdktrace.Sampler.
func (s goesOn) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	own, ok := forced(p.ParentContext)
	switch {
	case !ok:
		return s.Sampler.ShouldSample(p)
	case own.IsSampled():
		return sdktrace.AlwaysSample().ShouldSample(p)
	default:
		return sdktrace.NeverSample().ShouldSample(p)
	}
}

// derived is what the ids of a span are made of that encloses others.
type derived [sha256.Size]byte

// derive makes the ids of a span that encloses others of a run: the same in every process, whoever asks for them.
func derive(in trace.TraceID, jobID string, run int, name string) derived {
	return sha256.Sum256([]byte(strings.Join([]string{in.String(), jobID, strconv.Itoa(run), name}, "\x00")))
}

func (d derived) span() (id trace.SpanID) {
	copy(id[:], d[:])
	id[0] |= 1 // all zeros is no id
	return id
}

func (d derived) trace() (id trace.TraceID) {
	copy(id[:], d[len(trace.SpanID{}):])
	id[0] |= 1
	return id
}
