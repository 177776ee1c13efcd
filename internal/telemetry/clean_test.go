package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/telemetry"
)

type nested struct {
	Name   string
	Secret string
	Inner  map[string]any
	Raw    json.RawMessage
	hidden string
}

type stringer struct{ Text string }

func (s stringer) String() string { return s.Text }

type panicking struct{}

func (*panicking) Error() string { panic("no error") }

type panickingJSON struct{}

func (panickingJSON) MarshalJSON() ([]byte, error) { panic("no JSON") }

type failingJSON struct{}

func (failingJSON) MarshalJSON() ([]byte, error) { return nil, errors.New("password=" + planted) }

type jsonError struct{ Token string }

func (e jsonError) Error() string              { return "token=" + e.Token }
func (jsonError) MarshalJSON() ([]byte, error) { return []byte(`"` + planted + `"`), nil }

type valuer struct{ text string }

func (v valuer) LogValue() slog.Value {
	return slog.GroupValue(slog.String("password", v.text), slog.String("text", "Bearer "+v.text))
}

// logged gives the line that write makes.
func logged(t testing.TB, write func(*slog.Logger)) string {
	t.Helper()
	var out bytes.Buffer
	write(telemetry.NewLogger(&out, "x", telemetry.LogConfig{Level: slog.LevelDebug}))
	if !json.Valid(out.Bytes()) {
		t.Errorf("not one JSON value: %s", out.String())
	}
	return out.String()
}

func TestASecretOfAnyTypeIsNotWritten(t *testing.T) {
	text := "Authorization: Bearer " + planted
	secret := nested{
		"x", planted,
		map[string]any{"api_key": planted, text: text, "list": []any{text, map[string]string{"password": planted}}},
		json.RawMessage(`{"token":"` + planted + `"}`), planted,
	}
	for name, write := range map[string]func(*slog.Logger){
		"the message":         func(l *slog.Logger) { l.Info(text) }, //nolint:sloglint // that the message is redacted is what is tested
		"a string":            func(l *slog.Logger) { l.Info("m", "a", text) },
		"an error":            func(l *slog.Logger) { l.Info("m", "a", fmt.Errorf("call: %w", errors.New(text))) },
		"joined errors":       func(l *slog.Logger) { l.Info("m", "a", errors.Join(errors.New(text), errors.New(text))) },
		"an error with JSON":  func(l *slog.Logger) { l.Info("m", "a", jsonError{planted}) },
		"a Stringer":          func(l *slog.Logger) { l.Info("m", "a", stringer{text}, "b", &stringer{text}) },
		"bytes":               func(l *slog.Logger) { l.Info("m", "a", []byte(text)) },
		"raw JSON":            func(l *slog.Logger) { l.Info("m", "a", json.RawMessage(`{"password":"`+planted+`"}`)) },
		"a struct":            func(l *slog.Logger) { l.Info("m", "a", secret, "b", &secret) },
		"a slice":             func(l *slog.Logger) { l.Info("m", "a", []string{text}, "b", []error{errors.New(text)}) },
		"a map":               func(l *slog.Logger) { l.Info("m", "a", map[string]string{"password": planted, text: "x"}) },
		"a LogValuer":         func(l *slog.Logger) { l.Info("m", "a", valuer{planted}) },
		"a secret's name":     func(l *slog.Logger) { l.Info("m", "client_secret", secret, "X-Api-Key", 5, "apiKey", []byte(planted)) },
		"a group":             func(l *slog.Logger) { l.Info("m", slog.Group("g", slog.Group("h", "password", planted, "a", text))) },
		"a secret group":      func(l *slog.Logger) { l.Info("m", slog.Group("credentials", "value", planted)) },
		"groups of a logger":  func(l *slog.Logger) { l.With("a", text).WithGroup("g").With("token", planted).Info("m", "a", text) },
		"a logger's secret":   func(l *slog.Logger) { l.WithGroup("secrets").Info("m", "a", planted) },
		"the context":         func(l *slog.Logger) { l.InfoContext(telemetry.With(context.Background(), slog.String("a", text)), "m") },
		"JSON that fails":     func(l *slog.Logger) { l.Info("m", "a", failingJSON{}) },
		"a card as a number":  func(l *slog.Logger) { l.Info("m", "a", 4111111111111111, "b", uint64(4111111111111111)) },
		"a card inside":       func(l *slog.Logger) { l.Info("m", "a", map[string]any{"n": 4111111111111111}) },
		"the message's error": func(l *slog.Logger) { l.Error("m", "error", errors.New("dial postgres://u:"+planted[:8]+"@db/x")) },
	} {
		if line := logged(t, write); strings.Contains(line, planted[:8]) || strings.Contains(line, "4111111111") || !strings.Contains(line, "[redacted]") {
			t.Errorf("%s: %s", name, line)
		}
	}
}

