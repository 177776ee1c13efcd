package openai

import (
	"errors"
	"net/http"
)

// maxResponse is far more than any note needs; the library itself reads responses without a limit.
const maxResponse = 1 << 20

// errRedirect says that the server sent us elsewhere. A prompt goes only where the settings say.
var errRedirect = errors.New("the server redirects, which is not followed")

// doer sends requests on behalf of go-openai and bounds what comes back.
type doer struct{ client http.Client }

func newDoer(client *http.Client) *doer {
	d := &doer{client: *client}
	d.client.CheckRedirect = func(*http.Request, []*http.Request) error { return errRedirect }
	return d
}

// Do sends r. A response body longer than maxResponse fails to be read with an *http.MaxBytesError.
func (d *doer) Do(r *http.Request) (*http.Response, error) {
	response, err := d.client.Do(r) //nolint:gosec // the address is the operator's setting
	if err != nil {
		return nil, err
	}
	response.Body = http.MaxBytesReader(nil, response.Body, maxResponse)
	return response, nil
}
