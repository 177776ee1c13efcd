package openai

import (
	"cmp"
	"context"
	"encoding/json"
	"math"

	goopenai "github.com/sashabaranov/go-openai"

	"github.com/ai-agents/ai-agents/internal/synthesis"
)

// temperature is low, because a note should say what the sources say.
const temperature = 0.1

// reasoningShare is how many times the answer's tokens a reasoning model gets, since it thinks in them.
const reasoningShare = 4

// model is the one that p is put to: the one it asks for, if that may be asked here.
func (c *Client) model(ctx context.Context, p synthesis.Prompt) string {
	if p.Model == "" || c.config.Offers(p.Model) {
		return cmp.Or(p.Model, c.config.Model)
	}
	// The draft's account tells, once; this is told at every request.
	c.config.Logger.DebugContext(ctx, "the tenant's model is not offered, the usual one is asked",
		"tenant_id", p.TenantID, "preferred", p.Model, "model", c.config.Model)
	return c.config.Model
}

// request is p in the API's terms, as far as the model takes them.
func request(p synthesis.Prompt, model string, h habit) goopenai.ChatCompletionRequest {
	r := goopenai.ChatCompletionRequest{
		Model: model,
		Messages: []goopenai.ChatCompletionMessage{
			{Role: goopenai.ChatMessageRoleSystem, Content: p.System},
			{Role: goopenai.ChatMessageRoleUser, Content: p.User},
		},
		ResponseFormat: responseFormat(p.Schema, h.format),
	}
	if h.completionTokens {
		r.MaxCompletionTokens = p.MaxTokens * reasoningShare
	} else {
		r.MaxTokens = p.MaxTokens //nolint:staticcheck // what most compatible servers know
	}
	if !h.plain {
		r.Temperature = temperature
		if p.Temperature != nil {
			// The library leaves a zero out of the request, and servers then take their own, which is 1.
			r.Temperature = max(float32(*p.Temperature), math.SmallestNonzeroFloat32)
		}
	}
	return r
}

func responseFormat(schema json.RawMessage, f format) *goopenai.ChatCompletionResponseFormat {
	switch {
	case f == formatNone:
		return nil
	case f == formatObject || len(schema) == 0:
		return &goopenai.ChatCompletionResponseFormat{Type: goopenai.ChatCompletionResponseFormatTypeJSONObject}
	default:
		return &goopenai.ChatCompletionResponseFormat{
			Type:       goopenai.ChatCompletionResponseFormatTypeJSONSchema,
			JSONSchema: &goopenai.ChatCompletionResponseFormatJSONSchema{Name: "note", Schema: schema, Strict: true},
		}
	}
}
