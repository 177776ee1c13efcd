package sidecar

import (
	"cmp"
	"context"
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
)

// untraced is told to the sidecar about calls that belong to no trace, such as probes. It says "not recorded"; told nothing, a sidecar
// that exports would begin a trace of each.
const untraced = "00-00000000000000000000000000000001-0000000000000001-00"

// carryTrace has the sidecar's own spans hang on the caller's.
func carryTrace(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	ctx = metadata.AppendToOutgoingContext(ctx, tracing.Header, cmp.Or(tracing.Parent(ctx), untraced))
	return invoke(ctx, method, req, reply, cc, opts...)
}

// carryTraceHTTP is carryTrace for a request over HTTP.
func carryTraceHTTP(req *http.Request) {
	req.Header.Set(tracing.Header, cmp.Or(tracing.Parent(req.Context()), untraced))
}

// delivered is the span that a delivery belongs to. The sidecar brings back with an event what it was told when that was published:
// untraced names no trace, and one who looked for it would find all other events.
func delivered(h http.Header) string {
	parent := h.Get(tracing.Header)
	if tracing.SameTrace(parent, untraced) {
		return ""
	}
	return parent
}
