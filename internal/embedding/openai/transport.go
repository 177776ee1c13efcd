package openai

import (
	"errors"
	"net/http"
)

// Limits of an answer, in bytes: a vector of 8,192 dimensions at 32 characters each, more than any model of
// today has, and what stands around them. The library itself reads answers without a limit.
const (
	maxAnswerText = 256 << 10
	maxAnswerRest = 64 << 10
)

// errRedirect says that the server sent us elsewhere. Texts go only where the settings say.
var errRedirect = errors.New("the server redirects, which is not followed")

// doer sends requests on behalf of go-openai and bounds what comes back.
type doer struct {
	client http.Client
	limit  int64
}

func newDoer(client *http.Client, batch int) *doer {
	d := &doer{client: *client, limit: maxAnswerRest + int64(batch)*maxAnswerText}
	d.client.CheckRedirect = func(*http.Request, []*http.Request) error { return errRedirect }
	return d
}

// Do sends r. Reading more of an answer than the limit fails with an *http.MaxBytesError.
func (d *doer) Do(r *http.Request) (*http.Response, error) {
	response, err := d.client.Do(r) //nolint:gosec // the address is the operator's setting
	if err != nil {
		return nil, err
	}
	response.Body = http.MaxBytesReader(nil, response.Body, d.limit)
	return response, nil
}
