// Package telemetry owns what the apps tell about themselves: structured logs with redaction, and
// metrics.
package telemetry

import (
	"context"
	"io"
	"log/slog"
	"net/url"
	"slices"

	"go.opentelemetry.io/otel/trace"
)

// LogConfig selects what is logged.
type LogConfig struct {
	Level slog.Level `envconfig:"LOG_LEVEL" default:"info"`
}

// The attribute keys that log lines of all apps share.
const (
	KeyTenant      = "tenant_id"
	KeyTicket      = "ticket_id"
	KeyJob         = "job_id"
	KeyOperation   = "operation"
	KeyStatus      = "status"
	KeyCorrelation = "correlation_id"
	// KeyTrace and KeySpan find what was going on in a viewer of traces; absent where nothing is traced. Tempo and Grafana look for
	// them by these names.
	KeyTrace = "trace_id"
	KeySpan  = "span_id"
	// KeyUser is who did it: a person or token; the app itself where no context says otherwise.
	KeyUser = "user"
	// KeyCall, KeyHost and KeyHTTPStatus are of lines about calls to other systems: what was called there, and what it
	// answered. Neither path nor query is logged: they hold the words of tickets.
	KeyCall       = "call"
	KeyHost       = "host"
	KeyHTTPStatus = "http_status"
)

// NewLogger writes JSON lines to w, each with the app's name, timestamps in UTC, without characters that
// deceive who reads them (ticket.Normalize), and without values that look like secrets or personal data: by the attribute's
// key, or by the form of the text, in the message and in values of all types.
func NewLogger(w io.Writer, app string, cfg LogConfig) *slog.Logger {
	handler := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: cfg.Level, ReplaceAttr: clean})
	return slog.New(contextHandler{Handler: handler, user: slog.String(KeyUser, SystemUser(app))}).With("app", app)
}

// SystemUser is the user of what an app does on its own account, in logs and audit log.
func SystemUser(app string) string { return "system:" + app }

// Host is the attribute that says which system was called, by the base URL of its settings.
func Host(baseURL string) slog.Attr {
	u, err := url.Parse(baseURL)
	if err != nil {
		return slog.String(KeyHost, "unknown")
	}
	return slog.String(KeyHost, u.Host)
}

type attrsKey struct{}

// With returns a context whose log lines carry attrs besides their own. An attribute replaces an earlier one of its key.
func With(ctx context.Context, attrs ...slog.Attr) context.Context {
	earlier, _ := ctx.Value(attrsKey{}).([]slog.Attr)
	all := make([]slog.Attr, 0, len(earlier)+len(attrs))
	for _, a := range earlier {
		if !hasKey(attrs, a.Key) {
			all = append(all, a)
		}
	}
	return context.WithValue(ctx, attrsKey{}, append(all, attrs...))
}

func hasKey(attrs []slog.Attr, key string) bool {
	return slices.ContainsFunc(attrs, func(a slog.Attr) bool { return a.Key == key })
}

// contextHandler adds what With put into the context, and which span it is of, but for what the line says itself: a key that stands twice in a
// line is read as one or the other.
type contextHandler struct {
	slog.Handler

	// user is who does what no context names another for.
	user slog.Attr
	// own are the attributes of the logger itself, in its present group.
	own []slog.Attr
}

// Handle implements slog.Handler.
func (h contextHandler) Handle(ctx context.Context, r slog.Record) error {
	attrs, _ := ctx.Value(attrsKey{}).([]slog.Attr)
	own := make([]slog.Attr, 0, len(h.own)+r.NumAttrs())
	own = append(own, h.own...)
	r.Attrs(func(a slog.Attr) bool {
		own = append(own, a)
		return true
	})
	for _, a := range attrs {
		if !hasKey(own, a.Key) {
			r.AddAttrs(a)
		}
	}
	if !hasKey(own, KeyUser) && !hasKey(attrs, KeyUser) {
		r.AddAttrs(h.user)
	}
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		r.AddAttrs(slog.String(KeyTrace, span.TraceID().String()), slog.String(KeySpan, span.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h contextHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return contextHandler{h.Handler.WithAttrs(attrs), h.user, slices.Concat(h.own, attrs)}
}

// WithGroup implements slog.Handler.
func (h contextHandler) WithGroup(name string) slog.Handler {
	return contextHandler{h.Handler.WithGroup(name), h.user, nil}
}
