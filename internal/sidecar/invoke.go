package sidecar

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
)

// maxInvoked bounds the answer of another app, in bytes.
const maxInvoked = 4 << 20

// ErrNotInvoked says that another app could not be asked, or did not answer as it does: it may be down.
var ErrNotInvoked = errors.New("the other app does not answer")

// Invoke asks another app, by way of both sidecars, and reads its answer into out. Both are JSON. What the app thinks of the
// request it says in its answer: everything but a 200 is ErrNotInvoked. The request may have arrived all the same.
func (s *Sidecar) Invoke(ctx context.Context, appID, route string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode a call of %s: %w", appID, err)
	}
	address := url.URL{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", s.cfg.HTTPPort), Path: "/v1.0/invoke/" + appID + "/method" + route}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make a call of %s: %w", appID, err)
	}
	req.Header.Set("Content-Type", "application/json")
	carryTraceHTTP(req)
	if token := os.Getenv(tokenEnv); token != "" {
		req.Header.Set(tokenHeader, token) //nolint:canonicalheader // Set does not mind
	}
	resp, err := s.invoker.Do(req)
	if err != nil {
		return fmt.Errorf("%w: call %s: %w", ErrNotInvoked, appID, err)
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxInvoked+1))
	switch {
	case err != nil:
		return fmt.Errorf("%w: call %s: %w", ErrNotInvoked, appID, err)
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%w: call %s: status %d: %.200s", ErrNotInvoked, appID, resp.StatusCode, answer)
	case len(answer) > maxInvoked:
		return fmt.Errorf("%w: call %s: the answer is longer than %d bytes", ErrNotInvoked, appID, maxInvoked)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%w: call %s: read the answer: %w", ErrNotInvoked, appID, err)
	}
	return nil
}
