package openai

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ai-agents/ai-agents/internal/synthesis"
)

// Fallback is the model that is asked when the usual one does not help. Without a Model there is none.
type Fallback struct {
	Model string `envconfig:"LLM_FALLBACK_MODEL"`
	// BaseURL is its server, with its own Provider, APIVersion and APIKey; empty when it is a model of the same server.
	BaseURL    string   `envconfig:"LLM_FALLBACK_BASE_URL"`
	Provider   Provider `envconfig:"LLM_FALLBACK_PROVIDER"` // ProviderOpenAI when empty
	APIVersion string   `envconfig:"LLM_FALLBACK_API_VERSION"`
	APIKey     string   `ignored:"true" json:"-"`

	// Switched is Config's, of this server.
	Switched func(off bool) `ignored:"true" json:"-"`
}

// Server is where the model is asked that falls in for one of first.
func (f Fallback) Server(first Server) Server {
	if f.BaseURL == "" {
		first.Model = f.Model
		return first
	}
	return Server{
		Provider: cmp.Or(f.Provider, ProviderOpenAI), BaseURL: f.BaseURL, APIVersion: f.APIVersion, Model: f.Model, APIKey: f.APIKey,
	}
}

func (f Fallback) validate(first Server) error {
	switch {
	case f.Model == "" && (f.BaseURL != "" || f.Provider != "" || f.APIVersion != ""):
		return errors.New("a fallback has a server and no model: set LLM_FALLBACK_MODEL")
	case f.Model == "":
		return nil
	case f.BaseURL == "" && (f.Provider != "" || f.APIVersion != ""):
		return errors.New("a fallback on the same server has its provider and API version: leave them out, or set LLM_FALLBACK_BASE_URL")
	case f.BaseURL == "" && f.Model == first.Model:
		return errors.New("the fallback is the model itself: set another LLM_FALLBACK_MODEL, or LLM_FALLBACK_BASE_URL")
	case !f.Server(first).Configured():
		return errors.New("the fallback's server wants a key: put llm-fallback-api-key into the secret store")
	default:
		return nil
	}
}

// Open gives what asks the server that c names, and its fallback if there is one.
func Open(c Config) (synthesis.LLM, error) {
	first, err := New(c)
	if err != nil {
		return nil, err
	}
	if err := c.Fallback.validate(first.config.Server); err != nil {
		return nil, fmt.Errorf("language model: %w", err)
	}
	if c.Fallback.Model == "" {
		return first, nil
	}
	// The price of the usual model by itself says nothing of another one.
	c.PriceTable = c.priced()
	c.Server, c.Models, c.Prices, c.Switched = c.Fallback.Server(first.config.Server), nil, Prices{}, c.Fallback.Switched
	second, err := New(c)
	if err != nil {
		return nil, fmt.Errorf("fallback: %w", err)
	}
	return &chain{first: first, second: second, elsewhere: c.Fallback.BaseURL != ""}, nil
}

// chain asks one model, and another one when the first does not help.
type chain struct {
	first, second *Client
	// elsewhere says that second is another server.
	elsewhere bool
}

var _ synthesis.LLM = (*chain)(nil)

// The first model gets three fifths of the time when there is a second one: it may hang, and the second needs time to answer.
const (
	firstShare = 3
	ofShares   = 5
)

// Complete asks the first model, and the second one after whatever the first failed of, unless nobody waits any more, or the tenant
// chose its model and the second is on another server: with its choice it also chose who reads its tickets. The calls of both are
// accounted for, and the error is that of both.
func (c *chain) Complete(ctx context.Context, p synthesis.Prompt) (synthesis.Completion, error) {
	bounded, stop := share(ctx)
	done, err := c.first.Complete(bounded, p)
	stop()
	if err == nil || ctx.Err() != nil {
		return done, err
	}
	if p.Model != "" && c.elsewhere {
		c.first.config.Logger.WarnContext(ctx, "the language model did not help, and the tenant's choice keeps its tickets from the fallback's server",
			"model", p.Model, "fallback", c.second.config.Model, "error", err)
		return done, err
	}
	c.first.config.Logger.WarnContext(ctx, "the language model did not help, the fallback is asked",
		"model", done.Model, "fallback", c.second.config.Model, "error", err)
	p.Model = ""
	second, failed := c.second.Complete(ctx, p)
	second.Calls, second.Fallback = append(done.Calls, second.Calls...), true
	if failed != nil {
		return second, fmt.Errorf("%w; fallback: %w", err, failed)
	}
	return second, nil
}

func share(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, time.Until(deadline)*firstShare/ofShares)
}
