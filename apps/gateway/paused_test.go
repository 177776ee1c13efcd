package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/suspension"
	"github.com/ai-agents/ai-agents/internal/suspension/suspensiontest"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

// A sender of a tenant whose intake is paused is told when to come back, and leaves no trace. Others learn nothing: neither who has
// not proven to be that tenant, nor the neighbour.
func TestIntakeThatIsPaused(t *testing.T) {
	f := newFixture(t)
	suspensiontest.Pause(t, f.store.ConsoleDB, "alpha", suspension.Intake)
	for i := range 2 {
		rec := f.sendAs(t, "alpha", 1)
		if rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Retry-After") != "60" || !strings.Contains(rec.Body.String(), "intake is paused") {
			t.Errorf("try %d: %d, Retry-After %q: %s", i, rec.Code, rec.Header().Get("Retry-After"), rec.Body)
		}
	}
	if n := ledgerRows(t, f.store); n != 0 || len(f.queue.events) != 0 {
		t.Errorf("%d jobs, %d messages", n, len(f.queue.events))
	}
	if metrics := f.metricsText(t); !strings.Contains(metrics, "webhook_paused_total 2") {
		t.Error("the metrics do not say that two were refused on purpose")
	}
	if rec := f.sendAs(t, "beta", 1); rec.Code != http.StatusAccepted {
		t.Errorf("the neighbour: %d %s", rec.Code, rec.Body)
	}
	unproven := func(tenantID string) string {
		body := payload(t, map[string]any{"tenant_id": tenantID})
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, routeWebhook, bytes.NewReader(body))
		req.Header.Set(webhook.SignatureHeader, webhook.Sign("not-the-secret", body))
		rec := httptest.NewRecorder()
		f.handler.ServeHTTP(rec, req)
		return rec.Result().Status + rec.Header().Get("Retry-After") + rec.Body.String()
	}
	if paused, other := unproven("alpha"), unproven("beta"); paused != other || !strings.HasPrefix(paused, "401") {
		t.Errorf("who has proven nothing is told %s, and of the neighbour %s", paused, other)
	}
	suspensiontest.Resume(t, f.store.ConsoleDB, "alpha", suspension.Intake)
	fresh := newReplica(t, f.store) // which remembers nothing of the pause
	if rec := fresh.sendAs(t, "alpha", 1); rec.Code != http.StatusAccepted {
		t.Errorf("after the pause: %d %s", rec.Code, rec.Body)
	}
}
