package openai

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/embedding"
	"github.com/ai-agents/ai-agents/internal/gather"
)

// probeText is sent to learn whether a server works for anybody.
const probeText = "The printer is out of paper."

// embedBatch asks for one batch. When the server refuses it in a way that a text may have caused, a harmless
// text is tried; if that has a vector, the server works, and the batch is halved until the texts to blame are
// alone.
func (c *Client) embedBatch(ctx context.Context, texts []string, results []embedding.Result) error {
	err := c.request(ctx, texts, results)
	var failed *failure
	if !errors.As(err, &failed) || !failed.byText {
		return err
	}
	if len(texts) == 1 && failed.temporary {
		return err // asking again is as good as a probe
	}
	if err := c.probe(ctx); err != nil {
		return err
	}
	c.config.Logger.WarnContext(ctx, "embeddings refused, looking for the texts to blame",
		"texts", len(texts), "error", failed)
	if err := c.isolate(ctx, texts, results, failed); err != nil {
		return err
	}
	return noneDone(results)
}

// probe says why the server refuses even a text that no server has a reason to refuse; nil when it does not.
func (c *Client) probe(ctx context.Context) error {
	err := c.request(ctx, []string{probeText}, make([]embedding.Result, 1))
	var failed *failure
	if !errors.As(err, &failed) || !failed.byText {
		return err
	}
	// The server's words are about our own text, and may be passed on.
	message := "even a test text has no vector: " + c.clean(failed.message, failed.words)
	if !failed.temporary {
		message += "; check EMBEDDINGS_MODEL"
	}
	return &failure{message: message, cause: failed.cause, temporary: failed.temporary, wait: failed.wait}
}

// isolate embeds what it can of texts, which failed together.
func (c *Client) isolate(ctx context.Context, texts []string, results []embedding.Result, failed *failure) error {
	if len(texts) == 1 {
		return c.alone(ctx, texts[0], &results[0], failed)
	}
	half := len(texts) / 2
	for _, part := range []struct{ from, to int }{{0, half}, {half, len(texts)}} {
		err := c.request(ctx, texts[part.from:part.to], results[part.from:part.to])
		var again *failure
		if errors.As(err, &again) && again.byText {
			err = c.isolate(ctx, texts[part.from:part.to], results[part.from:part.to], again)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// leastShortened is the length, in characters, below which a text is not shortened further: the smallest
// models take 256 tokens or more.
const leastShortened = 256

// alone judges a text that failed by itself. The beginning of one that is too long is better than nothing.
func (c *Client) alone(ctx context.Context, text string, result *embedding.Result, failed *failure) error {
	for failed.tooLong {
		half := utf8.RuneCountInString(text) / 2
		if half < leastShortened {
			break
		}
		text = gather.Excerpt(text, half)
		results := make([]embedding.Result, 1)
		err := c.request(ctx, []string{text}, results)
		if err == nil {
			*result = results[0]
			return nil
		}
		if !errors.As(err, &failed) || !failed.byText {
			return err
		}
	}
	if failed.temporary {
		result.Err = failed
	} else {
		result.Err = failed.refusal()
	}
	return nil
}

// noneDone is the failure that all results have in common: a server that fails every text is broken,
// whatever a probe says.
func noneDone(results []embedding.Result) error {
	for _, r := range results {
		var failed *failure
		if !errors.As(r.Err, &failed) || !failed.temporary {
			return nil
		}
	}
	var failed *failure
	errors.As(results[0].Err, &failed)
	clear(results)
	return failed
}
