// Package openai asks any server that speaks OpenAI's chat completions API, on behalf of package
// synthesis. It owns what is particular to that API: which failures a retry can mend, what a call cost,
// and how an answer says that it is none.
package openai

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	goopenai "github.com/sashabaranov/go-openai"

	"github.com/ai-agents/ai-agents/internal/breaker"
	"github.com/ai-agents/ai-agents/internal/synthesis"
)

// maxBackoff bounds the wait between two attempts; a longer one is not worth a technician's while.
const maxBackoff = 10 * time.Second

// Client is a synthesis.LLM. It may be used concurrently.
type Client struct {
	config Config
	api    *goopenai.Client
	habits habits
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
	api := c.api()
	api.HTTPClient = newDoer(c.HTTPClient)
	return &Client{
		config: c, api: goopenai.NewClientWithConfig(api),
		breaker: breaker.New[synthesis.Completion](breaker.Options{Dead: dead, Switched: c.Switched}),
	}, nil
}

// Complete asks for a completion of p. It tries again, with exponential backoff and jitter or after the
// wait that the server asks for, when the server was busy, broken or out of reach; never when the same
// request would fail the same way. When several completions in a row have failed so, the next ones fail at once, for a short
// while. Errors match synthesis.ErrRefused, synthesis.ErrNoAnswer, synthesis.ErrTooLong, synthesis.ErrNotNow and synthesis.ErrNoPrice,
// context.DeadlineExceeded when time ran out, and contain no secret.
func (c *Client) Complete(ctx context.Context, p synthesis.Prompt) (synthesis.Completion, error) {
	if p.Limited {
		model := c.model(ctx, p)
		if _, known := c.config.price(model); !known {
			return synthesis.Completion{}, fmt.Errorf("%w: set the price of %s in LLM_PRICES", synthesis.ErrNoPrice, model)
		}
	}
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
		done    = synthesis.Completion{Model: c.model(ctx, p)}
		last    error
		attempt int
	)
	text, err := backoff.Retry(ctx, func() (string, error) {
		attempt++
		var text string
		text, last = c.attempt(ctx, p, attempt, &done)
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

// attempt makes one request, and another one without what the server refused of it, as long as there is something.
func (c *Client) attempt(
	ctx context.Context, p synthesis.Prompt, attempt int, to *synthesis.Completion,
) (string, error) {
	for {
		h := c.habits.of(to.Model)
		if len(p.Schema) == 0 {
			h.format = max(h.format, formatObject)
		}
		text, err := c.call(ctx, p, h, attempt, to)
		failed, ok := errors.AsType[*callError](err)
		if !ok || failed.refused == refusedNothing || !c.habits.learn(to.Model, h, failed.refused) {
			return text, err
		}
		c.config.Logger.WarnContext(ctx, "the server refuses part of a request, which is left out from now on", "model", to.Model, "error", err)
	}
}
