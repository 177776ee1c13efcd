// Package openai embeds texts with any server that speaks OpenAI's embeddings API, on behalf of package
// embedding. It owns what is particular to that API: which text is to blame when a request with many is
// refused, what a retry can mend, and which answers are not to be trusted.
//
// Servers repeat texts and keys in their errors, so their words decide what to do and are not passed on.
package openai

import (
	"context"
	"errors"
	"fmt"

	"github.com/cenkalti/backoff/v5"
	goopenai "github.com/sashabaranov/go-openai"

	"github.com/ai-agents/ai-agents/internal/embedding"
	"github.com/ai-agents/ai-agents/internal/gather"
)

// Client is an embedding.Embedder. It may be used concurrently.
type Client struct {
	config Config
	key    string
	api    *goopenai.Client
}

var _ embedding.Embedder = (*Client)(nil)

// New gives a client of the server that c names. apiKey may be empty for a server that asks for none.
func New(c Config, apiKey string) (*Client, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("embeddings: %w", err)
	}
	api := goopenai.DefaultConfig(apiKey)
	api.BaseURL = c.BaseURL
	api.HTTPClient = newDoer(c.HTTPClient, c.Batch)
	return &Client{config: c, key: apiKey, api: goopenai.NewClientWithConfig(api)}, nil
}

// Model is the name of the model asked.
func (c *Client) Model() string { return c.config.Model }

// Embed gives each text a vector, or an error of its own. Texts are cut to Config.MaxChars and sent
// Config.Batch at a time, once: trying again is the caller's decision. See embedding.Embedder for the errors.
func (c *Client) Embed(ctx context.Context, texts []string) ([]embedding.Result, error) {
	results := make([]embedding.Result, len(texts))
	cut := make([]string, len(texts))
	for i, text := range texts {
		cut[i] = gather.Excerpt(text, c.config.MaxChars)
	}
	var err error
	for start := 0; start < len(cut) && err == nil; start += c.config.Batch {
		end := min(start+c.config.Batch, len(cut))
		err = c.embedBatch(ctx, cut[start:end], results[start:end])
	}
	if mixed := sameDimensions(results); mixed != nil {
		clear(results)
		err = mixed
	}
	return results, c.public(err)
}

// public is err as callers of the package see it.
func (c *Client) public(err error) error {
	var failed *failure
	if !errors.As(err, &failed) {
		return err
	}
	err = fmt.Errorf("embeddings of model %s: %w", c.config.Model, failed)
	switch {
	case !failed.temporary:
		return &gather.PermanentError{Err: err}
	case failed.wait > 0:
		return fmt.Errorf("%w: %w", err, &backoff.RetryAfterError{Duration: failed.wait})
	default:
		return err
	}
}
