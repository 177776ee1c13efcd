package openai

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptrace"
	"sync/atomic"

	goopenai "github.com/sashabaranov/go-openai"

	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// outcome says in the log how a call ended.
type outcome string

const (
	outcomeOK        outcome = "ok"
	outcomeTruncated outcome = "truncated"
	outcomeRefused   outcome = "refused"
	outcomeEmpty     outcome = "empty"
	outcomeFailed    outcome = "failed"
)

// call makes one HTTP request, and logs, traces and accounts for it.
func (c *Client) call(
	ctx context.Context, p synthesis.Prompt, h habit, attempt int, to *synthesis.Completion,
) (string, error) {
	ctx, span := c.span(ctx, to.Model, attempt)
	callCtx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	var sent atomic.Bool
	traced := httptrace.WithClientTrace(callCtx, &httptrace.ClientTrace{
		WroteRequest: func(info httptrace.WroteRequestInfo) { sent.Store(info.Err == nil) },
	})
	started := c.config.Clock()
	response, err := c.api.CreateChatCompletion(traced, request(p, to.Model, h))
	ended := c.config.Clock()

	var (
		text string
		how  = outcomeFailed
	)
	if err != nil {
		err = c.classify(callCtx, p, err, response.Header(), ended)
	} else {
		text, how, err = read(response)
	}
	done := synthesis.Call{Model: to.Model, At: started, Duration: ended.Sub(started)}
	switch {
	case how != outcomeFailed:
		c.account(ctx, &done, response.Usage, p, text)
	case sent.Load() && callCtx.Err() != nil:
		// The server goes on with what nobody waits for any more, and charges it.
		c.account(ctx, &done, goopenai.Usage{}, p, "")
	}
	if err != nil {
		done.Error, done.Failure = err.Error(), failureOf(err)
	}
	to.Calls, to.Truncated = append(to.Calls, done), how == outcomeTruncated
	c.record(ctx, done, attempt, how)
	endSpan(span, done, response.Model, how, err)
	return text, err
}

// read takes the text out of a response, which may hold none for several reasons.
func read(r goopenai.ChatCompletionResponse) (string, outcome, error) {
	if len(r.Choices) == 0 {
		return "", outcomeEmpty, fmt.Errorf("no choices: %w", synthesis.ErrNoAnswer)
	}
	choice := r.Choices[0]
	switch {
	case choice.FinishReason == goopenai.FinishReasonContentFilter:
		return "", outcomeRefused, fmt.Errorf("content filter: %w", synthesis.ErrRefused)
	case choice.Message.Refusal != "":
		// The refusal's own words are the model's, and may repeat the ticket's.
		return "", outcomeRefused, fmt.Errorf("refusal: %w", synthesis.ErrRefused)
	case choice.Message.Content == "" && len(choice.Message.ToolCalls) > 0:
		return "", outcomeEmpty, fmt.Errorf("it wants a tool, and was offered none: %w", synthesis.ErrNoAnswer)
	case choice.Message.Content == "" && choice.FinishReason == goopenai.FinishReasonLength:
		return "", outcomeEmpty, fmt.Errorf("cut off before its answer began: %w", synthesis.ErrNoAnswer)
	case choice.Message.Content == "":
		return "", outcomeEmpty, fmt.Errorf("no text: %w", synthesis.ErrNoAnswer)
	case choice.FinishReason == goopenai.FinishReasonLength:
		return choice.Message.Content, outcomeTruncated, nil
	default:
		return choice.Message.Content, outcomeOK, nil
	}
}

func (c *Client) record(ctx context.Context, done synthesis.Call, attempt int, how outcome) {
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String(telemetry.KeyCall, "chat_completion"),
		telemetry.Host(c.config.BaseURL),
		slog.String("model", done.Model),
		slog.Int("attempt", attempt),
		slog.String("outcome", string(how)),
		slog.Int("prompt_tokens", done.PromptTokens),
		slog.Int("cached_tokens", done.CachedTokens),
		slog.Int("completion_tokens", done.CompletionTokens),
		slog.Bool("estimated", done.Estimated),
		slog.Float64("cost_usd", done.CostUSD),
		slog.Duration("duration", done.Duration),
	}
	if how != outcomeOK {
		level = slog.LevelWarn
	}
	if done.Error != "" {
		attrs = append(attrs, slog.String("error", done.Error))
	}
	c.config.Logger.LogAttrs(ctx, level, "language model called", attrs...)
}
