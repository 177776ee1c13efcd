package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-agents/ai-agents/internal/access"
	"github.com/ai-agents/ai-agents/internal/access/tokenstore"
	"github.com/ai-agents/ai-agents/internal/crew"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/suspension"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore"
)

const (
	detailInternal = "something went wrong here: the console's log tells more under the correlation id of this answer"
	// soon is when to try again what could not be done for lack of something that comes back.
	soon = 5 * time.Second
)

// explain maps an error to what the client is told, in the one place for it. What is ours alone is logged and not told.
func (s *Server) explain(ctx context.Context, err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	for _, known := range []struct {
		is     error
		status int
		detail string
	}{
		{tenant.ErrNotFound, http.StatusNotFound, "there is no such tenant"},
		{tenantstore.ErrNoPreferences, http.StatusNotFound, "the tenant has no preferences of this version: list the versions that there are"},
		{enhancement.ErrNotFound, http.StatusNotFound, "the tenant has no such job"},
		{crew.ErrNoReplica, http.StatusNotFound, "there is no such worker, or not any more: list those that there are"},
		{crew.ErrLast, http.StatusConflict, "no other worker takes work: nothing would be enhanced until one does. Say even_last if that is meant"},
		{crew.ErrNoWorker, http.StatusConflict, "no worker of that enhancer takes work: the tenant's jobs would wait until one does. Say even_without_workers if that is meant"},
		{crew.ErrAlive, http.StatusConflict, "a worker of the enhancer whose jobs are to be taken over was heard of in the last seconds: stop it first, or let it end what it has"},
		{suspension.ErrNotPaused, http.StatusConflict, "there is no such pause, or not any more: list those that stand"},
		{access.ErrNoToken, http.StatusNotFound, "there is no such token"},
		{tenantstore.ErrExists, http.StatusConflict, "there is a tenant of this id already: choose another, or change that one"},
		{tenantstore.ErrDeleted, http.StatusConflict, "the tenant is deleted: restore it first"},
		{tenantstore.ErrPurging, http.StatusConflict, tenantstore.ErrPurging.Error()},
		{tenantstore.ErrSameSecret, http.StatusConflict, "the new signing secret is the current one: make another"},
		{tenantstore.ErrNotDeleted, http.StatusConflict, "the tenant is not deleted: only a deleted tenant can be restored or purged"},
		{tenantstore.ErrStale, http.StatusPreconditionFailed, "the tenant was changed meanwhile: read it again, and repeat the change if it is still right"},
		{access.ErrBootstrapUsed, http.StatusConflict, "the bootstrap token has been used: put a new one into the secret store and restart the console"},
	} {
		if errors.Is(err, known.is) {
			return problem(known.status, known.detail)
		}
	}
	if p := jobConflict(err); p != nil {
		return p
	}
	if errors.Is(err, tokenstore.ErrCursor) {
		return badCursor()
	}
	if errors.Is(err, tenantstore.ErrInvalid) {
		return invalid(faults("body", err)...)
	}
	if exceeds, ok := errors.AsType[*access.ExceedsError](err); ok {
		return problem(http.StatusForbidden, exceeds.Error())
	}
	if p := ofDatabase(err); p != nil {
		s.logger.WarnContext(ctx, "the database refused what a client sent", "error", err)
		return p
	}
	switch {
	case ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled):
		s.logger.InfoContext(ctx, "the client went away", "error", err)
		return problem(http.StatusServiceUnavailable, "the request was cancelled")
	case errors.Is(err, context.DeadlineExceeded):
		s.logger.ErrorContext(ctx, "a request took too long", "error", err)
		return problem(http.StatusServiceUnavailable, "it took too long: try again later").later(soon)
	case postgres.Unavailable(err):
		s.logger.ErrorContext(ctx, "the database is unavailable", "error", err)
		return problem(http.StatusServiceUnavailable, "the database is unavailable: try again later").later(soon)
	default:
		s.logger.ErrorContext(ctx, "a request failed", "error", err)
		return problem(http.StatusInternalServerError, detailInternal)
	}
}

// ofDatabase is what the database refuses for what it was given; nil for all else. Such values are refused before: this is
// for those that are not, so that they are the client's to mend and not taken for a fault of ours.
func ofDatabase(err error) *Problem {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return nil
	}
	switch answer.Code {
	case pgerrcode.InvalidTextRepresentation, pgerrcode.CharacterNotInRepertoire, pgerrcode.DatetimeFieldOverflow:
		return problem(http.StatusBadRequest, "the request has a value of a form that cannot be stored: see the document for what is expected")
	case pgerrcode.ForeignKeyViolation:
		return problem(http.StatusConflict, "what this belongs to was removed meanwhile: see whether the tenant is there still")
	}
	return nil
}

// recovered answers a panic, and logs it with the stack.
func (s *Server) recovered(ctx context.Context, cause any, stack []byte) *Problem {
	s.logger.ErrorContext(ctx, "a handler panicked", "error", fmt.Sprint(cause), "stack", string(stack))
	return problem(http.StatusInternalServerError, detailInternal)
}
