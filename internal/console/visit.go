package console

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

var correlationPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// visit is what is known of a request besides what it asks for.
type visit struct {
	from        netip.Addr
	correlation string
	// operation is the id of the operation, once it is found; principal is who asks, once that is known.
	operation string
	principal *access.Principal
	// bootstrapped: who asks has shown the right bootstrap token.
	bootstrapped bool
	// conn sets the time limits of this request's connection; nil outside of a request.
	conn *http.ResponseController
}

type visitKey struct{}

// visiting gives the visit that ctx belongs to.
func visiting(ctx context.Context) *visit {
	v, ok := ctx.Value(visitKey{}).(*visit)
	if !ok {
		return &visit{}
	}
	return v
}

// actorAnonymous is the actor of entries about one who has not shown who they are.
const actorAnonymous = "anonymous"

// actor names who asks, for the audit log.
func (v *visit) actor() string {
	switch {
	case v.principal != nil:
		return v.principal.Subject
	case v.bootstrapped:
		return access.BootstrapSubject
	default:
		return actorAnonymous
	}
}

// address is where the request came from, as text.
func (v *visit) address() string {
	if !v.from.IsValid() {
		return ""
	}
	return v.from.String()
}

// answerBy moves the time until which the answer has to be written. Where there is no connection there is no limit.
func (v *visit) answerBy(t time.Time) {
	if v.conn != nil {
		_ = v.conn.SetWriteDeadline(t)
	}
}

// unhurried takes away the limit for reading, once the body is read: when it passes, net/http takes the client for gone.
func (v *visit) unhurried() {
	if v.conn != nil {
		_ = v.conn.SetReadDeadline(time.Time{})
	}
}

// arrive is the first to see a request and the last to see the answer: headers, log line, metrics, panics.
func (s *Server) arrive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		v := &visit{from: s.cfg.Proxies.Client(r), correlation: r.Header.Get(adminapi.HeaderCorrelation)}
		if !correlationPattern.MatchString(v.correlation) {
			v.correlation = uuid.NewString()
		}
		s.headers(w.Header(), v)
		ctx := context.WithValue(r.Context(), visitKey{}, v)
		ctx = telemetry.With(ctx, slog.String(telemetry.KeyCorrelation, v.correlation))
		answer := &answer{ResponseWriter: w}
		v.conn = http.NewResponseController(answer)
		defer func() {
			cause := recover()
			if cause != nil && cause != http.ErrAbortHandler { //nolint:err113,errorlint // it is compared as net/http does
				p := s.recovered(ctx, cause, debug.Stack())
				if answer.status != 0 {
					cause = http.ErrAbortHandler // it is too late for another answer: break this one off
				} else {
					p.write(answer)
					cause = nil
				}
			}
			s.finished(ctx, v, answer.status, time.Since(began))
			if cause != nil {
				panic(cause)
			}
		}()
		next.ServeHTTP(answer, r.WithContext(ctx))
	})
}

// headers are those of every answer. What the API says is for the client alone, and nothing for a browser to show.
func (s *Server) headers(h http.Header, v *visit) {
	h.Set(adminapi.HeaderCorrelation, v.correlation)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	if s.cfg.TLS {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// finished writes the request down.
func (s *Server) finished(ctx context.Context, v *visit, status int, took time.Duration) {
	s.metrics.Console(v.operation, status)
	level := slog.LevelInfo
	if status >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	s.logger.Log(ctx, level, "request", telemetry.KeyOperation, v.operation, telemetry.KeyUser, v.actor(),
		"address", v.address(), "http_status", status, "duration", took)
}

// answer remembers the status.
type answer struct {
	http.ResponseWriter

	status int
}

// WriteHeader implements http.ResponseWriter. Only the first status counts.
func (a *answer) WriteHeader(status int) {
	if a.status != 0 {
		return
	}
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
