package adminapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// call is one thing to ask of the console.
type call struct {
	method string
	path   string // below Prefix
	query  url.Values
	in     any
	// ifMatch is the ETag of what is to be changed.
	ifMatch string
	// again: doing it twice is as good as once, so that it may be sent again.
	again bool
	// slow calls take longer than a look-up.
	slow bool
}

// get is a call that only reads.
func get(path string, query url.Values) call {
	return call{method: http.MethodGet, path: path, query: query, again: true}
}

// UnreachableError says that nobody answers at the console's address.
type UnreachableError struct {
	Address string
	Err     error
}

func (e *UnreachableError) Error() string {
	cause := e.Err
	if wrapped, is := errors.AsType[*url.Error](e.Err); is {
		cause = wrapped.Err // without the address once more
	}
	return fmt.Sprintf("the console at %s does not answer: %v", e.Address, cause)
}

// Unwrap gives the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }

// Retries of calls that may be sent again.
const (
	attempts   = 4
	firstPause = 200 * time.Millisecond
	// longestPause bounds what a server may ask for with Retry-After.
	longestPause = 5 * time.Second
)

// do makes the call and decodes the answer into out, which is nil for one without content.
func (c *Client) do(ctx context.Context, ask call, out any) error {
	body, err := encode(ask.in)
	if err != nil {
		return err
	}
	pause := c.opts.pause
	for attempt := 1; ; attempt++ {
		err := c.once(ctx, ask, body, out)
		if err == nil || !ask.again || attempt == attempts || !passes(err) {
			return err
		}
		wait := pause
		if problem, is := errors.AsType[*Problem](err); is {
			wait = min(max(wait, problem.RetryAfter), longestPause)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
		pause *= 2
	}
}

// passes tells whether what went wrong may be over in a moment, as when a console is being restarted or others upload.
func passes(err error) bool {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return true
	}
	status := StatusOf(err)
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests
}

func (c *Client) once(ctx context.Context, ask call, body []byte, out any) error {
	patience := c.opts.callTimeout
	if ask.slow {
		patience = c.opts.slowTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no answer within %s", patience))
	defer cancel()
	resp, err := c.send(ctx, ask, body)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return c.unreachable(ctx, fmt.Errorf("its answer broke off: %w", err))
	}
	if len(answer) > maxAnswer {
		return fmt.Errorf("the console's answer is larger than %d MiB", maxAnswer/mebibyte)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return problemOf(resp, answer)
	}
	if out == nil {
		return nil
	}
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind != "application/json" {
		return c.notTheConsole(kind)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("the console's answer cannot be read: %w", err)
	}
	return nil
}

// notTheConsole says that somebody else answers, as a web server or a log-in page of a proxy.
func (c *Client) notTheConsole(kind string) error {
	return fmt.Errorf("%s answers %q and not as the console does: give the console's address", c.Address(), kind)
}

// send makes the request. The caller closes the answer's body.
func (c *Client) send(ctx context.Context, ask call, body []byte) (*http.Response, error) {
	address := *c.base
	address.Path, address.RawPath = "", ""
	text := address.String() + c.base.EscapedPath() + Prefix + ask.path
	if len(ask.query) > 0 {
		text += "?" + ask.query.Encode()
	}
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, ask.method, text, content)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("Accept", "application/json, application/x-ndjson, "+ProblemType)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if ask.ifMatch != "" {
		req.Header.Set("If-Match", ask.ifMatch)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	return resp, nil
}

// unreachable tells a console that does not answer from a caller who has had enough.
func (c *Client) unreachable(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	switch {
	case cause == nil:
		return &UnreachableError{Address: c.Address(), Err: err}
	case errors.Is(cause, context.Canceled):
		return cause
	default:
		return &UnreachableError{Address: c.Address(), Err: cause}
	}
}

// encode makes JSON of in, with < and & as they are: an upload of HTML would grow by half.
func encode(in any) ([]byte, error) {
	if in == nil {
		return nil, nil
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(in); err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	return out.Bytes(), nil
}

// below joins the parts of a path, each of them escaped.
func below(parts ...string) string {
	var path strings.Builder
	for _, part := range parts {
		path.WriteString("/" + url.PathEscape(part))
	}
	return path.String()
}
