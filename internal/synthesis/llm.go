package synthesis

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// LLM completes a prompt. Complete honours ctx's deadline. The Completion's Calls are valid beside an
// error, because a failed request may have been charged too.
type LLM interface {
	Complete(ctx context.Context, p Prompt) (Completion, error)
}

// What an LLM may give instead of text, and what the note then says differently.
var (
	// ErrRefused says that the model or a filter in front of it declined to answer.
	ErrRefused = errors.New("the language model declined to answer")
	// ErrNoAnswer says that the server answered, but with no text.
	ErrNoAnswer = errors.New("the language model's answer is empty")
	// ErrTooLong says that the prompt is longer than the model takes.
	ErrTooLong = errors.New("the prompt is too long for the language model")
	// ErrNotNow says that it has failed again and again, and is left alone for a moment.
	ErrNotNow = errors.New("the language model is not asked for now")
	// ErrNoPrice says that nobody knows what the model costs, and that it may be asked only where that is known.
	ErrNoPrice = errors.New("the language model has no price, and the tenant's budget has a hard limit")
)

// Prompt is what a model is asked.
type Prompt struct {
	// System carries our rules and nothing else; User carries data of unknown origin.
	System string
	User   string
	// Schema is the JSON Schema of the answer. A server that cannot enforce one may ignore it: the
	// rules say the same in words.
	Schema json.RawMessage
	// MaxTokens bounds the answer.
	MaxTokens int
	// TenantID is whose data it is. It is not sent.
	TenantID string
	// Model and Temperature are the tenant's choice; the LLM's own when empty and nil.
	Model       string
	Temperature *float64
	// Limited says that what is spent is limited: a model is asked only if its price is known.
	Limited bool
	// Usable says of an answer whether it is worth being given again to the same question; nil for any.
	Usable func(text string) bool
}

// Completion is a model's answer and what it took to get it.
type Completion struct {
	Text  string
	Calls []Call
	// Cached says that an earlier answer to the same question was given again, at no cost.
	Cached bool
	// Model is the one that was asked last, whose answer Text is.
	Model string
	// Fallback says that Text is the answer of another model than the one that was to be asked.
	Fallback bool
	// Truncated says that the answer goes on beyond what was asked for at most.
	Truncated bool
}

// Call accounts for one HTTP request to a model, failed ones included.
type Call struct {
	Model            string `json:"model"`
	PromptTokens     int    `json:"prompt_tokens"`
	CompletionTokens int    `json:"completion_tokens"`
	// CachedTokens are those of the prompt that the server had read before, which cost less.
	CachedTokens int `json:"cached_tokens,omitempty"`
	// Estimated says that the server reported no usage, or an impossible one, and the tokens were reckoned from the texts' length.
	Estimated bool    `json:"estimated,omitempty"`
	CostUSD   float64 `json:"cost_usd"`
	// Unpriced says that the model's price is not known, and CostUSD therefore 0.
	Unpriced bool          `json:"unpriced,omitempty"`
	Duration time.Duration `json:"duration_ns"`
	// Error is empty for a request that was answered; it never contains a secret.
	Error string    `json:"error,omitempty"`
	At    time.Time `json:"at"`
	// Failure is the kind of Error, for the metrics.
	Failure telemetry.LLMFailure `json:"-"`
}
