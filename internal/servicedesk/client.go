// Package servicedesk is the client for ServiceDesk Plus, on-premises and in the cloud: it reads requests, solutions
// and assets, and keeps one living note on a ticket.
//
// It owns the wire format with all its irregularities (answers of 200 that failed, scalars
// of any type, error pages of proxies), the authentication of both editions, and the
// reading of failures as "retry", "give up", "renew the credentials" or "gone". It never
// repeats a failed call on its own: the caller, a durable workflow, does. Only where a server has to be found out,
// what lists it has and what it may be asked of them, is another question put once.
package servicedesk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ai-agents/ai-agents/internal/outbound"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

const (
	mediaType = "application/vnd.manageengine.sdp.v3+json"
	formType  = "application/x-www-form-urlencoded"

	// maxBody bounds what is read of an answer, in bytes. A full page of notes stays well below.
	maxBody = 4 << 20

	// headerKey carries the key on-premises; header names know no case.
	headerKey = "Authtoken"
)

// Client talks to the ServiceDesk Plus of one tenant. It is safe for concurrent use; keep
// one per tenant, because it caches the access token and orders the writes to a ticket.
type Client struct {
	cfg     Config
	base    string
	noteKey string
	http    *http.Client
	tokens  *tokenSource // nil on-premises
	tickets ticketLocks
	assets  atomic.Pointer[string] // the folder of assets, once it is known
	// plainLists: the server refuses to be told which fields of a list are wanted.
	plainLists atomic.Bool
	logger     *slog.Logger
	clock      func() time.Time
}

// New returns a client for cfg, or the problems Validate finds. A nil httpClient stands for one with a pooled transport
// of its own that reaches public addresses only. The given client is not modified; redirects are followed by
// outbound.Redirects in any case.
func New(cfg Config, httpClient *http.Client) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Client{
		cfg:     cfg,
		base:    strings.TrimRight(cfg.BaseURL, "/"),
		noteKey: "note",
		http:    careful(httpClient, cfg.Logger),
		logger:  cfg.Logger,
		clock:   cfg.Clock,
	}
	if cfg.Profile == ProfileCloud {
		c.noteKey = "request_note"
		c.tokens = cfg.Tokens.of(cfg.OAuth,
			&tokenSource{cfg: cfg.OAuth, http: c.http, timeout: cfg.Timeout, clock: cfg.Clock, observe: cfg.Observe, logger: cfg.Logger})
	}
	return c, nil
}

// Profile is the edition the client speaks.
func (c *Client) Profile() Profile { return c.cfg.Profile }

// Host is that of the base URL, with the port: what a server's limits are counted by.
func (c *Client) Host() string {
	u, err := url.Parse(c.base)
	if err != nil {
		return "" // New has parsed it before
	}
	return u.Host
}

// careful returns a copy of the client that keeps the credentials with the host they belong to.
func careful(given *http.Client, logger *slog.Logger) *http.Client {
	if given == nil {
		return outbound.New(outbound.Config{}, logger).Client()
	}
	guarded := *given
	guarded.CheckRedirect = outbound.Redirects
	return &guarded
}

// call is one operation of the API.
type call struct {
	op       string
	method   string
	path     []string
	ticketID string
	input    any    // travels as input_data; nil for none
	private  string // must not appear in an error: the text of a note
}

// do performs the call. In the cloud a 401 is answered by one new access token and one
// more attempt, unless the token was obtained for this very call.
func (c *Client) do(ctx context.Context, cl call) (envelope, error) {
	if c.tokens == nil {
		return c.attempt(ctx, cl, c.cfg.APIKey)
	}
	token, fresh, err := c.tokens.get(ctx)
	if err != nil {
		return envelope{}, forTicket(err, cl.ticketID)
	}
	env, err := c.attempt(ctx, cl, token)
	var failed *Error
	if fresh || !errors.As(err, &failed) || failed.Kind != KindUnauthorized {
		return env, err
	}
	if token, err = c.tokens.renew(ctx, token); err != nil {
		return envelope{}, forTicket(err, cl.ticketID)
	}
	return c.attempt(ctx, cl, token)
}

