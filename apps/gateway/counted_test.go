package main

import (
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

// Whom a sender claims to be makes no series: else anybody could make as many as he likes.
func TestOnlyWhoIsProvenIsCountedByName(t *testing.T) {
	f := newFixture(t)
	send := func(tenantID, secret, ticketID string) int {
		t.Helper()
		body := payload(t, map[string]any{"tenant_id": tenantID, "ticket_id": ticketID})
		rec, _, _ := f.send(t, body, webhook.Sign(secret, body))
		return rec.Code
	}
	right := tenantstoretest.SigningSecret("alpha")
	for _, c := range []struct {
		tenantID, secret, ticketID string
		want                       int
	}{
		{"alpha", right, "1", 202},
		{"alpha", right, "not a ticket id!", 400},
		{"alpha", "not-the-secret-of-alpha", "1", 401},
		{"nobody-knows-it", right, "1", 401},
		{"../etc", right, "1", 400},
	} {
		if got := send(c.tenantID, c.secret, c.ticketID); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
	metrics := f.metricsText(t)
	for _, want := range []string{
		`{code="202",tenant_id="alpha"} 1`, `{code="400",tenant_id="alpha"} 1`, `{code="401",tenant_id=""} 2`, `{code="400",tenant_id=""} 1`,
	} {
		if !strings.Contains(metrics, telemetry.MetricWebhooks+want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if strings.Contains(metrics, "nobody-knows-it") || strings.Count(metrics, telemetry.MetricWebhooks+"{") != 4 {
		t.Errorf("who is not proven makes a series:\n%s", metrics)
	}
}
