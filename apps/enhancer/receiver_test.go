package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/httpserver"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// queue stands in for the ledger.
type queue struct {
	status enhancement.Status
	err    error
}

func (q queue) Queued(context.Context, string, string) (ledger.Found, error) {
	return ledger.Found{Status: q.status, Run: 1}, q.err
}

const delivered = `{"specversion":"1.0","type":"com.dapr.event.sent","data":{"job_id":"9f8b6979-8851-86b3-9a47-07088f6081d1","tenant_id":"alpha","ticket_id":"1"}}`

// deliver also tells which tenants the dispatcher was woken for.
func deliver(t *testing.T, ledger queuer, token, body string) (code int, got sidecar.Delivery, woken []string) {
	t.Helper()
	jobs := &receiver{ledger: ledger, wake: func(tenantID string) { woken = append(woken, tenantID) }, logger: slog.New(slog.DiscardHandler)}
	handler := routes(map[string]http.Handler{event.RouteEnhancement: jobs.handler()}, http.NotFoundHandler(), "example-token",
		httpserver.NewHealth(slog.New(slog.DiscardHandler), nil), telemetry.NewMetrics())
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, event.RouteEnhancement, strings.NewReader(body))
	req.Header.Set("Dapr-Api-Token", token)
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, req)
	var answer struct {
		Status sidecar.Delivery `json:"status"`
	}
	if rec.Code == http.StatusOK {
		if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
	}
	return rec.Code, answer.Status, woken
}

// Whatever the engine is up to, a message is done with when the ledger knows of it.
func TestReceiver(t *testing.T) {
	waits := queue{status: enhancement.StatusPending}
	for name, c := range map[string]struct {
		ledger queue
		body   string
		want   sidecar.Delivery
		woken  int
	}{
		"new job":                {waits, delivered, sidecar.DeliveryDone, 1},
		"under way":              {queue{status: enhancement.StatusRunning}, delivered, sidecar.DeliveryDone, 0},
		"done before":            {queue{status: enhancement.StatusCompleted}, delivered, sidecar.DeliveryDone, 0},
		"failed before":          {queue{status: enhancement.StatusFailed}, delivered, sidecar.DeliveryDone, 0},
		"withdrawn":              {queue{err: enhancement.ErrNotFound}, delivered, sidecar.DeliveryDrop, 0},
		"database down":          {queue{err: errors.New("example")}, delivered, sidecar.DeliveryAgain, 0},
		"not JSON":               {waits, "<", sidecar.DeliveryDrop, 0},
		"an id that is none":     {waits, `{"data":{"job_id":"j","tenant_id":"alpha\u0000","ticket_id":"1"}}`, sidecar.DeliveryDrop, 0},
		"without a job":          {waits, `{"data":{"tenant_id":"alpha"}}`, sidecar.DeliveryDrop, 0},
		"data of the wrong type": {waits, `{"data":"text"}`, sidecar.DeliveryDrop, 0},
	} {
		t.Run(name, func(t *testing.T) {
			code, got, woken := deliver(t, c.ledger, "example-token", c.body)
			if code != http.StatusOK || got != c.want || len(woken) != c.woken {
				t.Errorf("%d %s, woken for %v; want %s, %d times", code, got, woken, c.want, c.woken)
			}
			if c.woken == 1 && woken[0] != "alpha" {
				t.Errorf("woken for %q", woken[0])
			}
		})
	}
}

// A tenant's own enhancer works for nobody else, whatever is put on its topic.
func TestAMessageOfAnotherTenant(t *testing.T) {
	for own, want := range map[string]struct {
		delivery sidecar.Delivery
		woken    int
	}{"alpha": {sidecar.DeliveryDone, 1}, "beta": {sidecar.DeliveryDrop, 0}} {
		woken := 0
		jobs := &receiver{
			enhancer: own, ledger: queue{status: enhancement.StatusPending}, wake: func(string) { woken++ }, logger: slog.New(slog.DiscardHandler),
		}
		got := jobs.receive(t.Context(), event.EnhancementRequested{JobID: "9f8b6979-8851-86b3-9a47-07088f6081d1", TenantID: "alpha", TicketID: "1"})
		if got != want.delivery || woken != want.woken {
			t.Errorf("%s's enhancer: %s, woken %d times", own, got, woken)
		}
	}
}

func TestOnlyTheSidecarDelivers(t *testing.T) {
	for _, token := range []string{"", "wrong"} {
		code, _, woken := deliver(t, queue{status: enhancement.StatusPending}, token, delivered)
		if code != http.StatusUnauthorized || len(woken) != 0 {
			t.Errorf("token %q: %d, woken for %v", token, code, woken)
		}
	}
}
