package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	goopenai "github.com/sashabaranov/go-openai"
)

// maxResponse is far more than any note needs; the library itself reads responses without a limit.
const maxResponse = 1 << 20

// errRedirect says that the server sent us elsewhere. A prompt goes only where the settings say.
var errRedirect = errors.New("the server redirects, which is not followed")

// insideError is a failure in an answer whose status says success, as some proxies send it.
type insideError struct{ said *goopenai.APIError }

func newInsideError(raw json.RawMessage) *insideError { return &insideError{said: readError(raw)} }

func (e *insideError) Error() string { return "a failure inside: " + e.said.Message }

// status is the HTTP status that the failure names as its code, as OpenRouter does; 0 when it names none.
func (e *insideError) status() int {
	if code, ok := e.said.Code.(int); ok && code >= http.StatusBadRequest && code < 600 {
		return code
	}
	return 0
}

// doer sends requests on behalf of go-openai, bounds what comes back, and brings it into one shape.
type doer struct{ client http.Client }

func newDoer(client *http.Client) *doer {
	d := &doer{client: *client}
	d.client.CheckRedirect = func(*http.Request, []*http.Request) error { return errRedirect }
	return d
}

// Do sends r. A response body longer than maxResponse fails with an *http.MaxBytesError.
func (d *doer) Do(r *http.Request) (*http.Response, error) {
	response, err := d.client.Do(r) //nolint:gosec // the address is the operator's setting
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, response.Body, maxResponse))
	err = errors.Join(err, response.Body.Close())
	if err != nil {
		return nil, fmt.Errorf("body of the response: %w", err)
	}
	body = withoutMarks(body)
	if response.StatusCode >= http.StatusBadRequest {
		body = uniformError(body)
	} else if body, err = uniform(body); err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// withoutMarks leaves out byte order marks, of which proxies that add one may have added several.
func withoutMarks(body []byte) []byte {
	for {
		trimmed := bytes.TrimPrefix(bytes.TrimSpace(body), []byte("\ufeff"))
		if len(trimmed) == len(body) {
			return trimmed
		}
		body = trimmed
	}
}
