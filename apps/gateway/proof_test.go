package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger/ledgertest"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

const newSecret = "the-new-secret-of-alpha"

func (f *fixture) metricsText(t *testing.T) string {
	t.Helper()
	rec := httptest.NewRecorder()
	f.door.metrics.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	return rec.Body.String()
}

func TestThePreviousSecretIsTakenForAWhile(t *testing.T) {
	f := newFixture(t)
	old := tenantstoretest.SigningSecret("alpha")
	send := func(secret, ticketID string) int {
		t.Helper()
		body := payload(t, map[string]any{"ticket_id": ticketID})
		rec, _, _ := f.send(t, body, webhook.Sign(secret, body))
		return rec.Code
	}
	f.rotate(t, "alpha", newSecret, time.Hour)
	if fresh, before := send(newSecret, "1"), send(old, "2"); fresh != 202 || before != 202 {
		t.Errorf("during the overlap, the new secret is answered %d and the old one %d", fresh, before)
	}
	for range 3 {
		send(old, "2")
	}
	if log := f.log.String(); strings.Count(log, reasonPrevious) != 1 || strings.Contains(log, old) {
		t.Errorf("told %d times that the previous secret is in use, want once: %s", strings.Count(log, reasonPrevious), log)
	}
	if len(f.trail.events) != 1 || f.trail.events[0].Operation != audit.OperationWebhookPreviousSecret ||
		f.trail.events[0].TenantID != "alpha" || f.trail.events[0].Status != audit.StatusOK {
		t.Errorf("entries in the audit log: %+v", f.trail.events)
	}
	if want := `webhook_previous_secret_total{tenant_id="alpha"} 4`; !strings.Contains(f.metricsText(t), want) {
		t.Errorf("the metrics lack %s", want)
	}
	f.rotate(t, "alpha", "one-more-secret-of-alpha", 0)
	if fresh, before := send("one-more-secret-of-alpha", "3"), send(newSecret, "4"); fresh != 202 || before != 401 {
		t.Errorf("without an overlap, the new secret is answered %d and the old one %d", fresh, before)
	}
	if code := send(old, "5"); code != 401 {
		t.Errorf("the one before the previous is answered %d", code)
	}
}

// sendStatic posts a hint, with the secret as it is.
func (f *fixture) sendStatic(t *testing.T, secret string, change map[string]any) (*httptest.ResponseRecorder, accepted) {
	t.Helper()
	fields := map[string]any{"tenant_id": "alpha", "ticket_id": "1001"}
	maps.Copy(fields, change)
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, routeWebhook, bytes.NewReader(body))
	req.Header.Set(webhook.SecretHeader, secret)
	rec := f.serve(req)
	var a accepted
	if rec.Code == http.StatusAccepted {
		if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
	}
	return rec, a
}

func TestOfAStaticSecretsBodyOnlyTheEventIsBelieved(t *testing.T) {
	f := newFixture(t)
	f.change(t, "alpha", tenant.Preferences{WebhookAuth: tenant.AuthStatic})
	secret := tenantstoretest.SigningSecret("alpha")
	rec, got := f.sendStatic(t, secret, map[string]any{"subject": "forged", "description": strings.Repeat("x", 20_000), "priority": 7})
	if rec.Code != http.StatusAccepted {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	job, err := f.ledger.Job(t.Context(), "alpha", got.JobID)
	if err != nil || !job.Refetch || job.Ticket.ID != "1001" || job.Ticket.Subject+job.Ticket.Description+job.Ticket.Priority != "" {
		t.Errorf("the ledger has %+v, %v", job, err)
	}
	if e := f.queue.events[0]; e.JobID != got.JobID || e.Description != "" || e.Priority != "" {
		t.Errorf("event %+v", e)
	}
	if _, again := f.sendStatic(t, secret, nil); again != got {
		t.Errorf("the same ticket again: %+v, first %+v", again, got)
	}
	for name, c := range map[string]struct {
		change map[string]any
		status int
	}{
		"without a timestamp": {nil, 202},
		"fresh":               {map[string]any{"timestamp": time.Now().UTC().Format(time.RFC3339)}, 202},
		"stale":               {map[string]any{"timestamp": time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)}, 401},
		"no timestamp":        {map[string]any{"timestamp": "yesterday"}, 400},
		"no ticket":           {map[string]any{"ticket_id": nil}, 400},
		"another event":       {map[string]any{"event": "deleted"}, 400},
		"a misspelt field":    {map[string]any{"evnt": "updated"}, 400},
	} {
		if rec, _ := f.sendStatic(t, secret, c.change); rec.Code != c.status {
			t.Errorf("%s: %d %s, want %d", name, rec.Code, rec.Body, c.status)
		}
	}
}

func TestUpdatesByAStaticSecret(t *testing.T) {
	f := newFixture(t)
	f.change(t, "alpha", tenant.Preferences{WebhookAuth: tenant.AuthStatic, WebhooksPerMinute: 3})
	secret, update := tenantstoretest.SigningSecret("alpha"), map[string]any{"event": "updated"}
	_, first := f.sendStatic(t, secret, update)
	for range 10 { // a recorded request, sent again and again, is one job as long as that waits
		if rec, again := f.sendStatic(t, secret, update); again != first {
			t.Fatalf("again: %d %s, first %+v", rec.Code, rec.Body, first)
		}
	}
	if n := ledgerRows(t, f.store); n != 1 {
		t.Errorf("%d rows in the ledger, want 1", n)
	}
	if log := f.log.String(); strings.Count(log, first.JobID) < 11 {
		t.Error("the log does not name the job that does the work")
	}
	// And when it has begun: the same request, were it honest, says that the ticket has changed since.
	for n, want := range []int{202, 202, 429} {
		if _, err := ledgertest.Claim(t.Context(), f.ledger, "alpha", first.JobID); err != nil {
			t.Fatal(err)
		}
		rec, next := f.sendStatic(t, secret, update)
		if rec.Code != want || next.JobID == first.JobID {
			t.Errorf("update %d after the begin: %d %+v, want %d", n, rec.Code, next, want)
		}
		first = next
		if want != 202 {
			break
		}
	}
}

