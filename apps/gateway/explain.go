package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

var (
	errStale = errors.New("the timestamp is too far from now")
	errQueue = errors.New("the queue does not take the job")
)

// unreadableError says that the request's body did not arrive in full.
type unreadableError struct{ err error }

func (e *unreadableError) Error() string { return "read the request's body: " + e.err.Error() }
func (e *unreadableError) Unwrap() error { return e.err }

// explain maps an error to what the sender is told; what is ours alone is logged and not told.
func (h *webhookHandler) explain(ctx context.Context, err error) problem {
	var (
		invalid    *webhook.InvalidError
		unreadable *unreadableError
		tooLarge   *http.MaxBytesError
	)
	switch {
	case errors.As(err, &tooLarge):
		return problem{Status: http.StatusRequestEntityTooLarge, Detail: "the body is too large"}
	case errors.As(err, &unreadable):
		return problem{Status: http.StatusBadRequest, Detail: "the body did not arrive in full"}
	case errors.As(err, &invalid):
		h.logger.InfoContext(ctx, "webhook refused: not valid", "problems", invalid.Fields)
		return problem{Status: http.StatusBadRequest, Detail: "the payload is not valid", Errors: invalid.Fields}
	case errors.Is(err, tenant.ErrNotFound):
		h.logger.WarnContext(ctx, "webhook refused: unknown tenant", "security_event", true)
		return problem{Status: http.StatusNotFound, Detail: "there is no such tenant: check tenant_id"}
	case errors.Is(err, webhook.ErrSignature):
		return problem{
			Status: http.StatusUnauthorized,
			Detail: "the signature in " + webhook.SignatureHeader + " does not match: sign the body, byte for byte, with the tenant's signing secret",
		}
	case errors.Is(err, errStale):
		return problem{
			Status: http.StatusUnauthorized,
			Detail: "the timestamp is more than " + h.maxSkew.String() + " away from now: check the sender's clock, and sign anew for each attempt",
		}
	case errors.Is(err, errQueue):
		h.logger.ErrorContext(ctx, "webhook not accepted: the queue is unavailable", "error", err)
		return problem{Status: http.StatusServiceUnavailable, Detail: "not accepted: the queue is unavailable, send it again later"}
	default:
		h.logger.ErrorContext(ctx, "webhook not accepted", "error", err)
		return problem{Status: http.StatusServiceUnavailable, Detail: "not accepted: send it again later"}
	}
}
