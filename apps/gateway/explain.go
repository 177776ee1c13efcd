package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"time"

	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/webhook"
	"github.com/ai-agents/ai-agents/internal/webhook/quota"
)

var (
	errStale = errors.New("the timestamp is too far from now")
	errQueue = errors.New("the queue does not take the job")
)

// unreadableError says that the request's body did not arrive in full.
type unreadableError struct{ err error }

func (e *unreadableError) Error() string { return "read the request's body: " + e.err.Error() }
func (e *unreadableError) Unwrap() error { return e.err }

// suspectedError says that too many wrong signatures came from the sender's address.
type suspectedError struct{ wait time.Duration }

func (e *suspectedError) Error() string {
	return "too many wrong signatures came from this address: listening again in " + e.wait.String()
}

// explain maps an error to what the sender is told; what is ours alone is logged and not told.
func (h *webhookHandler) explain(ctx context.Context, v *visit, err error) problem {
	var (
		invalid    *webhook.InvalidError
		unreadable *unreadableError
		tooLarge   *http.MaxBytesError
		suspected  *suspectedError
		full       *quota.FullError
		paused     *quota.PausedError
	)
	switch {
	case errors.As(err, &suspected):
		h.metrics.WebhookLimited(telemetry.LimitAddress)
		h.refused(ctx, v, reasonSuspected)
		return tooMany("too many requests with a wrong signature came from your address: check tenant_id and signing secret", suspected.wait)
	case errors.As(err, &full):
		h.metrics.WebhookLimited(telemetry.LimitTenant)
		h.refused(ctx, v, reasonFull)
		return tooMany(fmt.Sprintf("not accepted: your tenant's limit is %d webhooks in a minute", full.PerMinute), full.RetryAfter)
	case errors.As(err, &paused):
		h.metrics.WebhookPaused()
		h.logger.InfoContext(ctx, "webhook not accepted: the tenant's intake is paused")
		return again(http.StatusServiceUnavailable, "not accepted: intake is paused", paused.RetryAfter)
	case errors.As(err, &tooLarge):
		return problem{Status: http.StatusRequestEntityTooLarge, Detail: "the body is too large"}
	case errors.As(err, &unreadable):
		return problem{Status: http.StatusBadRequest, Detail: "the body did not arrive in full"}
	case errors.As(err, &invalid):
		level := slog.LevelInfo
		if !v.proven {
			level = slog.LevelDebug // anybody could fill the log
		}
		h.logger.Log(ctx, level, "webhook refused: not valid", "problems", invalid.Fields)
		return problem{Status: http.StatusBadRequest, Detail: "the payload is not valid", Errors: invalid.Fields}
	case errors.Is(err, webhook.ErrSignature):
		return problem{
			Status: http.StatusUnauthorized,
			Detail: "the signature in " + webhook.SignatureHeader + " does not match: check tenant_id, and sign the body, byte for byte, with that tenant's signing secret; " +
				"or send the secret in " + webhook.SecretHeader + ", if that was agreed for the tenant",
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

func tooMany(detail string, wait time.Duration) problem {
	return again(http.StatusTooManyRequests, detail, wait)
}

// again tells in whole seconds, rounded up, when to come back: earlier would be in vain.
func again(status int, detail string, wait time.Duration) problem {
	seconds := max(1, int(math.Ceil(wait.Seconds())))
	return problem{
		Status: status, RetryAfter: seconds,
		Detail: fmt.Sprintf("%s; send it again, signed anew, in %d s", detail, seconds),
	}
}
