package openai

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"

	goopenai "github.com/sashabaranov/go-openai"
)

// Servers answer in more shapes than the library reads. Before it does, their answers are brought into one; what is in none
// that we know is left as it is, for the library to complain of.

// completion is what we read of an answer, in any shape.
type completion struct {
	Choices []choice        `json:"choices"`
	Usage   *usage          `json:"usage"`
	Error   json.RawMessage `json:"error"`
}

type choice struct {
	FinishReason string  `json:"finish_reason"`
	Message      message `json:"message"`
	Delta        message `json:"delta"` // in the place of Message in a stream
}

type message struct {
	Content   content           `json:"content"`
	Refusal   string            `json:"refusal"`
	ToolCalls []json.RawMessage `json:"tool_calls"`
}

// content is a text, or a list of parts that have one each.
type content string

// UnmarshalJSON takes the texts of a list's parts together; null is no text.
func (c *content) UnmarshalJSON(raw []byte) error {
	var text string
	err := json.Unmarshal(raw, &text)
	if err == nil {
		*c = content(text)
		return nil
	}
	var parts []struct {
		Text    string `json:"text"`
		Refusal string `json:"refusal"`
	}
	if json.Unmarshal(raw, &parts) != nil {
		return err
	}
	for _, part := range parts {
		*c += content(part.Text)
	}
	return nil
}

// uniform is the body of an answer with a status of success in the shape that the library reads. An *insideError says that
// it is a failure after all.
func uniform(body []byte) ([]byte, error) {
	var (
		got completion
		err error
	)
	if isStream(body) {
		got, err = readStream(body)
	} else {
		err = json.Unmarshal(body, &got)
	}
	if err != nil {
		return body, streamCut(err)
	}
	if len(got.Choices) == 0 && present(got.Error) {
		return nil, newInsideError(got.Error)
	}
	encoded, err := json.Marshal(got.library())
	if err != nil {
		return body, nil //nolint:nilerr // the library finds the same, and says what it is
	}
	return encoded, nil
}

func (c completion) library() goopenai.ChatCompletionResponse {
	r := goopenai.ChatCompletionResponse{Choices: []goopenai.ChatCompletionChoice{}}
	for _, choice := range c.Choices {
		m := goopenai.ChatCompletionMessage{
			Role: goopenai.ChatMessageRoleAssistant, Content: withoutThoughts(string(choice.Message.Content)), Refusal: choice.Message.Refusal,
		}
		if len(choice.Message.ToolCalls) > 0 {
			m.ToolCalls = []goopenai.ToolCall{{}}
		}
		r.Choices = append(r.Choices, goopenai.ChatCompletionChoice{
			FinishReason: goopenai.FinishReason(choice.FinishReason), Message: m,
		})
	}
	if c.Usage != nil {
		r.Usage.PromptTokens, r.Usage.CompletionTokens = int(c.Usage.Prompt), int(c.Usage.Completion)
		r.Usage.PromptTokensDetails = &goopenai.PromptTokensDetails{CachedTokens: int(c.Usage.Details.Cached)}
	}
	return r
}

const (
	thinkBegin = "<think>"
	thinkEnd   = "</think>"
)

// withoutThoughts leaves out what a reasoning model wrote to itself before its answer, where the server does not keep the two
// apart. Some models' templates begin the thoughts, so that only their end is in the text. An end inside of an answer,
// which a ticket may have put there, is none.
func withoutThoughts(text string) string {
	trimmed := strings.TrimSpace(text)
	if trimmed == "" || !strings.HasPrefix(trimmed, thinkBegin) && strings.ContainsAny(trimmed[:1], "{`") {
		return text
	}
	_, answer, ended := strings.Cut(trimmed, thinkEnd)
	switch {
	case ended:
		return strings.TrimSpace(answer)
	case strings.HasPrefix(trimmed, thinkBegin):
		return "" // it thought until it was cut off
	default:
		return text
	}
}

// present says whether a member of an object holds anything.
func present(raw json.RawMessage) bool {
	trimmed := bytes.TrimSpace(raw)
	return len(trimmed) > 0 && string(trimmed) != "null" && string(trimmed) != `""` && string(trimmed) != "{}"
}

// uniformError is the body of an answer with a status of failure in the shape that the library reads: Ollama has said
// {"error": "…"}, vLLM {"message": "…", "code": 400}, and what is made with FastAPI, {"detail": "…"} or a list of complaints.
func uniformError(body []byte) []byte {
	var got struct {
		Error   json.RawMessage `json:"error"`
		Message json.RawMessage `json:"message"`
		Detail  json.RawMessage `json:"detail"`
	}
	if json.Unmarshal(body, &got) != nil && !json.Valid(body) {
		return body
	}
	said := body
	for _, raw := range []json.RawMessage{got.Error, got.Message, got.Detail} {
		if present(raw) {
			said = raw
			break
		}
	}
	if !present(got.Error) && present(got.Message) {
		said = body // an error object that is not inside of another
	}
	encoded, err := json.Marshal(map[string]any{"error": readError(said)})
	if err != nil {
		return body
	}
	return encoded
}

// readError reads what servers say of a failure: an object, or words.
func readError(raw json.RawMessage) *goopenai.APIError {
	var object struct {
		Message any `json:"message"`
		Type    any `json:"type"`
		Code    any `json:"code"`
		Param   any `json:"param"`
		Inner   struct {
			Code string `json:"code"`
		} `json:"innererror"`
	}
	if json.Unmarshal(raw, &object) != nil || object.Message == nil {
		return &goopenai.APIError{Message: words(raw)}
	}
	e := &goopenai.APIError{Message: wordsOf(object.Message), Type: plainText(object.Type), Code: object.Code}
	if n, ok := object.Code.(float64); ok {
		e.Code = int(n)
	}
	if object.Inner.Code == azureFiltered {
		e.Code = codeFiltered
	}
	if param := plainText(object.Param); param != "" {
		e.Param = &param
	}
	return e
}

// unknownShape is said in the place of what is in no shape that we know: it may hold anything, the prompt as well.
const unknownShape = "(in a form that is not known)"

// words is a text that stands alone, or what a list of complaints says. JSON itself is never passed on: beside what is wrong, servers
// put what they were given.
func words(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	// As pydantic has them, and with it whatever is made with FastAPI.
	var complaints []struct {
		Place   []any  `json:"loc"`
		Message string `json:"msg"`
		Type    string `json:"type"`
	}
	if json.Unmarshal(raw, &complaints) != nil {
		return unknownShape
	}
	var said []string
	for _, c := range complaints {
		var place []string
		for _, part := range c.Place {
			place = append(place, plainText(part))
		}
		said = append(said, strings.Trim(strings.Join(place, ".")+": "+c.Message+" "+c.Type, ": "))
	}
	return cmp.Or(strings.Join(said, "; "), unknownShape)
}

func wordsOf(v any) string {
	encoded, err := json.Marshal(v)
	if err != nil {
		return unknownShape
	}
	return words(encoded)
}

func plainText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		encoded, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(encoded)
	}
}
