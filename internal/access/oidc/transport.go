package oidc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

const (
	// requestTimeout bounds one request to the provider, the body included.
	requestTimeout = 10 * time.Second
	// maxAnswer is the largest document of the provider that is read, in bytes. Real ones have a few kilobytes.
	maxAnswer = 1 << 20
	// keysEvery and keysBurst bound how often the keys are fetched. Anybody can send a JWT with a key id that nobody has
	// seen, and each would have them fetched.
	keysEvery = 5 * time.Second
	keysBurst = 5
)

var (
	// errProvider says that the provider did not answer as it should.
	errProvider = errors.New("the identity provider did not answer as it should")
	// errThrottled says that the keys were fetched a moment ago.
	errThrottled = errors.New("the keys were fetched a moment ago")
)

// throttled lets through only so many requests. In between, what the last one came to is still true: the provider is out
// of order, or the key that is looked for was not there.
type throttled struct {
	next   http.RoundTripper
	limit  *rate.Limiter
	failed atomic.Bool
}

// RoundTrip implements http.RoundTripper.
func (t *throttled) RoundTrip(req *http.Request) (*http.Response, error) {
	if !t.limit.Allow() {
		if t.failed.Load() {
			return nil, fmt.Errorf("%w: it failed a moment ago", errProvider)
		}
		return nil, errThrottled
	}
	resp, err := t.next.RoundTrip(req)
	t.failed.Store(err != nil)
	return resp, err
}

// bounded is a transport for documents: what comes back is a complete JSON text within the limits, or an error that is
// errProvider.
type bounded struct {
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errProvider, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: %s: status %d", errProvider, req.URL, resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("%w: read %s: %w", errProvider, req.URL, err)
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("%w: %s has more than %d bytes", errProvider, req.URL, maxAnswer)
	}
	if !json.Valid(body) {
		return nil, fmt.Errorf("%w: %s is not JSON", errProvider, req.URL)
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

// clients gives the client for the discovery document and the one for the keys. A redirect is no answer: it is refused
// as a status other than 200.
func clients(next http.RoundTripper) (documents, keys *http.Client) {
	once := bounded{next: next}
	limited := &throttled{next: once, limit: rate.NewLimiter(rate.Every(keysEvery), keysBurst)}
	return &http.Client{Transport: once, Timeout: requestTimeout}, &http.Client{Transport: limited, Timeout: requestTimeout}
}
