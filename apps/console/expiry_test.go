package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/telemetry"
)

type ending struct {
	at  time.Time
	err error
}

func (e *ending) NextEnd(context.Context) (time.Time, error) { return e.at, e.err }

func TestWhatEndsNextIsShown(t *testing.T) {
	metrics, tokens, log := telemetry.NewMetrics(), &ending{}, &bytes.Buffer{}
	e := expiries{tokens: tokens, metrics: metrics, logger: slog.New(slog.NewTextHandler(log, nil))}
	shown := func() string {
		t.Helper()
		e.look(t.Context())
		rec := httptest.NewRecorder()
		metrics.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
		var lines []string
		for line := range strings.Lines(rec.Body.String()) {
			if strings.HasPrefix(line, telemetry.MetricExpiry) {
				lines = append(lines, strings.TrimSpace(line))
			}
		}
		return strings.Join(lines, " ")
	}
	const token = telemetry.MetricExpiry + `{kind="api_token"} 1.8e+09`
	for _, c := range []struct {
		name, want string
		next       ending
	}{
		{"no token", "", ending{}},
		{"a token", token, ending{at: time.Unix(1_800_000_000, 0)}},
		{"the database is away: what is known stays", token, ending{err: errors.New("example")}},
		{"the last one was revoked", "", ending{}},
	} {
		*tokens = c.next
		if got := shown(); got != c.want {
			t.Errorf("%s: %q", c.name, got)
		}
	}
	if strings.Count(log.String(), "API token ends next") != 1 {
		t.Error(log.String())
	}
	e.certificate = filepath.Join(t.TempDir(), "tls.crt")
	if got := shown(); got != "" || !strings.Contains(log.String(), "TLS certificate ends") {
		t.Errorf("%q: %s", got, log)
	}
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	if err := os.WriteFile(e.certificate, certificatePEM(server), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, want := shown(), telemetry.MetricExpiry+`{kind="tls_certificate"} `; !strings.HasPrefix(got, want) {
		t.Errorf("%q", got)
	}
}

func certificatePEM(server *httptest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}