func TestWhatIsNoSecretIsWrittenAsItIs(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	line := logged(t, func(l *slog.Logger) {
		l.Warn("m", "n", 5, "f", 1.5, "b", true, "at", at, "addr", netip.MustParseAddr("192.0.2.1"), "none", nil, "big", uint64(1<<63),
			"map", map[string]int{"a": 1}, "list", []string{"x"}, "struct", struct {
				A int    `json:"a"`
				B string `json:"b,omitempty"`
			}{A: 1}, "bytes", []byte("text"), "binary", []byte{0xff, 0xfe}, "precise", map[string]int64{"id": 100000000000031001},
			"took", 1500*time.Millisecond, "user", "jane@example.com", "level", slog.LevelWarn)
	})
	for _, want := range []string{
		`"level":"WARN"`, `"n":5`, `"f":1.5`, `"b":true`, `"at":"2026-01-02T03:04:05Z"`, `"addr":"192.0.2.1"`, `"none":null`, `"big":9223372036854775808`,
		`"map":{"a":1}`, `"list":["x"]`, `"struct":{"a":1}`, `"bytes":"text"`, `"binary":"[2 bytes]"`, `"id":100000000000031001`, `"took_ms":1500`,
		`"user":"jane@example.com"`,
	} {
		if !strings.Contains(line, want) {
			t.Errorf("the line lacks %s: %s", want, line)
		}
	}
}

func TestAValueThatPanicsCostsItsValueOnly(t *testing.T) {
	line := logged(t, func(l *slog.Logger) {
		l.Info("m", "a", &panicking{}, "b", panickingJSON{}, "c", make(chan int), "d", (*panicking)(nil), "kept", "yes")
	})
	if strings.Count(line, "unprintable") != 3 || !strings.Contains(line, `"kept":"yes"`) {
		t.Error(line)
	}
}

// BenchmarkLogger compares a line as our apps write it, with and without redaction.
func BenchmarkLogger(b *testing.B) {
	plain := slog.New(slog.NewJSONHandler(io.Discard, nil)).With("app", "x") //nolint:sloglint // encoding is what is compared
	redacting := telemetry.NewLogger(io.Discard, "x", telemetry.LogConfig{})
	for name, logger := range map[string]*slog.Logger{"plain": plain, "redacting": redacting} {
		b.Run(name+"/usual", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				logger.Info("step ended", "operation", "ticket_search", "tenant_id", "example-clinic", "ticket_id", "100000000000031001",
					"job_id", "7d444840-9dc0-41d1-b245-5ffdce74fad2", "correlation_id", "5f98c2a9-c42b-82f4-99be-70b23f80ea81",
					"status", "ok", "detail", "3 similar tickets: 2 by words, 1 by meaning", "duration_ms", 12)
			}
		})
		b.Run(name+"/secret", func(b *testing.B) {
			err := errors.New(`Get "https://user:hunter2@sdp.example.com/api/v3/requests?authtoken=hunter2": dial tcp: lookup failed for jane@example.com`)
			for b.Loop() {
				logger.Warn("call failed", "operation", "get_request", "error", err)
			}
		})
		b.Run(name+"/struct", func(b *testing.B) {
			value := map[string]any{"field": "ticket_id", "problem": "is missing"}
			for b.Loop() {
				logger.Info("webhook refused", "problems", value)
			}
		})
	}
}
