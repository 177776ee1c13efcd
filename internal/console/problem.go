package console

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
)

// mediaProblem is the media type of every error.
const mediaProblem = "application/problem+json"

// Problem is an error as a client sees it: problem details by RFC 9457. It names no internals, and never repeats a value
// that was sent, since that may be a secret.
type Problem struct { //nolint:errname // the name it has in the document
	Title  string         `json:"title"            doc:"The status in words."`
	Status int            `json:"status"           doc:"The HTTP status."`
	Detail string         `json:"detail"           doc:"What is wrong and what to do about it."`
	Errors []FieldProblem `json:"errors,omitempty" doc:"What is wrong with the request, place by place."`

	header http.Header
}

// FieldProblem is one fault of a request.
type FieldProblem struct {
	Location string `json:"location,omitempty" doc:"Where it is: body.name, query.limit, header.If-Match."`
	Message  string `json:"message"`
}

// problem makes one without more to say than the detail.
func problem(status int, detail string) *Problem {
	return &Problem{Title: http.StatusText(status), Status: status, Detail: detail}
}

// invalid is a request that was understood and cannot be done as it is.
func invalid(faults ...FieldProblem) *Problem {
	p := problem(http.StatusUnprocessableEntity, "the request is not valid: see errors")
	p.Errors = faults
	return p
}

// with adds a header to the answer.
func (p *Problem) with(name, value string) *Problem {
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Set(name, value)
	return p
}

// later says when to come again.
func (p *Problem) later(wait time.Duration) *Problem {
	seconds := int((wait + time.Second - 1) / time.Second)
	return p.with("Retry-After", strconv.Itoa(max(1, seconds)))
}

// Error implements error.
func (p *Problem) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType implements huma.ContentTypeFilter.
func (*Problem) ContentType(string) string { return mediaProblem }

// write answers with p, where huma does not.
func (p *Problem) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), p.header)
	w.Header().Set("Content-Type", mediaProblem)
	w.WriteHeader(p.Status)
	// The client has gone when this fails, and the status is sent.
	_ = json.NewEncoder(w).Encode(p)
}

var tellHuma sync.Once //nolint:gochecknoglobals // huma's own hooks are global, and are to be set before it is used

// useProblems has huma report in our terms what it finds wrong with a request, take names of fields as they are written, and
// no null for a list.
func useProblems() {
	tellHuma.Do(func() {
		huma.ValidateStrictCasing = true
		huma.DefaultArrayNullable = false
		huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
			return fromHuma(status, message, errs)
		}
		huma.NewErrorWithContext = func(_ huma.Context, status int, message string, errs ...error) huma.StatusError {
			return fromHuma(status, message, errs)
		}
	})
}

// What huma says of a body that did not arrive.
const humaUnread = "cannot read request body"

// fromHuma puts huma's words into ours. Of its errors only place and message are kept: the values are the client's, and what
// stands behind an internal error is nobody's business.
func fromHuma(status int, message string, errs []error) *Problem {
	switch {
	case message == humaUnread:
		return problem(http.StatusBadRequest, "the body did not arrive in full: send the request again")
	case status >= http.StatusInternalServerError:
		return problem(status, detailInternal)
	case status == http.StatusRequestEntityTooLarge:
		return problem(status, "the body is too large: send less at a time")
	case status == http.StatusRequestTimeout:
		return problem(status, "the body did not arrive in time: send it faster, or less at a time")
	case status == http.StatusUnsupportedMediaType:
		return problem(status, "send the body as JSON, with Content-Type: application/json")
	}
	p := problem(status, message)
	if status == http.StatusUnprocessableEntity || status == http.StatusBadRequest && len(errs) > 0 {
		p.Detail = "the request is not valid: see errors"
	}
	for _, err := range errs {
		p.Errors = append(p.Errors, faultOf(err))
		if len(p.Errors) == mostFaults {
			break
		}
	}
	return p
}

// mostFaults of a request are told.
const mostFaults = 100

func faultOf(err error) FieldProblem {
	var detailed huma.ErrorDetailer
	if !errors.As(err, &detailed) {
		return FieldProblem{Message: "is not valid"}
	}
	detail := detailed.ErrorDetail()
	message := plain(detail.Message)
	if message == validation.MsgUnexpectedProperty {
		message += meant(detail.Location)
	}
	return FieldProblem{Location: detail.Location, Message: message}
}

// plain takes out of a message what is about Go, or quotes what was sent: encoding/json and net/url do both.
func plain(message string) string {
	switch {
	case strings.HasPrefix(message, "json: cannot unmarshal"), strings.Contains(message, "parsing time"):
		return "a value has another type or form than documented"
	case strings.HasPrefix(message, "invalid character"), strings.HasPrefix(message, "unexpected end of JSON"),
		strings.HasPrefix(message, "json:"), strings.HasPrefix(message, "unknown content type"):
		return "is no JSON"
	case strings.HasPrefix(message, "expected string to be RFC 3986 uri"):
		return "expected a URL"
	}
	return message
}

// faults makes errors[] of a validation error whose parts are each of the form "field: what is wrong".
func faults(prefix string, err error) []FieldProblem {
	var found []FieldProblem
	for _, part := range parts(err) {
		name, message, named := strings.Cut(part.Error(), ": ")
		if !named || strings.ContainsAny(name, " \"") {
			name, message = "", part.Error()
		}
		found = append(found, FieldProblem{Location: strings.TrimSuffix(prefix+"."+name, "."), Message: message})
	}
	return found
}

// parts takes joined errors apart.
func parts(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, parts(e)...)
	}
	return all
}
