// Package telemetry owns what the apps tell about themselves: structured logs with redaction, and
// metrics.
package telemetry

import (
	"context"
	"io"
	"log/slog"
	"regexp"
	"strings"

	"github.com/ai-agents/ai-agents/internal/ticket"
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
	// KeyUser is who did it: a person or token, or "system:" and the app's name.
	KeyUser = "user"
)

const redacted = "[redacted]"

var (
	secretKey = regexp.MustCompile(`(?i)(password|passwd|secret|token|api_?key|authorization|signature|credential|keyset)$`)
	// secretText finds credentials inside of text: bearer and authtoken headers, and the password of a URL.
	secretText = regexp.MustCompile(`(?i)((?:bearer|zoho-oauthtoken|authtoken[:=])\s*)[^\s"',;]{6,}|(://[^/\s:@]*:)[^@\s/]+(@)`)
)

// NewLogger writes JSON lines to w, each with the app's name, timestamps in UTC, without characters that deceive who
// reads them (ticket.Normalize), and without values that look like secrets: by the attribute's key, or by the form of
// the text.
func NewLogger(w io.Writer, app string, cfg LogConfig) *slog.Logger {
	handler := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: cfg.Level, ReplaceAttr: clean})
	return slog.New(contextHandler{handler}).With("app", app)
}

func clean(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Time("timestamp", a.Value.Time().UTC())
	}
	if a.Value.Kind() == slog.KindDuration {
		// One unit in all logs, and the key says which.
		return slog.Int64(strings.TrimSuffix(a.Key, "_ms")+"_ms", a.Value.Duration().Milliseconds())
	}
	if secretKey.MatchString(a.Key) {
		return slog.String(a.Key, redacted)
	}
	// What is invisible goes first: it could hide a secret.
	switch value := a.Value.Any().(type) {
	case error:
		return slog.String(a.Key, Redact(ticket.Normalize(value.Error())))
	case string:
		return slog.String(a.Key, Redact(ticket.Normalize(value)))
	}
	return a
}

// RedactValue is Redact for a value with a name, which may say that all of it is secret.
func RedactValue(key, value string) string {
	if secretKey.MatchString(key) {
		return redacted
	}
	return Redact(value)
}

// Redact blanks out credentials inside of text.
func Redact(text string) string {
	if !strings.ContainsAny(text, ":= ") {
		return text
	}
	return secretText.ReplaceAllString(text, "${1}${2}"+redacted+"${3}")
}

type attrsKey struct{}

// With returns a context whose log lines carry attrs besides their own.
func With(ctx context.Context, attrs ...slog.Attr) context.Context {
	earlier, _ := ctx.Value(attrsKey{}).([]slog.Attr)
	all := make([]slog.Attr, 0, len(earlier)+len(attrs))
	all = append(append(all, earlier...), attrs...)
	return context.WithValue(ctx, attrsKey{}, all)
}

// contextHandler adds what With put into the context.
type contextHandler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h contextHandler) Handle(ctx context.Context, r slog.Record) error {
	if attrs, ok := ctx.Value(attrsKey{}).([]slog.Attr); ok {
		r.AddAttrs(attrs...)
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h contextHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return contextHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h contextHandler) WithGroup(name string) slog.Handler {
	return contextHandler{h.Handler.WithGroup(name)}
}
