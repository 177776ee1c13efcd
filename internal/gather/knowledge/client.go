package knowledge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

const maxAnswer = 1 << 20 // bytes

// client asks knowledge bases over HTTP. Its errors name neither the key nor the words asked for, as
// those of net/http do by naming the URL.
type client struct {
	http *http.Client
	opts Options
}

func newClient(opts Options) *client {
	return &client{opts: opts, http: &http.Client{Transport: opts.Transport, CheckRedirect: outbound.Redirects}}
}

// search asks once, and logs that it did. A PermanentError means that the settings are wrong.
func (c *client) search(ctx context.Context, look lookup) ([]gather.Item, error) {
	started := time.Now()
	items, status, err := c.ask(ctx, look)
	attrs := []slog.Attr{
		slog.String(telemetry.KeyTenant, look.tenantID), slog.String(telemetry.KeyCall, "search"), telemetry.Host(look.endpoint.BaseURL),
		slog.Int(telemetry.KeyHTTPStatus, status), slog.Duration("duration", time.Since(started)),
	}
	if err != nil {
		c.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "knowledge base call failed", append(attrs, slog.String("error", err.Error()))...)
		return nil, err
	}
	c.opts.Logger.LogAttrs(ctx, slog.LevelInfo, "knowledge base call", append(attrs, slog.Int("articles", len(items)))...)
	return items, nil
}

// ask gives the HTTP status besides, 0 when there was no answer.
func (c *client) ask(ctx context.Context, look lookup) (items []gather.Item, status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	req, err := newRequest(ctx, look)
	if err != nil {
		return nil, 0, &gather.PermanentError{Err: err}
	}
	resp, err := c.http.Do(req)
	if refused, ok := errors.AsType[*outbound.RefusedError](err); ok {
		return nil, 0, &gather.PermanentError{Err: refused}
	}
	if err != nil {
		return nil, 0, fmt.Errorf("request: %w", withoutURL(err))
	}
	defer func() { _ = resp.Body.Close() }()
	if err := checkHeader(resp); err != nil {
		return nil, resp.StatusCode, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, resp.StatusCode, fmt.Errorf("read the answer: %w", err)
	}
	if len(body) > maxAnswer {
		return nil, resp.StatusCode, fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	}
	items, err = decode(body)
	return items, resp.StatusCode, err
}

func newRequest(ctx context.Context, look lookup) (*http.Request, error) {
	base, err := url.Parse(look.endpoint.BaseURL)
	if err != nil || !isWeb(base) || base.RawQuery != "" || base.Fragment != "" || base.User != nil {
		return nil, errors.New("the base URL is not of the form https://host/path")
	}
	if !httpguts.ValidHeaderFieldValue(look.endpoint.APIKey) {
		return nil, errors.New("the API key has characters that a header cannot carry")
	}
	target := base.JoinPath("search")
	target.RawQuery = url.Values{"q": {look.words}, "limit": {strconv.Itoa(MaxArticles)}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", withoutURL(err))
	}
	req.Header.Set("Accept", "application/json")
	if look.endpoint.APIKey != "" {
		req.Header.Set("Authorization", "Bearer "+look.endpoint.APIKey)
	}
	return req, nil
}

func checkHeader(resp *http.Response) error {
	switch status := resp.StatusCode; {
	case status == http.StatusOK:
	case status >= http.StatusMultipleChoices && status < http.StatusBadRequest:
		return &gather.PermanentError{Err: fmt.Errorf("status %d: the base URL redirects elsewhere, and the key is not sent there: "+
			"check the base URL", status)}
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusNotFound:
		return &gather.PermanentError{Err: fmt.Errorf("status %d: check base URL and API key", status)}
	default:
		return fmt.Errorf("status %d", status)
	}
	media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || (media != "application/json" && !strings.HasSuffix(media, "+json")) {
		return errors.New("the answer is not JSON by its content type")
	}
	return nil
}

// withoutURL takes off the part of a net/http error that repeats the URL and, with it, the ticket's words.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

func isWeb(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}
