package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

func TestATestWebhookIsSignedAndSent(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	rec := w.call(http.MethodPost, "/tenants/alpha/test-webhook", adminapi.TestWebhook{TicketID: "20501", Description: "VPN drops"})
	accepted := read[adminapi.AcceptedWebhook](t, rec, http.StatusAccepted)
	if accepted.Status != enhancement.StatusPending || accepted.JobID == "" {
		t.Errorf("accepted %+v", accepted)
	}
	body, sent := w.gateway.bodies[0], w.gateway.received[0]
	if err := webhook.Verify("signing-secret-of-alpha", body, sent.Header.Get(webhook.SignatureHeader)); err != nil {
		t.Error(err)
	}
	message, err := webhook.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := message.Payload(tenant.Preferences{})
	if err != nil || payload.TenantID != "alpha" || payload.Ticket.ID != "20501" || payload.Event != enhancement.EventCreated || !payload.Fresh(time.Now(), time.Minute) {
		t.Errorf("payload %+v, %v", payload, err)
	}
	if sent.URL.Path != "/webhook/servicedesk" || sent.Header.Get(adminapi.HeaderCorrelation) != rec.Header().Get(adminapi.HeaderCorrelation) {
		t.Errorf("sent to %s with %v", sent.URL, sent.Header)
	}
	if e := w.entries(audit.Query{Operation: audit.OperationWebhookTest})[0]; e.Target != "20501" || e.Status != audit.StatusOK {
		t.Errorf("entry %+v", e)
	}
}

func TestWhatTheGatewayRefusesIsPassedOn(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	ask := adminapi.TestWebhook{TicketID: "1", Description: "d"}
	send := func() (int, string) {
		rec := w.call(http.MethodPost, "/tenants/alpha/test-webhook", ask)
		refused(t, rec, rec.Code)
		return rec.Code, rec.Body.String()
	}
	for _, c := range []struct {
		status int
		answer string
		want   int
		says   string
	}{
		{401, `{"detail":"the signature does not match"}`, 409, "the signature does not match"},
		{429, `{"detail":"your tenant's limit is 100"}`, 409, "limit is 100"},
		{400, `{"detail":"not valid","errors":[{"field":"ticket_id","problem":"is odd"}]}`, 409, "is odd"},
		{503, `{"detail":"the queue is unavailable"}`, 502, "the queue is unavailable"},
		{404, `<html>`, 502, "no reason given"},
		{202, `<html>`, 502, "cannot be read"},
	} {
		w.gateway.status, w.gateway.answer = c.status, c.answer
		if code, body := send(); code != c.want || !strings.Contains(body, c.says) {
			t.Errorf("%d %s: %d %s", c.status, c.answer, code, body)
		}
	}
	if e := w.entries(audit.Query{Operation: audit.OperationWebhookTest})[0]; e.Status != audit.StatusFailed {
		t.Errorf("entry %+v", e)
	}
	w.gateway.Close()
	if code, body := send(); code != http.StatusBadGateway || !strings.Contains(body, "GATEWAY_URL") {
		t.Errorf("without a gateway: %d %s", code, body)
	}
	w.call(http.MethodPost, "/tenants/alpha/disable", nil)
	if code, body := send(); code != http.StatusConflict || !strings.Contains(body, "enable it first") {
		t.Errorf("a disabled tenant: %d %s", code, body)
	}
	refused(t, w.call(http.MethodPost, "/tenants/alpha/test-webhook", adminapi.TestWebhook{TicketID: "x", Description: "d"}),
		http.StatusUnprocessableEntity, "body.ticket_id")
}

func TestAConnectionIsTriedForADisabledTenantToo(t *testing.T) {
	w := newWorld(t)
	w.create("alpha")
	w.call(http.MethodPost, "/tenants/alpha/disable", nil)
	tested := read[adminapi.ConnectionTest](t, w.call(http.MethodPost, "/tenants/alpha/connection-test", nil), http.StatusOK)
	if tested.ServiceDesk.Outcome != adminapi.ProbeOK || tested.Knowledge.Outcome != adminapi.ProbeFailed ||
		tested.Knowledge.Detail == "" || tested.LLM.Outcome != adminapi.ProbeNotConfigured {
		t.Errorf("%+v", tested)
	}
	if e := w.entries(audit.Query{Operation: audit.OperationConnectionTest})[0]; e.Detail["servicedesk"] != "ok" || e.Detail["kb"] != "failed" {
		t.Errorf("entry %+v", e)
	}
	refused(t, w.call(http.MethodPost, "/tenants/beta/connection-test", nil), http.StatusNotFound)
}
