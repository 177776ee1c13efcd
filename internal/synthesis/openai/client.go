// Package openai asks any server that speaks OpenAI's chat completions API, on behalf of package
// synthesis. It owns what is particular to that API: which failures a retry can mend, what a call cost,
// and how an answer says that it is none.
package openai

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	goopenai "github.com/sashabaranov/go-openai"

	"github.com/ai-agents/ai-agents/internal/breaker"
	"github.com/ai-agents/ai-agents/internal/synthesis"
)

// temperature is low, because a note should say what the sources say, and not zero, which go-openai
// leaves out of the request.
const temperature = 0.1

// maxBackoff bounds the wait between two attempts; a longer one is not worth a technician's while.
const maxBackoff = 10 * time.Second

// Client is a synthesis.LLM. It may be used concurrently.
type Client struct {
	config Config
	api    *goopenai.Client
	// noFormat is set once the server has refused response_format, so that later calls do not ask again.
	noFormat atomic.Bool
	// breaker has jobs of an outage not wait for the same time-outs one by one.
	breaker *breaker.Breaker[synthesis.Completion]
}

var _ synthesis.LLM = (*Client)(nil)

// New gives a client of the server that c names.
func New(c Config) (*Client, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("language model: %w", err)
	}
	api := goopenai.DefaultConfig(c.APIKey)
	api.BaseURL = c.BaseURL
	api.HTTPClient = newDoer(c.HTTPClient)
	return &Client{
		config: c, api: goopenai.NewClientWithConfig(api),
		breaker: breaker.New[synthesis.Completion](breaker.Options{Dead: dead, Switched: c.Switched}),
	}, nil
}

// Complete asks for a completion of p. It tries again, with exponential backoff and jitter or after the
// wait that the server asks for, when the server was busy, broken or out of reach; never when the same
// request would fail the same way. When several completions in a row have failed so, the next ones fail at once, for a short
// while. Errors match synthesis.ErrRefused, synthesis.ErrNoAnswer and synthesis.ErrNotNow, context.DeadlineExceeded when
// time ran out, and contain no secret.
func (c *Client) Complete(ctx context.Context, p synthesis.Prompt) (synthesis.Completion, error) {
	done, err := c.breaker.Do(func() (synthesis.Completion, error) { return c.complete(ctx, p) })
	if open, ok := errors.AsType[*breaker.OpenError](err); ok {
		return done, fmt.Errorf("%w: %w", synthesis.ErrNotNow, open)
	}
	return done, err
}

// dead says of a failed completion that the server did not answer, or had other things to do. What it refuses, it has read.
func dead(err error) bool {
	failed, ok := errors.AsType[*callError](err)
	return ok && failed.temporary || errors.Is(err, context.DeadlineExceeded)
}

func (c *Client) complete(ctx context.Context, p synthesis.Prompt) (synthesis.Completion, error) {
	var (
		done    synthesis.Completion
		last    error
		attempt int
	)
	text, err := backoff.Retry(ctx, func() (string, error) {
		attempt++
		var text string
		text, last = c.attempt(ctx, p, attempt, &done.Calls)
		return text, c.retryable(ctx, last)
	},
		backoff.WithBackOff(c.backOff()),
		backoff.WithMaxTries(uint(c.config.MaxAttempts)),
		backoff.WithMaxElapsedTime(0), // ctx bounds it
	)
	done.Text = text
	switch {
	case err == nil:
		return done, nil
	case ctx.Err() != nil:
		return done, fmt.Errorf("language model: %w; last: %w", context.Cause(ctx), last)
	default:
		return done, fmt.Errorf("language model, attempt %d: %w", attempt, last)
	}
}

func (c *Client) backOff() backoff.BackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = c.config.Backoff
	b.Multiplier = 2
	b.MaxInterval = maxBackoff
	return b
}

// retryable marks err for backoff: permanent when a retry cannot help or would come after ctx's deadline.
func (c *Client) retryable(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var failed *callError
	if !errors.As(err, &failed) || !failed.temporary {
		return backoff.Permanent(err)
	}
	if !failed.waitGiven {
		return err
	}
	deadline, ok := ctx.Deadline()
	if failed.wait > maxBackoff || (ok && time.Until(deadline) <= failed.wait) {
		return backoff.Permanent(err)
	}
	return fmt.Errorf("%w: %w", err, &backoff.RetryAfterError{Duration: failed.wait})
}

// attempt makes one request, or two when the server refuses the first for its response_format.
func (c *Client) attempt(
	ctx context.Context, p synthesis.Prompt, attempt int, calls *[]synthesis.Call,
) (string, error) {
	withFormat := !c.noFormat.Load()
	text, err := c.call(ctx, p, withFormat, attempt, calls)
	var failed *callError
	if withFormat && errors.As(err, &failed) && failed.formatRefused {
		c.noFormat.Store(true)
		return c.call(ctx, p, false, attempt, calls)
	}
	return text, err
}

// request is p in the API's terms. Reasoning models refuse max_tokens and a temperature; all others,
// and the servers that imitate them, know max_tokens.
func (c *Client) request(p synthesis.Prompt, withFormat bool) goopenai.ChatCompletionRequest {
	r := goopenai.ChatCompletionRequest{
		Model: c.config.Model,
		Messages: []goopenai.ChatCompletionMessage{
			{Role: goopenai.ChatMessageRoleSystem, Content: p.System},
			{Role: goopenai.ChatMessageRoleUser, Content: p.User},
		},
	}
	if reasons(c.config.Model) {
		r.MaxCompletionTokens = p.MaxTokens * reasoningShare
	} else {
		r.MaxTokens = p.MaxTokens //nolint:staticcheck // what most compatible servers know
		r.Temperature = temperature
	}
	if withFormat {
		r.ResponseFormat = responseFormat(p)
	}
	return r
}

func responseFormat(p synthesis.Prompt) *goopenai.ChatCompletionResponseFormat {
	if len(p.Schema) == 0 {
		return &goopenai.ChatCompletionResponseFormat{Type: goopenai.ChatCompletionResponseFormatTypeJSONObject}
	}
	return &goopenai.ChatCompletionResponseFormat{
		Type: goopenai.ChatCompletionResponseFormatTypeJSONSchema,
		JSONSchema: &goopenai.ChatCompletionResponseFormatJSONSchema{
			Name: "note", Schema: p.Schema, Strict: true,
		},
	}
}

// reasoningShare is how many times the answer's tokens a reasoning model gets, since it thinks in them.
const reasoningShare = 4

// reasons says whether OpenAI's model of that name reasons.
func reasons(model string) bool {
	for _, prefix := range []string{"o1", "o3", "o4", "gpt-5", "gpt-6"} {
		if strings.HasPrefix(model, prefix) {
			return true
		}
	}
	return false
}
