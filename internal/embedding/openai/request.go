package openai

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	goopenai "github.com/sashabaranov/go-openai"

	"github.com/ai-agents/ai-agents/internal/embedding"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// request makes one HTTP request and fills results, which are as many as texts. It fails with a *failure.
func (c *Client) request(ctx context.Context, texts []string, results []embedding.Result) error {
	asked, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	started := time.Now()
	response, err := c.api.CreateEmbeddings(asked, goopenai.EmbeddingRequestStrings{
		Input: texts, Model: goopenai.EmbeddingModel(c.config.Model),
		// Numbers and not base64, which not every compatible server knows.
		EncodingFormat: goopenai.EmbeddingEncodingFormatFloat,
	})
	var failed *failure
	if err != nil {
		failed = c.classify(asked, err, response.Header())
	} else {
		failed = take(response.Data, results)
	}
	c.record(ctx, len(texts), response.Usage.PromptTokens, time.Since(started), failed)
	if failed != nil {
		return failed
	}
	return nil
}

// take puts vectors where their indexes say. A vector without a direction is its text's own failure, unless
// all of them are like that.
func take(data []goopenai.Embedding, results []embedding.Result) *failure {
	if len(data) != len(results) {
		return &failure{message: fmt.Sprintf("%d vectors for %d texts", len(data), len(results)), temporary: true, byText: true}
	}
	var unusable *failure
	taken := make([]embedding.Result, len(results))
	done := make([]bool, len(results))
	good := 0
	for _, d := range data {
		if d.Index < 0 || d.Index >= len(done) || done[d.Index] {
			return &failure{message: "an index is missing or repeated among the vectors", temporary: true, byText: true}
		}
		done[d.Index] = true
		vector, err := embedding.NewVector(d.Embedding)
		if err != nil {
			unusable = &failure{message: err.Error(), byText: true}
			taken[d.Index].Err = unusable.refusal()
			continue
		}
		taken[d.Index].Vector = vector
		good++
	}
	if good == 0 {
		return unusable
	}
	if err := sameDimensions(taken); err != nil {
		return err
	}
	copy(results, taken)
	return nil
}

// sameDimensions refuses vectors that cannot be of one model.
func sameDimensions(results []embedding.Result) *failure {
	first := 0
	for _, r := range results {
		n := len(r.Vector)
		if first != 0 && n != 0 && n != first {
			return &failure{message: fmt.Sprintf("vectors of %d and of %d dimensions", first, n), temporary: true}
		}
		first = max(first, n)
	}
	return nil
}

func (c *Client) record(ctx context.Context, texts, tokens int, took time.Duration, failed *failure) {
	attrs := []slog.Attr{
		slog.String(telemetry.KeyCall, "embeddings"), telemetry.Host(c.config.BaseURL),
		slog.String("model", c.config.Model), slog.Int("texts", texts), slog.Int("prompt_tokens", tokens),
		slog.Duration("duration", took),
	}
	if failed == nil {
		c.config.Logger.LogAttrs(ctx, slog.LevelDebug, "texts embedded", attrs...)
		return
	}
	c.config.Logger.LogAttrs(ctx, slog.LevelWarn, "texts not embedded", append(attrs, slog.String("error", failed.message))...)
}
