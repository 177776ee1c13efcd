package openai

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"time"
)

// Defaults of a Config.
const (
	DefaultTimeout     = 30 * time.Second
	DefaultMaxAttempts = 3
	DefaultBackoff     = 500 * time.Millisecond
)

// Config says which server and model to ask, and at what price.
type Config struct {
	// BaseURL is the server's address up to and without "/chat/completions".
	BaseURL string `envconfig:"LLM_BASE_URL" default:"https://api.openai.com/v1"`
	// APIKey may be empty for a server that asks for none. It comes from the secret store.
	APIKey string `ignored:"true"      json:"-"`
	Model  string `envconfig:"LLM_MODEL" default:"gpt-4o"`
	// Timeout bounds one request; ctx bounds all of them.
	Timeout time.Duration `envconfig:"LLM_TIMEOUT" default:"30s"`
	// MaxAttempts counts the first one too.
	MaxAttempts int `envconfig:"LLM_MAX_ATTEMPTS" default:"3"`
	// Backoff is the wait before the second attempt, on average; it doubles from there.
	Backoff time.Duration `envconfig:"LLM_BACKOFF" default:"500ms"`
	Prices  Prices

	// Switched is told when the server is not asked any more for a while, because it failed again and again, and when it
	// answers again; see package breaker.
	Switched func(off bool) `ignored:"true" json:"-"`

	HTTPClient *http.Client     `ignored:"true"` // a new one
	Logger     *slog.Logger     `ignored:"true"` // none
	Clock      func() time.Time `ignored:"true"` // time.Now
}

// Prices are in US dollars per million tokens. Zero, for a model of one's own, costs nothing.
type Prices struct {
	Prompt     float64 `envconfig:"LLM_PRICE_PROMPT_PER_MTOK"`
	Completion float64 `envconfig:"LLM_PRICE_COMPLETION_PER_MTOK"`
}

// cost is what tokens cost in US dollars.
func (p Prices) cost(promptTokens, completionTokens int) float64 {
	const perMillion = 1e6
	return (float64(promptTokens)*p.Prompt + float64(completionTokens)*p.Completion) / perMillion
}

func (c Config) withDefaults() Config {
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	c.MaxAttempts = cmp.Or(c.MaxAttempts, DefaultMaxAttempts)
	c.Backoff = cmp.Or(c.Backoff, DefaultBackoff)
	if c.HTTPClient == nil {
		c.HTTPClient = &http.Client{}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return c
}

// validate names everything that is wrong with c at once.
func (c Config) validate() error {
	var errs []error
	if err := validateURL(c.BaseURL); err != nil {
		errs = append(errs, err)
	}
	if c.Model == "" {
		errs = append(errs, errors.New("model is empty"))
	}
	if c.Timeout < 0 || c.Backoff < 0 || c.MaxAttempts < 0 {
		errs = append(errs, errors.New("timeout, backoff and attempts must not be negative"))
	}
	for _, price := range []float64{c.Prices.Prompt, c.Prices.Completion} {
		if price < 0 || math.IsNaN(price) || math.IsInf(price, 0) {
			errs = append(errs, fmt.Errorf("price %v is not an amount", price))
		}
	}
	return errors.Join(errs...)
}

// validateURL refuses credentials and queries in the address, since addresses are logged. It does not
// repeat the address for the same reason.
func validateURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return errors.New("base URL is not an http or https address")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("base URL must not carry credentials, a query or a fragment")
	}
	return nil
}
