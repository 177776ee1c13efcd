package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"unicode/utf8"

	goopenai "github.com/sashabaranov/go-openai"

	"github.com/ai-agents/ai-agents/internal/synthesis"
)

// account enters the tokens and what they cost. A server that reports none is not taken to be free: its tokens are estimated. So
// are those of a server that reports more than there can be, for its word is charged to the tenant.
func (c *Client) account(ctx context.Context, done *synthesis.Call, u goopenai.Usage, p synthesis.Prompt, text string) {
	done.PromptTokens, done.CompletionTokens = u.PromptTokens, u.CompletionTokens
	if details := u.PromptTokensDetails; details != nil {
		done.CachedTokens = max(0, details.CachedTokens)
	}
	none := u.PromptTokens == 0 && u.CompletionTokens == 0
	if none || !within(u.PromptTokens, mostPrompt(p)) {
		done.PromptTokens, done.CachedTokens, done.Estimated = tokens(p.System+p.User), 0, true
	}
	if none || !within(u.CompletionTokens, mostCompletion(p, text)) {
		done.CompletionTokens, done.Estimated = tokens(text), true
	}
	if done.Estimated && !none {
		c.config.Logger.WarnContext(ctx, "the usage that a language model reports is not possible, it is estimated", "model", done.Model,
			"reported_prompt_tokens", u.PromptTokens, "reported_completion_tokens", u.CompletionTokens)
	}
	done.CachedTokens = min(done.CachedTokens, done.PromptTokens)
	price, known := c.config.price(done.Model)
	done.CostUSD, done.Unpriced = price.cost(done.PromptTokens, done.CachedTokens, done.CompletionTokens), !known
}

// tokens estimates the tokens of text: about four characters each in English, by OpenAI's rule of thumb
// (https://platform.openai.com/tokenizer).
func tokens(text string) int {
	const runesPerToken = 4
	return (utf8.RuneCountInString(text) + runesPerToken - 1) / runesPerToken
}

func within(n, most int) bool { return n >= 0 && n <= most }

// mostPrompt is how many tokens p can have: no tokenizer makes more of them than there are bytes, whatever the language, and a server
// adds its template, and what it makes of the schema.
func mostPrompt(p synthesis.Prompt) int {
	const added = 16_384
	return len(p.System) + len(p.User) + len(p.Schema) + added
}

// mostCompletion is how many tokens an answer can have taken: what is in it, what was asked for at most by a server that counts in
// its own way, and the thoughts of a model that heeds no limit for them.
func mostCompletion(p synthesis.Prompt, text string) int {
	const (
		allowance = 10
		thoughts  = 65_536
	)
	return len(text) + allowance*p.MaxTokens + thoughts
}

// usage is what a server says that it took. It is never a reason to fail: the answer is there, and paid for.
type usage struct {
	Prompt     count `json:"prompt_tokens"`
	Completion count `json:"completion_tokens"`
	Details    struct {
		Cached count `json:"cached_tokens"`
	} `json:"prompt_tokens_details"`
}

// UnmarshalJSON reads what can be read, and takes the rest for not reported.
func (u *usage) UnmarshalJSON(raw []byte) error {
	type plain usage
	_ = json.Unmarshal(raw, (*plain)(u)) // a part in another shape stays 0
	return nil
}

// count is a number of tokens: some servers count in floats, some write them as texts. What is none is 0; what is too large or
// negative is impossible.
type count int

// impossible is not reported by anyone who counts.
const impossible = -1

// UnmarshalJSON reads a count.
func (c *count) UnmarshalJSON(raw []byte) error {
	const most = 1 << 30 // more than any model takes, and less than overflows anything
	n, err := strconv.ParseFloat(string(bytes.Trim(raw, `" `)), 64)
	switch {
	case n >= 0 && n <= most:
		*c = count(n)
	case err == nil || n != 0: // infinite, or not a number
		*c = impossible
	}
	return nil
}
