package simulator

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// maxWebhookLatency leaves the handler that waits time for the delivery itself.
const maxWebhookLatency = 30 * time.Second

// WebhookFaults is how a tenant's webhooks go wrong on their way. The zero value is none.
type WebhookFaults struct {
	// Drop sends nothing, and wins over Duplicate.
	Drop bool `json:"drop,omitempty"`
	// Duplicate sends each twice.
	Duplicate bool `json:"duplicate,omitempty"`
	// Unescaped fills in the payload as the server's templates do: a quotation mark breaks the JSON.
	Unescaped bool `json:"unescaped,omitempty"`
	// LatencyMS delays the sending, in milliseconds; the payload is dated afterwards.
	LatencyMS int `json:"latency_ms,omitempty"`
}

// Validate says what is wrong with f.
func (f WebhookFaults) Validate() error {
	if f.LatencyMS < 0 || f.latency() > maxWebhookLatency {
		return fmt.Errorf("latency_ms: use 0 to %d", maxWebhookLatency.Milliseconds())
	}
	return nil
}

func (f WebhookFaults) latency() time.Duration { return time.Duration(f.LatencyMS) * time.Millisecond }

// copies also asks the fake server, whose faults can be limited in number.
func (f WebhookFaults) copies(sdp *servicedesktest.Server) int {
	switch {
	case f.Drop:
		return 0
	case f.Duplicate:
		return 2
	default:
		return sdp.WebhookCopies()
	}
}

func (f WebhookFaults) wait(ctx context.Context) error {
	if f.LatencyMS == 0 {
		return nil
	}
	timer := time.NewTimer(f.latency())
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// faultsHandler shows (GET) and replaces (PUT) the faults that get and set reach; {} clears them.
func faultsHandler[T any](get func() T, set func(T) error) func(http.ResponseWriter, *http.Request) error {
	return func(rw http.ResponseWriter, r *http.Request) error {
		if r.Method == http.MethodPut {
			var f T
			if err := readJSON(rw, r, &f); err != nil {
				return err
			}
			if err := set(f); err != nil {
				return refuse(http.StatusBadRequest, "these faults cannot be set: %v", err)
			}
		}
		writeJSON(rw, http.StatusOK, get())
		return nil
	}
}
