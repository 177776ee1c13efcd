package openai

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	goopenai "github.com/sashabaranov/go-openai"

	"github.com/ai-agents/ai-agents/internal/embedding"
)

// failure is a request that failed, with what decides on the next one.
type failure struct {
	// message is ours; words are the server's, which may repeat a text or the key.
	message, words string
	cause          error         // nil, or what callers match by errors.Is
	temporary      bool          // asking again may help
	wait           time.Duration // what the server asks for; 0 for nothing
	byText         bool          // a text may be the cause
	tooLong        bool          // and it may be because of its length
}

func (f *failure) Error() string { return f.message }

func (f *failure) Unwrap() error { return f.cause }

// refusal is f as a text's own failure.
func (f *failure) refusal() error { return fmt.Errorf("%w: %w", embedding.ErrRefused, f) }

// classify tells failures apart by what can be done about them.
func (c *Client) classify(ctx context.Context, err error, h http.Header) *failure {
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
		return statusFailure(api.HTTPStatusCode, api.Message, fmt.Sprint(api.Type, " ", api.Code), h)
	case errors.As(err, &request):
		return statusFailure(request.HTTPStatusCode, string(request.Body), "", h)
	case errors.Is(ctx.Err(), context.Canceled):
		return &failure{message: "the request was cancelled", cause: ctx.Err(), temporary: true}
	case ctx.Err() != nil:
		return &failure{
			message: "no answer in time: raise EMBEDDINGS_TIMEOUT or lower EMBEDDINGS_BATCH", cause: ctx.Err(), temporary: true,
		}
	case errors.As(err, &tooLarge):
		return &failure{message: fmt.Sprintf("the answer exceeds %d bytes: check EMBEDDINGS_MODEL", tooLarge.Limit)}
	case errors.Is(err, errRedirect):
		return &failure{message: errRedirect.Error() + ": check EMBEDDINGS_BASE_URL"}
	case errors.As(err, &sending):
		return &failure{message: c.clean("no connection" + reason(sending)), temporary: true}
	case errors.As(err, &syntax), errors.As(err, &wrongFit), errors.Is(err, io.EOF):
		// A server that writes NaN into JSON does so because of one text.
		return &failure{message: "the answer is no list of embeddings", temporary: true, byText: true}
	default:
		return &failure{message: "the answer was cut off", words: err.Error(), temporary: true}
	}
}

// reason is why a connection failed, where that cannot repeat what was sent or received over it.
func reason(err error) string {
	if failed, ok := errors.AsType[*net.OpError](err); ok && failed.Op == "dial" {
		return ": " + failed.Error()
	}
	if untrusted, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return ": " + untrusted.Error()
	}
	return ""
}

// statusFailure is an answer with an HTTP status that is no success. code is the server's type and code of the error.
func statusFailure(status int, words, code string, h http.Header) *failure {
	f := &failure{message: fmt.Sprintf("status %d", status), words: words}
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		f.message += ": check the API key"
	case status == http.StatusNotFound:
		f.message += ": check EMBEDDINGS_BASE_URL and EMBEDDINGS_MODEL"
	case status == http.StatusTooManyRequests && strings.Contains(code, "insufficient_quota"):
		// Looks like being too fast, but does not pass.
		f.message += ": the quota is used up"
	case status == http.StatusBadRequest || status == http.StatusUnprocessableEntity ||
		status == http.StatusRequestEntityTooLarge:
		f.byText = true
		f.tooLong = status == http.StatusRequestEntityTooLarge || aboutLength(words)
	case status == http.StatusInternalServerError:
		// llama.cpp answers 500 to a text that is too long, Ollama to one whose vector is no number.
		f.byText, f.tooLong = true, aboutLength(words)
		f.temporary = !f.tooLong
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout ||
		status > http.StatusInternalServerError && status != http.StatusNotImplemented:
		f.temporary = true
	default:
		f.message += ": check EMBEDDINGS_BASE_URL"
	}
	if f.temporary {
		f.wait = retryAfter(h, time.Now())
	}
	return f
}

// aboutLength says whether a server's words blame a text's length, as OpenAI, vLLM, TEI, llama.cpp and Ollama
// put it.
func aboutLength(words string) bool {
	words = strings.ToLower(words)
	for _, hint := range []string{"context length", "too long", "too large", "tokens"} {
		if strings.Contains(words, hint) {
			return true
		}
	}
	return false
}

// clean makes one short line of parts, without the API key.
func (c *Client) clean(parts ...string) string {
	const longest = 200
	line := strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
	if c.key != "" {
		line = strings.ReplaceAll(line, c.key, "[key]")
	}
	if runes := []rune(line); len(runes) > longest {
		line = string(runes[:longest]) + "…"
	}
	return line
}

// retryAfter is how long the server asks to wait: retry-after-ms as OpenAI sends it, or Retry-After in seconds
// or as a date (RFC 9110, section 10.2.3); 0 when it does not.
func retryAfter(h http.Header, now time.Time) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms >= 0 && ms < 1e9 {
		return time.Duration(ms * float64(time.Millisecond))
	}
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds >= 0 && seconds < 1e6 {
		return time.Duration(seconds * float64(time.Second))
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}
