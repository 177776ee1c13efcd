package sidecar

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/ai-agents/ai-agents/internal/telemetry/tracing"
)

// Delivery is what becomes of an event that the sidecar delivered, in Dapr's words.
type Delivery string

// The answers to a delivery.
const (
	DeliveryDone  Delivery = "SUCCESS"
	DeliveryAgain Delivery = "RETRY"
	DeliveryDrop  Delivery = "DROP"
)

const (
	// maxEvent bounds a delivered event in bytes: the largest webhook, wrapped.
	maxEvent = 1 << 20
	// deliveryTimeout bounds one delivery, so that a dependency that hangs does not hold up the queue.
	deliveryTimeout = 10 * time.Second
)

// Event is the data of a CloudEvent. What Validate refuses would be refused again, and is dropped.
type Event interface{ Validate() error }

// Receive hands each event that the sidecar delivers to handle, with the sidecar's span as the one in the context. What cannot be read, or is not valid, is dropped.
func Receive[T Event](handle func(ctx context.Context, event T) Delivery, logger *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), deliveryTimeout)
		defer cancel()
		ctx = tracing.With(ctx, delivered(r.Header))
		var envelope struct {
			Data T `json:"data"`
		}
		answer := DeliveryDrop
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxEvent)).Decode(&envelope); err != nil {
			logger.ErrorContext(ctx, "event dropped: it cannot be read", "error", err)
		} else if err := envelope.Data.Validate(); err != nil {
			logger.ErrorContext(ctx, "event dropped: it is incomplete", "error", err)
		} else {
			answer = handle(ctx, envelope.Data)
		}
		w.Header().Set("Content-Type", "application/json")
		// Should this fail, the sidecar delivers again.
		_ = json.NewEncoder(w).Encode(map[string]Delivery{"status": answer})
	})
}
