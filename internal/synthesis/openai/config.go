package openai

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
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
	Server

	// Models may be asked besides the server's Model, when a tenant prefers one of them.
	Models []string `envconfig:"LLM_MODELS"`
	// Fallback is asked when the server does not help.
	Fallback Fallback
	// Timeout bounds one request; ctx bounds all of them.
	Timeout time.Duration `envconfig:"LLM_TIMEOUT" default:"30s"`
	// MaxAttempts counts the first one too.
	MaxAttempts int `envconfig:"LLM_MAX_ATTEMPTS" default:"3"`
	// Backoff is the wait before the second attempt, on average; it doubles from there.
	Backoff time.Duration `envconfig:"LLM_BACKOFF" default:"500ms"`
	// Prices are those of Model; PriceTable has those of all models.
	Prices     Prices
	PriceTable PriceTable `envconfig:"LLM_PRICES"`

	// Switched is told when the server is not asked any more for a while, because it failed again and again, and when it
	// answers again; see package breaker.
	Switched func(off bool) `ignored:"true" json:"-"`

	HTTPClient *http.Client     `ignored:"true"` // a new one
	Logger     *slog.Logger     `ignored:"true"` // none
	Clock      func() time.Time `ignored:"true"` // time.Now
}

func (c Config) withDefaults() Config {
	c.Provider = cmp.Or(c.Provider, ProviderOpenAI)
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
	errs := []error{c.Server.validate(), c.Prices.validate(), c.PriceTable.validate()}
	for _, model := range c.Models {
		if err := validModel(model); err != nil {
			errs = append(errs, fmt.Errorf("one of the models besides: %w", err))
		}
	}
	if c.Timeout < 0 || c.Backoff < 0 || c.MaxAttempts < 0 {
		errs = append(errs, errors.New("timeout, backoff and attempts must not be negative"))
	}
	if _, inTable := c.PriceTable[c.Model]; inTable && c.Prices != (Prices{}) {
		errs = append(errs, fmt.Errorf("the price of %s is in the price table and given by itself too: use one of the two", c.Model))
	}
	return errors.Join(errs...)
}

// offered are the models that may be asked, the usual one first.
func (c Config) offered() []string {
	models := []string{c.Model}
	for _, model := range c.Models {
		if !slices.Contains(models, model) {
			models = append(models, model)
		}
	}
	return models
}

// Offers says whether a prompt that prefers the model is put to it; others are put to the usual one.
func (c Config) Offers(model string) bool { return slices.Contains(c.offered(), model) }

// Asks names the model that is put a prompt which prefers one, with its server.
func (c Config) Asks(preferred string) string {
	if preferred == "" || !c.Offers(preferred) {
		preferred = c.Model
	}
	return string(cmp.Or(c.Provider, ProviderOpenAI)) + " " + c.BaseURL + " " + preferred
}

// Unpriced are the models that may be asked, the fallback's included, of which no price is known. What they cost is
// missing in all accounts.
func (c Config) Unpriced() []string {
	models := c.offered()
	if c.Fallback.Model != "" && !slices.Contains(models, c.Fallback.Model) {
		models = append(models, c.Fallback.Model)
	}
	return slices.DeleteFunc(models, func(model string) bool {
		_, known := c.price(model)
		return known
	})
}

// priced is the price table with the usual model's own price in it.
func (c Config) priced() PriceTable {
	table := maps.Clone(c.PriceTable)
	if price, known := c.price(c.Model); known {
		if table == nil {
			table = PriceTable{}
		}
		table[c.Model] = price
	}
	return table
}

// price is that of a model, and whether it is known.
func (c Config) price(model string) (Price, bool) {
	if price, ok := c.PriceTable[model]; ok {
		return price, true
	}
	if model == c.Model && c.Prices != (Prices{}) {
		return Price{Prompt: c.Prices.Prompt, Completion: c.Prices.Completion}, true
	}
	return Price{}, false
}
