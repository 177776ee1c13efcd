package servicedesk

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/ai-agents/ai-agents/internal/outbound"
)

// Kind says what a caller can do about a failure. It is all that is read into the
// server's codes, whose exact meanings differ between editions.
type Kind string

const (
	// KindRetry: the same call may succeed later.
	KindRetry Kind = "retry"
	// KindGiveUp: the same call will fail again.
	KindGiveUp Kind = "give_up"
	// KindUnauthorized: the credentials are not accepted; somebody has to renew them.
	KindUnauthorized Kind = "unauthorized"
	// KindNotFound: the ticket or the note does not exist (any more).
	KindNotFound Kind = "not_found"
)

// Error is returned by every method of Client that fails. It never holds credentials or
// the text of a note.
type Error struct {
	// Op is get_request, get_archived_request, get_resolution, list_requests, get_solution, list_solutions,
	// get_workstation, list_workstations, list_notes, get_note, add_note, edit_note, delete_note or
	// refresh_token; put_note and tidy_notes when no call had been made yet.
	Op       string
	TicketID string // empty when the call was not about one ticket
	Kind     Kind
	// HTTPStatus is 0 when no answer arrived.
	HTTPStatus int
	// Code is the innermost SDP status code, 0 when there was none.
	Code int
	// Message is what the server said, at most about 200 characters.
	Message string
	// ParentID names the request this one was merged into, as the server wrote it, when it did.
	ParentID string
	// RateLimited: the server has had enough of us. On-premises it has blocked the URL, for long, and calling on
	// may prolong the block; in the cloud the whole account is slowed down. The Kind is KindRetry.
	RateLimited bool

	err error
	// uncertain marks a failure after which a write may or may not have been committed, or
	// may be yet. Reads never carry it.
	uncertain bool
}

// Error describes the failure in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("servicedesk: " + e.Op)
	if e.TicketID != "" {
		b.WriteString(" ticket " + e.TicketID)
	}
	if e.HTTPStatus != 0 {
		fmt.Fprintf(&b, ": HTTP %d", e.HTTPStatus)
	}
	if e.Code != 0 {
		fmt.Fprintf(&b, ": code %d", e.Code)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.err != nil {
		b.WriteString(": " + e.err.Error())
	}
	return b.String()
}

// Unwrap gives access to the underlying network or context error.
func (e *Error) Unwrap() error { return e.err }

// Retryable reports whether the failed call is worth repeating later.
func Retryable(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == KindRetry
}

// RateLimited reports whether the server refused the call because there were too many. Minutes are a good time to
// wait; no server was seen that says how long.
func RateLimited(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.RateLimited
}

// InputRefused reports whether the server did not accept what was asked for, as one does that cannot sort
// or search by a field. Another wording of the question may be answered.
func InputRefused(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == KindGiveUp && e.HTTPStatus == http.StatusBadRequest
}

// NotFound reports whether the server said that there is no such thing.
func NotFound(err error) bool { return isNotFound(err) }

// Uncertain reports whether err comes from a write of unknown outcome: the server may have
// committed it, and, what is worse, it may be about to. A cancelled context cuts off the
// call, not the server's work on it. Certain refusals and failed reads are not uncertain.
//
// A caller that gets such an error must not let another writer of the same ticket begin,
// its own retry included, until the server can no longer be working on the write: a lookup
// before that finds no note, and the late commit makes a second one. And since nobody can
// tell how long a server may take, it must look again later and call TidyNotes.
func Uncertain(err error) bool {
	return errors.Is(err, errUncertain)
}

// errUncertain is matched by every Error of a write of unknown outcome. Being a target of
// errors.Is, it is found even when such an error is joined with others.
var errUncertain = errors.New("the outcome of the write is unknown")

// Is makes Uncertain work.
func (e *Error) Is(target error) bool {
	return e.uncertain && target == errUncertain
}

func isNotFound(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == KindNotFound
}

