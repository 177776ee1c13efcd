package docs_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

const (
	sampleTenant = "example-clinic"
	sampleSecret = "an example's secret, with 'quotes' and $HOME"
	// maxSkew is the default of WEBHOOK_MAX_SKEW.
	maxSkew = 5 * time.Minute
)

// receiver is a gateway as far as a sender can tell: it judges what arrives with the gateway's own code.
type receiver struct {
	*httptest.Server

	// unavailable is how many of the first webhooks are answered 503, and limited how many after them 429.
	unavailable, limited int

	mu       sync.Mutex
	bodies   []string
	payloads []webhook.Payload
	problems []string
}

func newReceiver(t *testing.T, unavailable int) *receiver {
	t.Helper()
	r := &receiver{unavailable: unavailable}
	r.Server = httptest.NewServer(http.HandlerFunc(r.receive))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) receive(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body, err := io.ReadAll(req.Body)
	if err != nil {
		r.problems = append(r.problems, err.Error())
	}
	r.bodies = append(r.bodies, string(body))
	payload, err := judge(req, body)
	switch {
	case err != nil:
		r.problems = append(r.problems, err.Error())
		http.Error(w, err.Error(), http.StatusUnauthorized)
	case len(r.bodies) <= r.unavailable:
		http.Error(w, "send it again later", http.StatusServiceUnavailable)
	case len(r.bodies) <= r.unavailable+r.limited:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "send it again in 1 s", http.StatusTooManyRequests)
	default:
		r.payloads = append(r.payloads, payload)
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(map[string]string{"job_id": "example-job", "status": "pending"})
	}
}

func judge(req *http.Request, body []byte) (webhook.Payload, error) {
	if err := webhook.Verify(sampleSecret, body, req.Header.Get(webhook.SignatureHeader)); err != nil {
		return webhook.Payload{}, err
	}
	message, err := webhook.Parse(body)
	if err != nil {
		return webhook.Payload{}, err
	}
	return message.Payload(tenant.Preferences{})
}

// taken gives the webhooks that were accepted, after checking that nothing was refused and all are fresh.
func (r *receiver) taken(t *testing.T, want int) []webhook.Payload {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.problems) > 0 {
		const shown = 400
		last := r.bodies[len(r.bodies)-1]
		t.Fatalf("the sample sends what the gateway refuses: %q; the last body begins with %.*s", r.problems, shown, last)
	}
	if len(r.payloads) != want {
		t.Fatalf("%d webhooks were accepted, want %d", len(r.payloads), want)
	}
	for _, p := range r.payloads {
		if p.TenantID != sampleTenant || !p.Fresh(time.Now(), maxSkew) {
			t.Errorf("webhook of tenant %q from %s", p.TenantID, p.Timestamp)
		}
	}
	return r.payloads
}
