package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/ai-agents/ai-agents/internal/webhook"
)

// A test webhook may carry a tenant's secret: it goes to the gateway and nowhere else.
func TestATestWebhookGoesNowhereElse(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a redirect was followed, with %v", r.Header)
	}))
	defer elsewhere.Close()
	client := newGatewayClient()
	for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		gateway := httptest.NewServer(http.RedirectHandler(elsewhere.URL, status))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, gateway.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(webhook.SecretHeader, "example")
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("%d became %d", status, resp.StatusCode)
		}
		gateway.Close()
	}
	// The environment's proxy cannot be tried here: it is never asked about loopback, and read once.
	if transport, ok := client.Transport.(*http.Transport); !ok || transport.Proxy != nil {
		t.Error("a proxy is used")
	}
}
