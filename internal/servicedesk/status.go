package servicedesk

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// Observe hears of each call to the server that was not called off: its operation (see Error.Op), how it ended, and how long it took.
type Observe func(ctx context.Context, op string, status telemetry.DeskStatus, took time.Duration)

// observed tells of a call, unless whoever wanted it has gone: how it would have ended is not known.
func (o Observe) observed(ctx context.Context, op string, failed *Error, took time.Duration) {
	if o == nil || failed != nil && errors.Is(failed.err, context.Canceled) {
		return
	}
	o(ctx, op, statusOf(failed), took)
}

// statusOf says how a call ended; failed may be nil.
func statusOf(failed *Error) telemetry.DeskStatus {
	if failed == nil {
		return telemetry.DeskOK
	}
	_, kept := errors.AsType[*outbound.RefusedError](failed.err)
	switch {
	case errors.Is(failed.err, context.DeadlineExceeded):
		return telemetry.DeskTimeout
	case kept:
		return telemetry.DeskRefused
	case failed.RateLimited:
		return telemetry.DeskThrottled
	case failed.Kind == KindUnauthorized, failed.Code == codeForbidden, failed.HTTPStatus == http.StatusForbidden:
		return telemetry.DeskAuth
	case failed.Kind == KindNotFound:
		return telemetry.DeskNotFound
	case failed.HTTPStatus == 0:
		return telemetry.DeskUnreachable
	case failed.Kind == KindRetry:
		return telemetry.DeskServer
	}
	return telemetry.DeskRefused
}
