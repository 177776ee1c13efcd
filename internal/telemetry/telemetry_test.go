package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/ticket/tickettest"
)

func TestLoggerWritesWhatLogsMustHave(t *testing.T) {
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, "gateway", telemetry.LogConfig{Level: slog.LevelInfo})
	ctx := telemetry.With(t.Context(), slog.String(telemetry.KeyTenant, "alpha"))
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyJob, "j-1"))
	log.DebugContext(ctx, "not shown")
	log.With("a", 1).WithGroup("g").InfoContext(ctx, "shown", "b", 2)
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	if _, err := time.Parse(time.RFC3339, fmt.Sprint(line["timestamp"])); err != nil {
		t.Error(err)
	}
	if line["app"] != "gateway" || line["level"] != "INFO" || line["a"] != 1.0 {
		t.Errorf("line %v", line)
	}
	if group, ok := line["g"].(map[string]any); !ok || group["tenant_id"] != "alpha" || group["job_id"] != "j-1" || group["b"] != 2.0 {
		t.Errorf("line %v", line)
	}
}

func TestALineSaysEverythingOnce(t *testing.T) {
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, "enhancer", telemetry.LogConfig{})
	ctx := telemetry.With(t.Context(), slog.String(telemetry.KeyTenant, "from context"), slog.String(telemetry.KeyOperation, "first"))
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyOperation, "second"))
	log.InfoContext(ctx, "m")
	log.InfoContext(ctx, "m", telemetry.KeyTenant, "own")
	log.With(telemetry.KeyTenant, "logger's").InfoContext(ctx, "m")
	log.InfoContext(telemetry.With(ctx, slog.String(telemetry.KeyUser, "jane@example.com")), "m")
	log.Info("m", telemetry.KeyUser, "own")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, want := range [][]string{
		{`"tenant_id":"from context"`, `"operation":"second"`, `"user":"system:enhancer"`},
		{`"tenant_id":"own"`, `"operation":"second"`},
		{`"tenant_id":"logger's"`},
		{`"user":"jane@example.com"`},
		{`"user":"own"`},
	} {
		for _, part := range want {
			if !strings.Contains(lines[i], part) {
				t.Errorf("%s is missing in %s", part, lines[i])
			}
		}
		for _, key := range []string{telemetry.KeyTenant, telemetry.KeyOperation, telemetry.KeyUser} {
			if strings.Count(lines[i], `"`+key+`":`) > 1 {
				t.Errorf("%s stands twice in %s", key, lines[i])
			}
		}
	}
}

func TestHostIsAllThatIsToldOfAnAddress(t *testing.T) {
	for base, want := range map[string]string{
		"https://user:hunter2@kb.example.com:8443/api?key=hunter2": "kb.example.com:8443", "http://[2001:db8::1]:80/x": "[2001:db8::1]:80", "://": "unknown", "": "",
	} {
		if got := telemetry.Host(base); got.Key != telemetry.KeyHost || got.Value.String() != want {
			t.Errorf("%s: %s", base, got)
		}
	}
}

func TestLoggerRedacts(t *testing.T) {
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, "x", telemetry.LogConfig{})
	log.Info("values", "api_key", "hunter2hunter2", "signing_secret", []byte("hunter2hunter2"), "db_password", "hunter2hunter2",
		"Authorization", "hunter2hunter2", "url", "postgres://app_user:hunter2hunter2@db/x",
		"header", "Zoho-oauthtoken hunter2hunter2", "error", fmt.Errorf("call: %w", errors.New("authtoken: hunter2hunter2 refused")))
	if strings.Contains(out.String(), "hunter2") {
		t.Errorf("a secret is in the log: %s", out.String())
	}
	log.Info("kept", "duration", 1500*time.Millisecond, "tokens_used", 42, "description", "the time is 12:30, see http://kb.example.com/a")
	if !strings.Contains(out.String(), "http://kb.example.com/a") || !strings.Contains(out.String(), `"tokens_used":42`) || !strings.Contains(out.String(), `"duration_ms":1500`) {
		t.Errorf("harmless text was blanked: %s", out.String())
	}
}

func TestLogsHoldNothingDeceptive(t *testing.T) {
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, "x", telemetry.LogConfig{})
	log.Info("said", "text", tickettest.Deceptive, "error", errors.New(tickettest.Deceptive), "hidden", "bear\u200ber hunter2hunter2")
	var line struct {
		Text   string `json:"text"`
		Error  string `json:"error"`
		Hidden string `json:"hidden"`
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	tickettest.Check(t, "the line", strings.TrimSpace(out.String()))
	tickettest.CheckDeceptive(t, "a text", line.Text)
	tickettest.CheckDeceptive(t, "an error", line.Error)
	if strings.Contains(line.Hidden, "hunter2") {
		t.Errorf("an invisible character hides a secret: %q", line.Hidden)
	}
}

func TestMetrics(t *testing.T) {
	m := telemetry.NewMetrics()
	m.Webhook("alpha", http.StatusAccepted)
	m.Webhook("", http.StatusUnauthorized)
	m.Completed(t.Context(), "alpha", "created", 1500*time.Millisecond)
	m.Failed("beta", "updated")
	m.Note("kept_edited")
	m.AnswerDropped("uncited", 3)
	m.Step(t.Context(), "doc_search", "degraded", 2*time.Second)
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	for _, want := range []string{
		`webhook_requests_total{code="202",tenant_id="alpha"} 1`, `webhook_requests_total{code="401",tenant_id=""} 1`,
		`enhancement_requests_total{operation_type="created",status="success",tenant_id="alpha"} 1`,
		`enhancement_requests_total{operation_type="updated",status="failure",tenant_id="beta"} 1`,
		`enhancement_notes_total{action="kept_edited"} 1`,
		`enhancement_answer_dropped_total{reason="uncited"} 3`,
		`enhancement_duration_seconds_sum{operation_type="created",tenant_id="alpha"} 1.5`,
		`enhancement_step_duration_seconds_count{operation_type="doc_search",outcome="degraded"} 1`,
	} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

// With them, whoever reads a line finds the trace, and the other way round.
func TestALineNamesItsSpan(t *testing.T) {
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, "enhancer", telemetry.LogConfig{})
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1, 15: 2}, SpanID: trace.SpanID{3, 7: 4}}))
	log.InfoContext(ctx, "traced")
	log.InfoContext(t.Context(), "not traced")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if !strings.Contains(lines[0], `"trace_id":"01000000000000000000000000000002"`) || !strings.Contains(lines[0], `"span_id":"0300000000000004"`) {
		t.Errorf("the line is %s", lines[0])
	}
	if strings.Contains(lines[1], "trace_id") || strings.Contains(lines[1], "span_id") {
		t.Errorf("the line of nothing traced is %s", lines[1])
	}
}