func (c *Client) attempt(ctx context.Context, cl call, credential string) (envelope, error) {
	ctx, span := c.span(ctx, cl)
	defer span.End()
	started := c.clock()
	got, failed := c.exchange(ctx, cl, credential)
	var env envelope
	if failed == nil {
		env, failed = interpret(got.status, got.body)
		env.at = got.date
	}
	took := c.clock().Sub(started)
	c.cfg.Observe.observed(ctx, cl.op, failed, took)
	endSpan(span, got.status, failed)
	if failed == nil {
		level := slog.LevelDebug // the mirror reads all day long
		if cl.method != http.MethodGet {
			level = slog.LevelInfo
		}
		c.logger.LogAttrs(ctx, level, "servicedesk call",
			append(c.about(cl), slog.Int(telemetry.KeyHTTPStatus, got.status), slog.Duration("duration", took))...)
		return env, nil
	}
	failed.Op, failed.TicketID = cl.op, cl.ticketID
	failed.uncertain = failed.uncertain && cl.method != http.MethodGet
	if failed.Kind == KindNotFound {
		failed.ParentID = mergedInto(failed.Message, cl.ticketID)
	}
	failed.Message = withhold(failed.Message, cl.private, credential, c.cfg.APIKey, c.cfg.OAuth.ClientSecret, c.cfg.OAuth.RefreshToken)
	c.logger.LogAttrs(ctx, slog.LevelWarn, "servicedesk call failed",
		append(c.about(cl), slog.Int(telemetry.KeyHTTPStatus, failed.HTTPStatus), slog.Int("code", failed.Code),
			slog.Any("kind", failed.Kind), slog.Duration("duration", took), slog.String("error", failed.Error()))...)
	return envelope{}, failed
}

// about says in the log which call it was. A call without a ticket leaves the one that the context names.
func (c *Client) about(cl call) []slog.Attr {
	attrs := []slog.Attr{slog.String(telemetry.KeyCall, cl.op), telemetry.Host(c.base)}
	if cl.ticketID != "" {
		attrs = append(attrs, slog.String(telemetry.KeyTicket, cl.ticketID))
	}
	return attrs
}

// exchange sends the call and reads the whole answer, within the timeout of one call.
func (c *Client) exchange(ctx context.Context, cl call, credential string) (answer, *Error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	req, failed := c.newRequest(ctx, cl, credential)
	if failed != nil {
		return answer{}, failed
	}
	return send(c.http, req)
}

// answer is what came back, whole.
type answer struct {
	status int
	body   []byte
	// date is the server's clock; zero when it does not say.
	date time.Time
}

// send returns an Error of its own and never one that happens to be inside the transport's.
func send(client *http.Client, req *http.Request) (answer, *Error) {
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, transportError(req.Context(), err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		failed := transportError(req.Context(), fmt.Errorf("read the answer: %w", err))
		failed.HTTPStatus = resp.StatusCode
		return answer{}, failed
	case len(body) > maxBody:
		return answer{}, &Error{
			HTTPStatus: resp.StatusCode, Kind: KindGiveUp, uncertain: true,
			Message: fmt.Sprintf("the answer is larger than %d bytes", maxBody),
		}
	}
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		date = time.Time{}
	}
	return answer{status: resp.StatusCode, body: body, date: date}, nil
}

func (c *Client) newRequest(ctx context.Context, cl call, credential string) (*http.Request, *Error) {
	var path strings.Builder
	for _, segment := range cl.path {
		path.WriteString("/" + url.PathEscape(segment))
	}
	target := c.base + path.String()
	var body io.Reader
	if cl.input != nil {
		form, err := inputData(cl.input)
		if err != nil {
			return nil, refused(cl.op, cl.ticketID, "the input cannot be encoded")
		}
		if cl.method == http.MethodGet {
			target += "?" + form
		} else {
			body = strings.NewReader(form)
		}
	}
	req, err := http.NewRequestWithContext(ctx, cl.method, target, body)
	if err != nil {
		return nil, refused(cl.op, cl.ticketID, "the request cannot be built")
	}
	req.Header.Set("Accept", mediaType)
	if body != nil {
		req.Header.Set("Content-Type", formType)
	}
	if c.tokens == nil {
		req.Header.Set(headerKey, credential)
	} else {
		req.Header.Set("Authorization", "Zoho-oauthtoken "+credential)
	}
	return req, nil
}

// inputData encodes v the way SDP wants every parameter: JSON in one form field.
func inputData(v any) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", fmt.Errorf("encode input_data: %w", err)
	}
	return url.Values{"input_data": {strings.TrimSpace(b.String())}}.Encode(), nil
}
