package tracing

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// Header is the name of the header, and of the gRPC metadata, that carries a traceparent.
const Header = "traceparent"

// Parent gives the traceparent of the span in ctx, to be carried to where the work goes on; empty for none.
func Parent(ctx context.Context) string { return format(trace.SpanContextFromContext(ctx)) }

// A W3C traceparent of version 00, the only one there is (https://www.w3.org/TR/trace-context/#traceparent-header): version, trace, span
// and flags in lower-case hexadecimal digits. The ledger's constraint on its column says the same. It is read and written by hand, for
// each call of the sidecar carries one.
const (
	version                      = "00-"
	traceEnd, spanEnd, parentEnd = 35, 52, 55
)

func format(s trace.SpanContext) string {
	if !s.IsValid() {
		return ""
	}
	id, span, flags := s.TraceID(), s.SpanID(), s.TraceFlags()&trace.FlagsSampled
	text := make([]byte, 0, parentEnd)
	text = hex.AppendEncode(append(text, version...), id[:])
	text = hex.AppendEncode(append(text, '-'), span[:])
	return string(append(text, '-', '0', '0'+byte(flags)))
}

// parse gives the span that a traceparent names; an invalid one for what is none.
func parse(parent string) trace.SpanContext {
	if len(parent) != parentEnd || parent[:len(version)] != version || parent[traceEnd] != '-' || parent[spanEnd] != '-' {
		return trace.SpanContext{}
	}
	var (
		id    trace.TraceID
		span  trace.SpanID
		flags [1]byte
	)
	if !unhex(id[:], parent[len(version):traceEnd]) || !unhex(span[:], parent[traceEnd+1:spanEnd]) || !unhex(flags[:], parent[spanEnd+1:]) {
		return trace.SpanContext{}
	}
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: id, SpanID: span, TraceFlags: trace.TraceFlags(flags[0]) & trace.FlagsSampled, Remote: true,
	})
}

// unhex reads lower-case digits, twice as many as there are bytes, and says whether they are.
func unhex(to []byte, text string) bool {
	const digits = "0123456789abcdef"
	for i := range to {
		high, low := strings.IndexByte(digits, text[2*i]), strings.IndexByte(digits, text[2*i+1])
		if high < 0 || low < 0 {
			return false
		}
		to[i] = byte(high)<<4 | byte(low) //nolint:gosec,mnd // both are below 16
	}
	return true
}

// Valid says whether parent is a traceparent.
func Valid(parent string) bool { return parse(parent).IsValid() }

// SameTrace says whether two traceparents belong to one trace.
func SameTrace(one, other string) bool {
	a, b := parse(one), parse(other)
	return a.IsValid() && b.IsValid() && a.TraceID() == b.TraceID()
}

// With puts the span that a traceparent names into ctx, as the parent of what is begun there. What is none takes away what was
// there.
func With(ctx context.Context, parent string) context.Context {
	return trace.ContextWithSpanContext(ctx, parse(parent))
}

// attributes reads OTEL_RESOURCE_ATTRIBUTES.
func attributes(given string) ([]attribute.KeyValue, error) {
	var attrs []attribute.KeyValue
	for pair := range strings.SplitSeq(given, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		key, value, ok := strings.Cut(pair, "=")
		decoded, err := url.PathUnescape(strings.TrimSpace(value))
		if !ok || strings.TrimSpace(key) == "" || err != nil {
			return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %q is not key=value, percent-encoded", pair)
		}
		attrs = append(attrs, attribute.String(strings.TrimSpace(key), decoded))
	}
	return attrs, nil
}
