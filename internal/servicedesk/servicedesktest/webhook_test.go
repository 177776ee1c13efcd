package servicedesktest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

func TestWebhooks(t *testing.T) {
	t.Parallel()
	// HMAC-SHA256 of the payload under the key, computed with another implementation.
	const (
		payload = `{"request":{"id":"101"}}`
		secret  = "example-secret"
		wantHex = "303987f96e3e510c95727bc560348e25fcc6f8b033d78d62d6ebe33b8f47b4f1"
		wantB64 = "MDmH+W4+UQyVcnvFYDSOJfzG+LAz141i1uvjO49HtPE="
		target  = "https://gateway.example.com/webhook/servicedesk"
	)
	ctx := t.Context()
	tests := map[string]struct {
		build        func() (*http.Request, error)
		header, want string
	}{
		"unsigned": {func() (*http.Request, error) {
			return servicedesktest.UnsignedWebhook(ctx, target, []byte(payload))
		}, servicedesktest.HeaderSignature, ""},
		"static header": {func() (*http.Request, error) {
			return servicedesktest.StaticHeaderWebhook(ctx, target, secret, []byte(payload))
		}, servicedesktest.HeaderSecret, secret},
		"hex": {func() (*http.Request, error) {
			return servicedesktest.SignedHexWebhook(ctx, target, secret, []byte(payload))
		}, servicedesktest.HeaderSignature, wantHex},
		"prefixed hex": {func() (*http.Request, error) {
			return servicedesktest.SignedPrefixedHexWebhook(ctx, target, secret, []byte(payload))
		}, servicedesktest.HeaderSignature, "sha256=" + wantHex},
		"base64": {func() (*http.Request, error) {
			return servicedesktest.SignedBase64Webhook(ctx, target, secret, []byte(payload))
		}, servicedesktest.HeaderSignature, wantB64},
	}
	for name, tt := range tests {
		req, err := tt.build()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(req.Body)
		if err != nil || string(body) != payload || req.Method != http.MethodPost || req.URL.String() != target {
			t.Errorf("%s: %s %s %s, %v", name, req.Method, req.URL, body, err)
		}
		if got := req.Header.Get(tt.header); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
		if !strings.HasPrefix(req.Header.Get("Content-Type"), "application/json") {
			t.Errorf("%s: Content-Type %q", name, req.Header.Get("Content-Type"))
		}
	}
	if _, err := servicedesktest.SignedHexWebhook(ctx, "://", secret, nil); err == nil {
		t.Error("a broken URL was accepted")
	}
}

func TestWebhookPayloads(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileCloud)
	id := b.fake.AddRequest(servicedesktest.Request{Subject: `Drucker "Süd" druckt nicht`, Description: "<p>x</p>", Status: "Open"})
	ticket := b.fake.Requests()[0]
	template := `{"ticket_id":"$RequestId","subject":"$Subject","status":"$Status"}`
	naive := servicedesktest.TemplatePayload(template, ticket)
	if json.Valid(naive) || !strings.Contains(string(naive), `"ticket_id":"`+id+`"`) {
		t.Errorf("a template escapes: %s", naive)
	}
	ticket.Subject = "plain"
	if naive = servicedesktest.TemplatePayload(template, ticket); !json.Valid(naive) {
		t.Errorf("got %s", naive)
	}
	complete, err := b.fake.CompletePayload(id)
	if err != nil || !json.Valid(complete) || !strings.Contains(string(complete), `Süd`) || !strings.HasPrefix(string(complete), `{"request":{`) {
		t.Errorf("got %s, %v", complete, err)
	}
	if _, err := b.fake.CompletePayload("1"); err == nil {
		t.Error("a payload for no ticket")
	}
}
