package openai

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	goopenai "github.com/sashabaranov/go-openai"

	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// maxErrorText is how much of a server's own words goes into an error, in characters.
const maxErrorText = 200

// callError is a request that failed, with what decides on the next one.
type callError struct {
	message   string
	status    int   // of the answer, 0 when there was none
	cause     error // nil, or what callers match by errors.Is
	temporary bool  // asking again may help
	wait      time.Duration
	waitGiven bool // wait is what the server asked for
	refused   refusal
	kind      telemetry.LLMFailure // for the metrics
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

// classify tells a failure that may pass from one that will not. What it says of it does not repeat p, which was asked.
func (c *Client) classify(ctx context.Context, p synthesis.Prompt, err error, h http.Header, now time.Time) error {
	var (
		api      *goopenai.APIError
		request  *goopenai.RequestError
		tooLarge *http.MaxBytesError
		syntax   *json.SyntaxError
		wrongFit *json.UnmarshalTypeError
		sending  *url.Error
		inside   *insideError
	)
	switch {
	case errors.As(err, &api):
		return c.statusError(p, api.HTTPStatusCode, api, h, now)
	case errors.As(err, &request):
		said := goopenai.APIError{Message: string(request.Body)}
		return c.statusError(p, request.HTTPStatusCode, &said, h, now)
	case errors.As(err, &inside) && inside.status() != 0:
		return c.statusError(p, inside.status(), inside.said, h, now)
	case errors.As(err, &inside):
		return &callError{message: c.tell(p, "a failure inside", inside.said.Message), status: http.StatusOK, cause: synthesis.ErrNoAnswer, kind: telemetry.LLMServer}
	case ctx.Err() != nil:
		return &callError{message: "no answer in time", cause: context.Cause(ctx), temporary: true, kind: timedOut(ctx)}
	case errors.As(err, &tooLarge):
		return &callError{message: fmt.Sprintf("response exceeds %d bytes", tooLarge.Limit), kind: telemetry.LLMUnreadable}
	case errors.Is(err, errRedirect):
		return &callError{message: errRedirect.Error(), kind: telemetry.LLMRefused}
	case untrusted(err):
		return &callError{message: c.tell(p, "connection", err.Error()), cause: err, kind: telemetry.LLMUnreachable}
	case errors.As(err, &sending):
		return &callError{message: c.tell(p, "connection", err.Error()), cause: sending.Err, temporary: true, kind: telemetry.LLMUnreachable}
	case errors.As(err, &syntax), errors.As(err, &wrongFit), errors.Is(err, io.EOF):
		return &callError{message: "response is not a chat completion", kind: telemetry.LLMUnreadable}
	default:
		return &callError{message: c.tell(p, "reading the response", err.Error()), temporary: true, kind: telemetry.LLMUnreachable}
	}
}

// timedOut tells a server that takes too long from a caller that has gone.
func timedOut(ctx context.Context) telemetry.LLMFailure {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return telemetry.LLMTimeout
	}
	return telemetry.LLMFailed
}

// kindOf is what an HTTP status that is no success says.
func kindOf(status int) telemetry.LLMFailure {
	switch {
	case status == http.StatusTooManyRequests:
		return telemetry.LLMThrottled
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return telemetry.LLMAuth
	case status == http.StatusRequestTimeout, status >= http.StatusInternalServerError:
		return telemetry.LLMServer
	}
	return telemetry.LLMRefused
}

// failureOf is why a call failed, as the metrics name it.
func failureOf(err error) telemetry.LLMFailure {
	failed, known := errors.AsType[*callError](err)
	switch {
	case errors.Is(err, synthesis.ErrRefused):
		return telemetry.LLMRefused
	case known:
		return failed.kind
	case errors.Is(err, synthesis.ErrNoAnswer):
		return telemetry.LLMUnreadable
	}
	return telemetry.LLMFailed
}

// untrusted says that the server is not who it should be, or speaks no TLS, which somebody has to mend.
func untrusted(err error) bool {
	_, unverified := errors.AsType[*tls.CertificateVerificationError](err)
	// The standard library has no type for an answer that is not TLS at all.
	return unverified || errors.Is(err, http.ErrSchemeMismatch)
}

// What servers call the failures that they name.
const (
	codeFiltered  = "content_filter"
	azureFiltered = "ResponsibleAIPolicyViolation" // the code of the innererror
	codePolicy    = "content_policy_violation"
	codeQuota     = "insufficient_quota"
	codeTooLong   = "context_length_exceeded"
)

// statusError is an answer with an HTTP status that is no success.
func (c *Client) statusError(p synthesis.Prompt, status int, e *goopenai.APIError, h http.Header, now time.Time) error {
	code := fmt.Sprint(e.Code)
	failed := &callError{message: fmt.Sprintf("status %d", status), status: status, kind: kindOf(status)}
	// Servers repeat the key they refuse, more or less masked, so their words on that are not passed on.
	if status != http.StatusUnauthorized && status != http.StatusForbidden {
		failed.message = c.tell(p, failed.message, e.Message)
	}
	switch {
	case code == codeFiltered || code == codePolicy:
		failed.cause = synthesis.ErrRefused
	case status == http.StatusTooManyRequests:
		// Being out of money or quota looks like being too fast, but does not pass.
		failed.temporary = code != codeQuota && e.Type != codeQuota
	case status == http.StatusRequestTimeout || status >= http.StatusInternalServerError:
		failed.temporary = status != http.StatusNotImplemented
	case status == http.StatusRequestEntityTooLarge || tooLong(code, e.Message):
		failed.cause = synthesis.ErrTooLong
	case status == http.StatusBadRequest || status == http.StatusUnprocessableEntity:
		failed.refused = refused(e)
	}
	if failed.temporary {
		failed.wait, failed.waitGiven = retryAfter(h, now)
	}
	return failed
}

// tooLong says whether a server refused a prompt for its length, in OpenAI's, vLLM's or llama.cpp's words.
func tooLong(code, message string) bool {
	return code == codeTooLong || containsAny(strings.ToLower(message), "maximum context length", "exceeds the available context")
}

// repeated is as much of a prompt, in characters, as no server's words have by chance.
const repeated = 20

// tell makes one short line of what a server said, without the API key. Its words are left out when they repeat the prompt: what is
// told is stored, logged and shown to more people than may read tickets.
func (c *Client) tell(p synthesis.Prompt, what, said string) string {
	if c.config.APIKey != "" {
		said = strings.ReplaceAll(said, c.config.APIKey, "[key]")
	}
	words := []rune(strings.Join(strings.Fields(said), " "))
	switch {
	case repeats(p, words[:min(len(words), maxErrorText+repeated)]):
		return what + ": (what it says repeats the prompt)"
	case len(words) > maxErrorText:
		return what + ": " + string(words[:maxErrorText]) + "…"
	default:
		return what + ": " + string(words)
	}
}

// repeats says whether a part of said is from the prompt, whatever the case and the space between words.
func repeats(p synthesis.Prompt, said []rune) bool {
	asked := strings.ToLower(strings.Join(strings.Fields(p.System+" "+p.User), " "))
	said = []rune(strings.ToLower(string(said)))
	for i := range max(0, len(said)-repeated+1) {
		if strings.Contains(asked, string(said[i:i+repeated])) {
			return true
		}
	}
	return false
}
