package adminapi

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// How long a client waits, and how much it takes.
const (
	// callTimeout is the patience with an ordinary call; slowTimeout that with one that moves many rows, or asks others.
	callTimeout = 30 * time.Second
	slowTimeout = 10 * time.Minute
	// silence is how long a stream may say nothing: the console repeats itself every few seconds.
	silence = time.Minute
	// maxAnswer bounds an answer, and maxLine a line of a stream, in bytes.
	maxAnswer = 64 * mebibyte
	maxLine   = 4 * mebibyte
	mebibyte  = 1 << 20
)

// Options say which console to speak to, and as whom.
type Options struct {
	// BaseURL is the console's address: http://127.0.0.1:8083.
	BaseURL string
	// Token is the bearer token; empty for a client that only presents a bootstrap token.
	Token tenant.Secret
	// AllowPlainHTTP lets the token travel unencrypted to another machine.
	AllowPlainHTTP bool
	// Transport carries the requests; nil for one of its own.
	Transport http.RoundTripper

	// callTimeout, slowTimeout and silence replace the constants in tests.
	callTimeout, slowTimeout, silence time.Duration
	// pause is the first wait between two attempts.
	pause time.Duration
}

// Client speaks to the admin API. It is safe for concurrent use.
type Client struct {
	base  *url.URL
	token tenant.Secret
	http  *http.Client
	opts  Options
}

// ErrPlainHTTP says that a secret would have travelled unencrypted.
var ErrPlainHTTP = errors.New("the token would travel unencrypted")

// NewClient makes a Client. It speaks to nobody yet.
func NewClient(opts Options) (*Client, error) {
	base, err := parseBase(opts.BaseURL)
	if err != nil {
		return nil, err
	}
	if base.Scheme == "http" && !isLoopback(base.Hostname()) && !opts.AllowPlainHTTP {
		return nil, fmt.Errorf("%w to %s: use an https address", ErrPlainHTTP, base.Host)
	}
	opts = opts.withDefaults()
	return &Client{
		base: base, token: opts.Token, opts: opts,
		http: &http.Client{
			Transport: opts.Transport,
			// A redirect would carry the token, or lose it, and a POST would become a GET.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		value     *time.Duration
		otherwise time.Duration
	}{{&o.callTimeout, callTimeout}, {&o.slowTimeout, slowTimeout}, {&o.silence, silence}, {&o.pause, firstPause}} {
		if *d.value == 0 {
			*d.value = d.otherwise
		}
	}
	if o.Transport == nil {
		transport := &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			ForceAttemptHTTP2:     true,
			TLSHandshakeTimeout:   10 * time.Second,
			IdleConnTimeout:       time.Minute,
			ExpectContinueTimeout: time.Second,
		}
		o.Transport = transport
	}
	return o
}

// Address is the console's, as it was given, without what may follow the host's path.
func (c *Client) Address() string { return c.base.String() }

func parseBase(text string) (*url.URL, error) {
	base, err := url.Parse(strings.TrimRight(text, "/"))
	switch {
	case err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https":
		return nil, fmt.Errorf("the console's address %q cannot be used: write it as https://console.example.com", text)
	case base.User != nil:
		return nil, errors.New("the console's address must not hold a user or password: the token is given apart")
	case base.RawQuery != "" || base.Fragment != "":
		return nil, fmt.Errorf("the console's address %q has a query or fragment: give only its beginning", text)
	}
	base.Path = strings.TrimSuffix(base.Path, Prefix) // copied from an example
	return base, nil
}

// isLoopback tells whether host is this machine, without asking anybody.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
