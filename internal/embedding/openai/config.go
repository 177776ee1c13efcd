package openai

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/ai-agents/ai-agents/internal/embedding"
)

// Defaults of a Config.
const (
	DefaultModel    = "text-embedding-3-small"
	DefaultTimeout  = 10 * time.Second
	DefaultBatch    = 64
	DefaultMaxChars = 6000
)

// maxBatch is the most texts that OpenAI takes in a request.
const maxBatch = 2048

// Config says which server and model to ask.
type Config struct {
	// BaseURL is the server's address up to and without "/embeddings". Empty, nothing is embedded.
	BaseURL string `envconfig:"EMBEDDINGS_BASE_URL"`
	// Model is stored with each vector: another one has everything embedded anew.
	Model string `envconfig:"EMBEDDINGS_MODEL" default:"text-embedding-3-small"`
	// Timeout bounds one request.
	Timeout time.Duration `envconfig:"EMBEDDINGS_TIMEOUT" default:"10s"`
	// Batch is the most texts of one request.
	Batch int `envconfig:"EMBEDDINGS_BATCH" default:"64"`
	// MaxChars is how much of a text is sent, in characters: 6,000 are about 1,500 tokens of English, and
	// below OpenAI's 8,192 for most other scripts and for logs.
	MaxChars int `envconfig:"EMBEDDINGS_MAX_CHARS" default:"6000"`

	HTTPClient *http.Client `ignored:"true"` // a new one
	Logger     *slog.Logger `ignored:"true"` // none
}

// Enabled says whether embeddings are wanted.
func (c Config) Enabled() bool { return c.BaseURL != "" }

func (c Config) withDefaults() Config {
	c.Model = cmp.Or(c.Model, DefaultModel)
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	c.Batch = cmp.Or(c.Batch, DefaultBatch)
	c.MaxChars = cmp.Or(c.MaxChars, DefaultMaxChars)
	if c.HTTPClient == nil {
		c.HTTPClient = &http.Client{}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// validate names everything that is wrong with c at once, by the names that an operator knows.
func (c Config) validate() error {
	var errs []error
	// The address is not repeated, since it may hold credentials.
	u, err := url.Parse(c.BaseURL)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		errs = append(errs, errors.New("EMBEDDINGS_BASE_URL is no address: use one like https://host/v1"))
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		errs = append(errs, errors.New("EMBEDDINGS_BASE_URL must not carry credentials, a query or a fragment"))
	}
	if c.Timeout < 0 {
		errs = append(errs, errors.New("EMBEDDINGS_TIMEOUT must be positive"))
	}
	if c.Batch < 1 || c.Batch > maxBatch {
		errs = append(errs, fmt.Errorf("EMBEDDINGS_BATCH must lie between 1 and %d", maxBatch))
	}
	if c.MaxChars < 1 || c.MaxChars > embedding.MaxText {
		errs = append(errs, fmt.Errorf("EMBEDDINGS_MAX_CHARS must lie between 1 and %d", embedding.MaxText))
	}
	return errors.Join(errs...)
}
