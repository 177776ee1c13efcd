package simulator_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/simulator"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

func TestWebhooksAreWhatTheGatewayExpects(t *testing.T) {
	t.Parallel()
	const description = "Line one with \"quotes\" & <tags>\nline two: naïve 漢字"
	for _, c := range []struct {
		tenant, emit string
		form         func(signature string) bool
	}{
		{onPrem, "", isHex},
		{onPrem, "hex", isHex},
		{onPrem, "hex-prefixed", func(s string) bool { return isHex(strings.TrimPrefix(s, "sha256=")) && !isHex(s) }},
		{onPrem, "base64", isBase64},
		{cloud, "", isBase64},
		{cloud, "hex", isHex},
	} {
		t.Run(c.tenant+" "+c.emit, func(t *testing.T) {
			t.Parallel()
			r := start(t)
			e := r.open(c.tenant, map[string]any{
				"subject": "Printer", "description": description, "priority": "High", "emit": c.emit,
			})
			if e.Webhook == nil || e.Webhook.Status != http.StatusAccepted || !strings.Contains(e.Webhook.Body, "job-1") {
				t.Fatalf("the caller is told %+v", e.Webhook)
			}
			got := r.gateway.take()
			if len(got) != 1 || got[0].path != "/webhook/servicedesk" {
				t.Fatalf("the gateway got %d webhooks: %+v", len(got), got)
			}
			signature := got[0].header.Get(webhook.SignatureHeader)
			if err := webhook.Verify(testKeys().SigningSecret(c.tenant), got[0].body, signature); err != nil || !c.form(signature) {
				t.Errorf("signature %q: %v", signature, err)
			}
			p := parse(t, got[0].body)
			if p.TenantID != c.tenant || p.Ticket.ID != e.TicketID || p.Ticket.Description != description ||
				p.Ticket.Subject != "Printer" || p.Ticket.Priority != "High" || p.Event != "created" {
				t.Errorf("the payload says %+v", p)
			}
			if !p.Fresh(time.Now(), time.Minute) {
				t.Errorf("the payload is dated %s", p.Timestamp)
			}
		})
	}
}

func TestWebhooksThatNobodyCanVerify(t *testing.T) {
	t.Parallel()
	r := start(t)
	secret := testKeys().SigningSecret(onPrem)
	for emit, static := range map[string]string{"unsigned": "", "static-header": secret} {
		r.open(onPrem, map[string]any{"subject": "Printer", "emit": emit})
		got := r.gateway.take()
		if len(got) != 1 {
			t.Fatalf("%s: the gateway got %d webhooks", emit, len(got))
		}
		if err := webhook.Verify(secret, got[0].body, got[0].header.Get(webhook.SignatureHeader)); err == nil {
			t.Errorf("%s: the signature verifies", emit)
		}
		if have := got[0].header.Get(servicedesktest.HeaderSecret); have != static {
			t.Errorf("%s: the static header is %q, want %q", emit, have, static)
		}
	}
	if e := r.open(onPrem, map[string]any{"subject": "Printer", "emit": "none"}); e.Webhook != nil || len(r.gateway.take()) != 0 {
		t.Errorf("none: sent %+v", e.Webhook)
	}
}

func TestWebhooksCanBeSentAgainAndAfterAChange(t *testing.T) {
	t.Parallel()
	r := start(t)
	e := r.open(onPrem, map[string]any{"subject": "Printer", "description": "No toner", "emit": "none"})
	path := "/api/tenants/" + onPrem + "/tickets/" + e.TicketID
	var again simulator.Emission
	r.do(http.MethodPost, path+"/webhook", `{}`, http.StatusOK, &again)
	if got := parse(t, r.gateway.take()[0].body); got.Event != "created" || got.Ticket.Description != "No toner" ||
		again.Webhook == nil || again.Webhook.Sent != 1 || again.TicketID != e.TicketID || again.PageURL != e.PageURL {
		t.Errorf("sent again %+v, told %+v", got, again)
	}
	var changed simulator.Emission
	r.do(http.MethodPatch, path, `{"description":"Still none","priority":"Urgent"}`, http.StatusOK, &changed)
	if changed.Webhook != nil || len(r.gateway.take()) != 0 {
		t.Error("a change without emit sent a webhook")
	}
	r.do(http.MethodPost, path+"/webhook", `{"event":"updated"}`, http.StatusOK, nil)
	if got := parse(t, r.gateway.take()[0].body); got.Event != "updated" || got.Ticket.Description != "Still none" ||
		got.Ticket.Priority != "Urgent" || got.Ticket.Subject != "Printer" {
		t.Errorf("after the change: %+v", got)
	}
	r.do(http.MethodPatch, path, `{"subject":"Copier","status":"Closed","emit":"hex"}`, http.StatusOK, nil)
	if got := parse(t, r.gateway.take()[0].body); got.Event != "updated" || got.Ticket.Subject != "Copier" {
		t.Errorf("a change with emit: %+v", got)
	}
}

func TestWebhookFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, kind, faults string
		sent               int
	}{
		{"drop", "webhook", `{"drop":true}`, 0},
		{"duplicate", "webhook", `{"duplicate":true}`, 2},
		{"latency", "webhook", `{"latency_ms":30}`, 1},
		{"cleared", "webhook", `{}`, 1},
		{"dropped by the server", "servicedesk", `{"active":[{"kind":"drop_webhook","remaining":1}]}`, 0},
		{"duplicated by the server", "servicedesk", `{"active":[{"kind":"duplicate_webhook","remaining":1}]}`, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := start(t)
			r.do(http.MethodPut, "/api/tenants/"+onPrem+"/faults/"+c.kind, c.faults, http.StatusOK, nil)
			began := time.Now()
			e := r.open(onPrem, map[string]any{"subject": "Printer"})
			if got := r.gateway.take(); len(got) != c.sent || e.Webhook == nil || e.Webhook.Sent != c.sent {
				t.Errorf("the gateway got %d, the caller is told %+v, want %d", len(got), e.Webhook, c.sent)
			}
			if took := time.Since(began); c.name == "latency" && took < 30*time.Millisecond {
				t.Errorf("sent after %s already", took)
			}
		})
	}
}

func TestUnescapedPayloadBreaksAtAQuotationMark(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.do(http.MethodPut, "/api/tenants/"+onPrem+"/faults/webhook", `{"unescaped":true}`, http.StatusOK, nil)
	r.open(onPrem, map[string]any{"subject": "Printer", "description": "No toner"})
	if p := parse(t, r.gateway.take()[0].body); p.Ticket.Description != "No toner" || p.TenantID != onPrem {
		t.Errorf("a harmless text arrives as %+v", p)
	}
	r.open(onPrem, map[string]any{"subject": "Printer", "description": `It says "no toner"`})
	body := r.gateway.take()[0].body
	if _, err := webhook.Parse(body); err == nil {
		t.Errorf("the payload is well-formed: %s", body)
	}
}

func TestAGatewayThatIsDownIsReported(t *testing.T) {
	t.Parallel()
	world := simulator.New(simulator.Options{Keys: testKeys(), GatewayURL: "http://127.0.0.1:1", BaseURL: "http://192.0.2.1"})
	if _, err := world.AddTenant(onPrem, "onprem"); err != nil {
		t.Fatal(err)
	}
	resp := call(t, world, http.MethodPost, "/api/tenants/"+onPrem+"/tickets", `{"subject":"Printer"}`)
	if resp.Code != http.StatusCreated || !strings.Contains(resp.Body.String(), "is it running?") {
		t.Errorf("status %d: %s", resp.Code, resp.Body)
	}
}

func parse(t *testing.T, body []byte) webhook.Payload {
	t.Helper()
	m, err := webhook.Parse(body)
	if err != nil {
		t.Fatalf("webhook.Parse of %s: %v", body, err)
	}
	p, err := m.Payload(tenant.Preferences{})
	if err != nil {
		t.Fatalf("the payload %s: %v", body, err)
	}
	return p
}

func isHex(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

func isBase64(s string) bool {
	raw, err := base64.StdEncoding.DecodeString(s)
	return err == nil && len(raw) == 32
}
