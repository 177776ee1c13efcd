package tracing

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// ids makes random ids, but for a span whose id is forced.
type ids struct{}

type forcedKey struct{}

// force has the next span that is started with the context be the one with the id.
func force(ctx context.Context, id trace.SpanID) context.Context {
	return context.WithValue(ctx, forcedKey{}, id)
}

// NewIDs implements sdktrace.IDGenerator.
func (g ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	var id trace.TraceID
	for !id.IsValid() {
		_, _ = rand.Read(id[:]) // never fails, by its documentation
	}
	return id, g.NewSpanID(ctx, id)
}

// NewSpanID implements sdktrace.IDGenerator.
func (ids) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	if id, ok := ctx.Value(forcedKey{}).(trace.SpanID); ok {
		return id
	}
	var id trace.SpanID
	for !id.IsValid() {
		_, _ = rand.Read(id[:])
	}
	return id
}

// derive makes the id of a span that encloses others of a run: the same in every process, whoever asks for it.
func derive(in trace.TraceID, jobID string, run int, name string) trace.SpanID {
	sum := sha256.Sum256([]byte(strings.Join([]string{in.String(), jobID, strconv.Itoa(run), name}, "\x00")))
	var id trace.SpanID
	copy(id[:], sum[:])
	id[0] |= 1 // all zeros is no id
	return id
}
