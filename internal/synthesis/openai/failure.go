package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	goopenai "github.com/sashabaranov/go-openai"

	"github.com/ai-agents/ai-agents/internal/synthesis"
)

// maxErrorText is how much of a server's own words goes into an error, in characters.
const maxErrorText = 200

// callError is a request that failed, with what decides on the next one.
type callError struct {
	message       string
	status        int   // of the answer, 0 when there was none
	cause         error // nil, or what callers match by errors.Is
	temporary     bool  // asking again may help
	wait          time.Duration
	waitGiven     bool // wait is what the server asked for
	formatRefused bool
}

func (e *callError) Error() string { return e.message }

func (e *callError) Unwrap() error { return e.cause }

// StatusOf is the HTTP status of the answer that err is about; 0 when there was no answer, or it is about something else.
func StatusOf(err error) int {
	if failed, ok := errors.AsType[*callError](err); ok {
		return failed.status
	}
	return 0
}

// classify tells a failure that may pass from one that will not.
func (c *Client) classify(ctx context.Context, err error, h http.Header, now time.Time) error {
	var (
		api      *goopenai.APIError
		request  *goopenai.RequestError
		tooLarge *http.MaxBytesError
		syntax   *json.SyntaxError
		wrongFit *json.UnmarshalTypeError
		sending  *url.Error
	)
	switch {
	case errors.As(err, &api):
		return c.statusError(api.HTTPStatusCode, api, h, now)
	case errors.As(err, &request):
		words := goopenai.APIError{Message: string(request.Body)}
		return c.statusError(request.HTTPStatusCode, &words, h, now)
	case ctx.Err() != nil:
		return &callError{message: "no answer in time", cause: context.Cause(ctx), temporary: true}
	case errors.As(err, &tooLarge):
		return &callError{message: fmt.Sprintf("response exceeds %d bytes", tooLarge.Limit)}
	case errors.Is(err, errRedirect):
		return &callError{message: errRedirect.Error()}
	case errors.As(err, &sending):
		return &callError{message: c.clean("connection: " + err.Error()), cause: sending.Err, temporary: true}
	case errors.As(err, &syntax), errors.As(err, &wrongFit), errors.Is(err, io.EOF):
		return &callError{message: "response is not a chat completion"}
	default:
		return &callError{message: c.clean("reading the response: " + err.Error()), temporary: true}
	}
}

// statusError is an answer with an HTTP status that is no success.
func (c *Client) statusError(status int, e *goopenai.APIError, h http.Header, now time.Time) error {
	code := fmt.Sprint(e.Code)
	failed := &callError{message: fmt.Sprintf("status %d", status), status: status}
	// Servers repeat the key they refuse, more or less masked, so their words on that are not passed on.
	if status != http.StatusUnauthorized && status != http.StatusForbidden {
		failed.message = c.clean(failed.message + ": " + e.Message)
	}
	switch {
	case code == "content_filter" || code == "content_policy_violation":
		failed.cause = synthesis.ErrRefused
	case status == http.StatusTooManyRequests:
		// Being out of money or quota looks like being too fast, but does not pass.
		failed.temporary = code != "insufficient_quota" && e.Type != "insufficient_quota"
	case status == http.StatusRequestTimeout || status >= http.StatusInternalServerError:
		failed.temporary = status != http.StatusNotImplemented
	case status == http.StatusBadRequest || status == http.StatusUnprocessableEntity:
		failed.formatRefused = aboutFormat(e)
	}
	if failed.temporary {
		failed.wait, failed.waitGiven = retryAfter(h, now)
	}
	return failed
}

// aboutFormat says whether a server refused a request because of its response_format.
func aboutFormat(e *goopenai.APIError) bool {
	words := e.Message
	if e.Param != nil {
		words += " " + *e.Param
	}
	words = strings.ToLower(words)
	for _, name := range []string{"response_format", "json_schema", "json_object", "response format"} {
		if strings.Contains(words, name) {
			return true
		}
	}
	return false
}

// clean makes one short line of s, without the API key.
func (c *Client) clean(s string) string {
	if c.config.APIKey != "" {
		s = strings.ReplaceAll(s, c.config.APIKey, "[key]")
	}
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > maxErrorText {
		s = string(runes[:maxErrorText]) + "…"
	}
	return s
}

// retryAfter reads how long the server asks to wait: retry-after-ms as OpenAI sends it, or Retry-After
// in seconds or as a date (RFC 9110, section 10.2.3).
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms >= 0 && ms < 1e9 {
		return time.Duration(ms * float64(time.Millisecond)), true
	}
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds >= 0 && seconds < 1e6 {
		return time.Duration(seconds * float64(time.Second)), true
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now)), true
	}
	return 0, false
}
