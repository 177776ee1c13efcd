package sidecar

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
)

// maxRaw bounds what is read of a raw delivery: the largest event, wrapped once more in base64.
const maxRaw = 2 * maxEvent

// Raw is a message as it was found, whatever it is.
type Raw struct {
	Data []byte
	// Whole is false for one that was too large to be read.
	Whole bool
}

// ReceiveRaw hands each message of a subscription with rawPayload to handle, byte for byte. Nothing is dropped: an error of
// handle has it delivered again.
func ReceiveRaw(handle func(ctx context.Context, message Raw) error, logger *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), deliveryTimeout)
		defer cancel()
		answer := DeliveryDone
		body, err := io.ReadAll(io.LimitReader(r.Body, maxRaw+1))
		if err == nil {
			err = handle(ctx, rawOf(body))
		}
		if err != nil {
			logger.ErrorContext(ctx, "a dead letter was not dealt with, to be delivered again", "error", err)
			answer = DeliveryAgain
		}
		w.Header().Set("Content-Type", "application/json")
		// Should this fail, the sidecar delivers again.
		_ = json.NewEncoder(w).Encode(map[string]Delivery{"status": answer})
	})
}

// rawOf takes a message out of the CloudEvent that the sidecar put around it. What is none is the message itself.
func rawOf(body []byte) Raw {
	if len(body) > maxRaw {
		return Raw{}
	}
	var envelope struct {
		Data []byte `json:"data_base64"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return Raw{Data: body, Whole: true}
	}
	return Raw{Data: envelope.Data, Whole: true}
}