// The inner status codes whose class is known.
const (
	codeSuccess   = 2000 // up to, and without, codeWarning
	codeWarning   = 3000
	codeInvalid   = 4001
	codeForbidden = 4002
	codeInternal  = 4004
	codeInUse     = 4005
	codeNotFound  = 4007
	codeNotUnique = 4008
	codeMissing   = 4012
	codeRateLimit = 4015
	codeMismatch  = 4016
	codeBadKey    = 4022
	codeLicence   = 7001
)

// throttleText is how an on-premises server says that it has blocked a URL; the HTTP
// status around it is not documented.
const throttleText = "maximum access limit"

// classify decides by what is most certain first: HTTP 401 and 429 mean the same
// everywhere, then the SDP code, then the class of the HTTP status.
func classify(httpStatus, code int, text string) Kind {
	switch {
	case rateLimited(httpStatus, code, text):
		return KindRetry
	case httpStatus == http.StatusUnauthorized:
		return KindUnauthorized
	}
	switch code {
	case codeInternal:
		return KindRetry
	case codeBadKey:
		return KindUnauthorized
	case codeNotFound:
		return KindNotFound
	case codeInvalid, codeForbidden, codeInUse, codeNotUnique, codeMissing, codeMismatch, codeLicence:
		return KindGiveUp
	}
	return classifyStatus(httpStatus)
}

// rateLimited recognises the cloud's limit, and the block of a URL on-premises.
func rateLimited(httpStatus, code int, text string) bool {
	return httpStatus == http.StatusTooManyRequests ||
		code == codeRateLimit && httpStatus != http.StatusUnauthorized ||
		strings.Contains(strings.ToLower(text), throttleText)
}

func classifyStatus(httpStatus int) Kind {
	switch {
	case httpStatus == http.StatusNotFound, httpStatus == http.StatusGone:
		return KindNotFound
	case httpStatus == http.StatusRequestTimeout, httpStatus == http.StatusTooEarly:
		return KindRetry
	case httpStatus >= http.StatusMultipleChoices && httpStatus < http.StatusInternalServerError:
		return KindGiveUp
	default:
		// A 5xx, or a 200 that failed for a reason we do not know. Repeating is safe,
		// because a write is preceded by a lookup.
		return KindRetry
	}
}

// transportError describes a call under ctx that got no complete answer. Only a connection
// that was never made is certain not to have reached the server.
func transportError(ctx context.Context, err error) *Error {
	err = withoutReason(ctx, err)
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err // the URL adds nothing but noise
	}
	if kept, ok := errors.AsType[*outbound.RefusedError](err); ok {
		return &Error{Kind: KindGiveUp, err: kept}
	}
	var op *net.OpError
	neverSent := errors.As(err, &op) && op.Op == "dial"
	message := "connection failed"
	if errors.Is(err, context.DeadlineExceeded) {
		message = "timed out"
	}
	return &Error{Kind: KindRetry, Message: message, err: err, uncertain: !neverSent}
}

// withoutReason returns err or, when net/http has put the reason for which ctx was
// cancelled there, the bare fact of the cancellation. The reason may be the failure of
// quite another call, as in an errgroup; read as ours, it would say that a write which was
// cut off had been refused, or never sent.
func withoutReason(ctx context.Context, err error) error {
	reason := context.Cause(ctx)
	if reason == nil || errors.Is(ctx.Err(), reason) || !errors.Is(err, reason) {
		return err
	}
	return ctx.Err()
}

func refused(op, ticketID, message string) *Error {
	return &Error{Op: op, TicketID: ticketID, Kind: KindGiveUp, Message: message}
}

var digits = regexp.MustCompile(`[0-9]+`)

// mergedInto finds the parent in a message such as "Request 17 has been merged with 12".
func mergedInto(message, ticketID string) string {
	at := strings.Index(strings.ToLower(message), "merge")
	if at < 0 || at >= len(message) {
		return ""
	}
	for _, id := range digits.FindAllString(message[at:], -1) {
		if id != ticketID && isID(id) {
			return id
		}
	}
	return ""
}
