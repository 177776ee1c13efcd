package tracing

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// traceParent is a W3C traceparent of version 00, the only one there is (https://www.w3.org/TR/trace-context/#traceparent-header).
// The ledger's constraint on its column says the same.
var traceParent = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$`)

// Header is the name of the header, and of the gRPC metadata, that carries a traceparent.
const Header = "traceparent"

// Parent gives the traceparent of the span in ctx, to be carried to where the work goes on; empty for none.
func Parent(ctx context.Context) string { return format(trace.SpanContextFromContext(ctx)) }

func format(s trace.SpanContext) string {
	if !s.IsValid() {
		return ""
	}
	return fmt.Sprintf("00-%s-%s-%02x", s.TraceID(), s.SpanID(), byte(s.TraceFlags()&trace.FlagsSampled))
}

// parse gives the span that a traceparent names; an invalid one for what is none.
func parse(parent string) trace.SpanContext {
	parts := traceParent.FindStringSubmatch(parent)
	if parts == nil {
		return trace.SpanContext{}
	}
	var (
		id     trace.TraceID
		span   trace.SpanID
		config trace.SpanContextConfig
	)
	flags, _ := hex.DecodeString(parts[3]) // the pattern has them be digits
	copy(id[:], unhex(parts[1]))
	copy(span[:], unhex(parts[2]))
	config = trace.SpanContextConfig{TraceID: id, SpanID: span, TraceFlags: trace.TraceFlags(flags[0]) & trace.FlagsSampled, Remote: true}
	return trace.NewSpanContext(config)
}

func unhex(digits string) []byte {
	b, _ := hex.DecodeString(digits) // the pattern has them be digits
	return b
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
