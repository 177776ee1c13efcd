package e2e_test

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

func TestWebhooksThatAreRefused(t *testing.T) {
	t.Parallel()
	onboard(t, "e2e-door-a", servicedesk.ProfileOnPrem)
	onboard(t, "e2e-door-b", servicedesk.ProfileOnPrem)
	valid := func(change map[string]any) map[string]any {
		fields := map[string]any{"tenant_id": "e2e-door-a", "ticket_id": "1", "description": "example", "priority": "Low"}
		maps.Copy(fields, change)
		return fields
	}
	for name, c := range map[string]struct {
		signer string
		fields map[string]any
		status int
		says   string
	}{
		"unsigned":                 {"", valid(nil), http.StatusUnauthorized, "signature"},
		"signed by another tenant": {"e2e-door-b", valid(nil), http.StatusUnauthorized, "signature"},
		"unknown tenant":           {"e2e-door-a", valid(map[string]any{"tenant_id": "e2e-nobody"}), http.StatusUnauthorized, "signature"},
		"old":                      {"e2e-door-a", valid(map[string]any{"timestamp": time.Now().Add(-time.Hour).Format(time.RFC3339)}), http.StatusUnauthorized, "clock"},
		"invalid":                  {"e2e-door-a", valid(map[string]any{"ticket_id": 7}), http.StatusBadRequest, `"ticket_id"`},
		"too long":                 {"e2e-door-a", valid(map[string]any{"description": strings.Repeat("x", 10_001)}), http.StatusBadRequest, "10000"},
		"far too long":             {"e2e-door-a", valid(map[string]any{"description": strings.Repeat("x", 1<<20)}), http.StatusRequestEntityTooLarge, "too large"},
	} {
		status, body, err := users.SendWebhook(t.Context(), c.signer, c.fields)
		if err != nil || status != c.status || !strings.Contains(string(body), c.says) {
			t.Errorf("%s: %d %s, %v; want %d about %q", name, status, body, err, c.status, c.says)
		}
	}
}

func TestATenantOverItsLimit(t *testing.T) {
	t.Parallel()
	const limited, neighbour, limit = "e2e-limited", "e2e-unlimited", 3
	onboard(t, neighbour, servicedesk.ProfileOnPrem)
	c := client(limited, servicedesk.ProfileOnPrem)
	c.WebhooksPerMinute = limit
	if err := users.Onboard(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	send := func(tenantID string, ticket, want int, says string) {
		t.Helper()
		status, body, err := users.SendWebhook(t.Context(), tenantID, map[string]any{
			"tenant_id": tenantID, "ticket_id": strconv.Itoa(1000 + ticket), "description": "example",
		})
		if err != nil || status != want || !strings.Contains(string(body), says) {
			t.Errorf("ticket %d of %s: %d %s, %v; want %d about %q", ticket, tenantID, status, body, err, want, says)
		}
	}
	for ticket := range limit {
		send(limited, ticket, http.StatusAccepted, "job_id")
	}
	for ticket := range limit {
		send(limited, limit+ticket, http.StatusTooManyRequests, "3 webhooks in a minute")
		send(limited, ticket, http.StatusAccepted, "job_id") // known
		send(neighbour, ticket, http.StatusAccepted, "job_id")
	}
}

func TestEverySignatureFormIsTaken(t *testing.T) {
	t.Parallel()
	onboard(t, "e2e-forms", servicedesk.ProfileOnPrem)
	for _, emit := range []simulator.Emit{simulator.EmitHex, simulator.EmitHexPrefixed, simulator.EmitBase64} {
		o, err := users.OpenTicket(t.Context(), "e2e-forms",
			simulator.NewTicket{Subject: exampleSubject, Description: exampleText, Priority: "High"}, emit)
		if err != nil || o.Status != http.StatusAccepted {
			t.Fatalf("%s: %d %s, %v", emit, o.Status, o.Body, err)
		}
		job, ticket := await(t, "e2e-forms", o.Accepted.JobID)
		noted(t, job, ticket)
	}
}

// The sidecar's route is nothing for anybody else, on either of the enhancer's doors.
func TestTheQueueCannotBeBypassed(t *testing.T) {
	t.Parallel()
	body := `{"data":{"job_id":"a","tenant_id":"b","ticket_id":"1"}}`
	for url, want := range map[string]int{
		running.InternalURL("enhancer") + "/events/enhancement": http.StatusUnauthorized,
		running.GatewayURL() + "/events/enhancement":            http.StatusNotFound,
		running.GatewayURL() + "/metrics":                       http.StatusNotFound,
		running.GatewayURL() + "/readyz":                        http.StatusNotFound,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", url, resp.StatusCode, want)
		}
	}
}
