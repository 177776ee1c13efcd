package adminapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ProblemType is the media type of what is answered in place of what was asked for (RFC 9457).
const ProblemType = "application/problem+json"

// Problem is why the console did not do what it was asked for. What a client sent is not repeated in it: that may have
// been a secret.
type Problem struct { //nolint:errname // as RFC 9457 calls it
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	// Errors name what is wrong, field by field.
	Errors []FieldProblem `json:"errors"`

	// CorrelationID finds the request in the console's log and in the audit log.
	CorrelationID string `json:"-"`
	// RetryAfter is when to come again; 0 when that is not known.
	RetryAfter time.Duration `json:"-"`
}

// FieldProblem is what is wrong with one field.
type FieldProblem struct {
	Message  string `json:"message"`
	Location string `json:"location"` // body.name, query.limit
}

// Error says what is wrong and what to do about it.
func (p *Problem) Error() string {
	var text strings.Builder
	text.WriteString(p.said())
	for _, f := range p.Errors {
		text.WriteString("\n  " + f.String())
	}
	if advice := p.advice(); advice != "" {
		text.WriteString("\n" + advice)
	}
	if p.Status >= http.StatusInternalServerError && p.CorrelationID != "" {
		fmt.Fprintf(&text, "\nThe console's log has more under the correlation id %s.", p.CorrelationID)
	}
	return text.String()
}

// String is "name: expected length >= 1".
func (f FieldProblem) String() string {
	if field := strings.TrimPrefix(f.Location, "body."); field != "" && field != "body" {
		return field + ": " + f.Message
	}
	return f.Message
}

func (p *Problem) said() string {
	switch {
	case p.Detail != "":
		return p.Detail
	case p.Title != "":
		return fmt.Sprintf("%s (HTTP %d)", p.Title, p.Status)
	default:
		return fmt.Sprintf("%s (HTTP %d)", http.StatusText(p.Status), p.Status)
	}
}

func (p *Problem) advice() string {
	switch p.Status {
	case http.StatusUnauthorized:
		return "The token is not accepted: it may have expired or been revoked. Get another with `agentctl login`, or from\n" +
			"someone who may run `agentctl token create`."
	case http.StatusForbidden:
		return "`agentctl whoami` lists what the token may do. An admin can make one that may do more: `agentctl token create`."
	case http.StatusPreconditionFailed:
		return "It was changed by someone else meanwhile. Look at it, and do it again if that is still right."
	case http.StatusPreconditionRequired:
		return "The console wants to know which version is to be changed (If-Match)."
	case http.StatusTooManyRequests:
		if p.RetryAfter > 0 {
			return fmt.Sprintf("Try again in %s.", p.RetryAfter)
		}
		return "Try again in a minute."
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return "The console, or what it depends on, is not ready. Try again in a moment."
	default:
		return ""
	}
}

// StatusOf is the HTTP status of a problem; 0 when err is none.
func StatusOf(err error) int {
	if problem, is := errors.AsType[*Problem](err); is {
		return problem.Status
	}
	return 0
}

// problemOf reads an answer that is not what was asked for.
func problemOf(resp *http.Response, body []byte) error {
	if location := resp.Header.Get("Location"); resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return fmt.Errorf("the console's address leads elsewhere (HTTP %d to %q), where the token is not sent: "+
			"if that is the console, give its address", resp.StatusCode, location)
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	problem := &Problem{}
	if kind == ProblemType || kind == "application/json" {
		_ = json.Unmarshal(body, problem) // what cannot be read leaves the status
	}
	problem.Status = resp.StatusCode
	problem.CorrelationID = resp.Header.Get(HeaderCorrelation)
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		problem.RetryAfter = time.Duration(seconds) * time.Second
	}
	if kind != ProblemType && resp.StatusCode == http.StatusNotFound {
		problem.Detail = "the server at this address has no such page: it may not be the console, or an older one"
	}
	return problem
}