func TestAPublishThatFailsTakesAnUpdateBack(t *testing.T) {
	f := newFixture(t)
	f.change(t, "alpha", tenant.Preferences{WebhookAuth: tenant.AuthStatic})
	f.queue.before = func(event.EnhancementRequested) error { return errors.New("example: connection refused") }
	rec, _ := f.sendStatic(t, tenantstoretest.SigningSecret("alpha"), map[string]any{"event": "updated"})
	if rec.Code != http.StatusServiceUnavailable || ledgerRows(t, f.store) != 0 {
		t.Errorf("%d %s, %d rows left", rec.Code, rec.Body, ledgerRows(t, f.store))
	}
}

// A tenant has one way to prove a webhook, and what is right by the other is as wrong as anything.
func TestThereIsNoOtherWay(t *testing.T) {
	f := newFixture(t)
	f.change(t, "beta", tenant.Preferences{WebhookAuth: tenant.AuthStatic})
	for _, c := range []struct {
		tenantID        string
		signed, showing bool
		want            int
	}{
		{"alpha", true, false, 202},
		{"alpha", false, true, 401},
		{"alpha", true, true, 202},
		{"alpha", false, false, 401},
		{"beta", true, false, 401},
		{"beta", false, true, 202},
		{"beta", true, true, 202},
		{"beta", false, false, 401},
	} {
		req := request(t, "192.0.2.1", c.tenantID, map[bool]string{true: c.tenantID, false: "nobody"}[c.signed])
		if c.showing {
			req.Header.Set(webhook.SecretHeader, tenantstoretest.SigningSecret(c.tenantID))
		}
		rec := f.serve(req)
		if rec.Code != c.want {
			t.Errorf("%+v: %d %s", c, rec.Code, rec.Body)
		}
	}
	job := enhancement.NewRefetch("alpha", enhancement.EventCreated, "1001", "")
	if j, err := f.ledger.Job(t.Context(), "alpha", job.ID); err != nil || j.Refetch || j.Ticket.Description != "It is on fire" {
		t.Errorf("a signed webhook that also shows the secret is less believed: %+v, %v", j, err)
	}
	for _, secret := range []string{tenantstoretest.SigningSecret("beta"), "", " ", webhook.Sign(tenantstoretest.SigningSecret("alpha"), nil)} {
		if rec, _ := f.sendStatic(t, secret, nil); rec.Code != http.StatusUnauthorized {
			t.Errorf("with %q: %d", secret, rec.Code)
		}
	}
	if log := f.log.String(); !strings.Contains(log, reasonWay) || strings.Contains(log, tenantstoretest.SigningSecret("alpha")) {
		t.Errorf("log: %s", log)
	}
}

func TestThePreviousStaticSecretIsTakenToo(t *testing.T) {
	f := newFixture(t)
	f.change(t, "alpha", tenant.Preferences{WebhookAuth: tenant.AuthStatic})
	f.rotate(t, "alpha", newSecret, time.Hour)
	for _, secret := range []string{newSecret, tenantstoretest.SigningSecret("alpha")} {
		if rec, _ := f.sendStatic(t, secret, nil); rec.Code != http.StatusAccepted {
			t.Errorf("%q: %d %s", secret, rec.Code, rec.Body)
		}
	}
	if len(f.trail.events) != 1 || f.trail.events[0].Operation != audit.OperationWebhookPreviousSecret {
		t.Errorf("entries in the audit log: %+v", f.trail.events)
	}
}

func TestLongDescriptions(t *testing.T) {
	f := newFixture(t)
	long := "<p>" + strings.Repeat("é", 10_500) + "</p>"
	if rec, _, wrong := f.sendSigned(t, payload(t, map[string]any{"description": long})); rec.Code != http.StatusBadRequest || wrong.Errors[0].Field != "description" {
		t.Errorf("by default: %d %+v", rec.Code, wrong)
	}
	f.change(t, "alpha", tenant.Preferences{LongDescriptions: tenant.LongTruncated})
	rec, got, _ := f.sendSigned(t, payload(t, map[string]any{"description": long}))
	if rec.Code != http.StatusAccepted {
		t.Fatalf("cut: %d %s", rec.Code, rec.Body)
	}
	job, err := f.ledger.Job(t.Context(), "alpha", got.JobID)
	if err != nil || len([]rune(job.Ticket.Description)) > 10_000 || !strings.HasSuffix(job.Ticket.Description, "é\n[… cut: 531 more characters]") {
		t.Errorf("%d characters, %v: …%q", len([]rune(job.Ticket.Description)), err, job.Ticket.Description[len(job.Ticket.Description)-50:])
	}
	if rec, _, _ := f.sendSigned(t, payload(t, map[string]any{"description": strings.Repeat("x", 300<<10)})); rec.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a body that is too large is answered %d", rec.Code)
	}
}
