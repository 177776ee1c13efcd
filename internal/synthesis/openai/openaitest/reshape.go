package openaitest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// write writes the body of an answer in the shape.
func (s Shape) write(w http.ResponseWriter, body map[string]any) {
	s.reform(body)
	encoded, err := json.Marshal(body)
	if err != nil {
		panic(err) // made of texts and numbers
	}
	out, kind := string(encoded), "application/json"
	switch s { //nolint:exhaustive // the others change nothing here
	case ShapeMarks:
		out = "\ufeff\ufeff" + out
	case ShapePlainType:
		kind = "text/plain; charset=utf-8"
	case ShapeCutOff:
		out = out[:len(out)/2]
	case ShapeStream, ShapeStreamCut:
		out, kind = s.events(body), "text/event-stream"
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write([]byte(out)) // the client has gone; nobody is left to tell
}

// reform changes the message and the usage.
func (s Shape) reform(body map[string]any) {
	choices, _ := body["choices"].([]any)
	if len(choices) == 0 {
		return
	}
	choice, _ := choices[0].(map[string]any)
	message, _ := choice["message"].(map[string]any)
	text, _ := message["content"].(string)
	const thoughts = "The user wants {\"summary\": \"nothing\"}, or not."
	tools := []any{map[string]any{"id": "call_1", "type": "function", "function": map[string]any{"name": "open", "arguments": "{}"}}}
	change, ok := map[Shape]func(){
		ShapeUsageNull:    func() { body["usage"] = nil },
		ShapeCachedPrompt: func() { cacheHalf(body["usage"]) },
		ShapeParts: func() {
			message["content"] = []any{map[string]any{"type": "text", "text": text[:len(text)/2]}, map[string]any{"type": "text", "text": text[len(text)/2:]}}
		},
		ShapeThoughts:    func() { message["content"] = "<think>\n" + thoughts + "\n</think>\n\n" + text },
		ShapeThoughtsEnd: func() { message["content"] = thoughts + "\n</think>\n\n" + text },
		ShapeReasoning:   func() { message["reasoning_content"], message["reasoning"] = thoughts, thoughts },
		ShapeFilterClean: func() {
			clean := map[string]any{
				"hate": map[string]any{"filtered": false, "severity": "safe"}, "jailbreak": map[string]any{"filtered": false, "detected": false},
			}
			body["prompt_filter_results"] = []any{map[string]any{"prompt_index": 0, "content_filter_results": clean}}
			choice["content_filter_results"] = clean
		},
		ShapeToolsBeside: func() { message["tool_calls"] = tools },
		ShapeRefusal:     func() { message["content"], message["refusal"] = nil, "I cannot help with that." },
		ShapeNullContent: func() { message["content"] = nil },
		ShapeToolsOnly: func() {
			message["content"], message["tool_calls"], choice["finish_reason"] = nil, tools, "tool_calls"
		},
		ShapeThoughtsOnly: func() { message["content"], choice["finish_reason"] = "<think>\n"+thoughts, "length" },
	}[s]
	if ok {
		change()
	}
}

func cacheHalf(usage any) {
	if usage, ok := usage.(map[string]any); ok {
		prompt, _ := usage["prompt_tokens"].(int)
		usage["prompt_tokens_details"] = map[string]any{"cached_tokens": prompt / 2}
	}
}

// events are the answer in pieces of a few bytes, cut at any rune.
func (s Shape) events(body map[string]any) string {
	choices, _ := body["choices"].([]any)
	choice, _ := choices[0].(map[string]any)
	message, _ := choice["message"].(map[string]any)
	text, _ := message["content"].(string)
	var out strings.Builder
	out.WriteString(": keep-alive\n\n")
	event := func(choices []any, more map[string]any) {
		piece := map[string]any{"object": "chat.completion.chunk", "model": body["model"], "choices": choices}
		maps.Copy(piece, more)
		encoded, err := json.Marshal(piece)
		if err != nil {
			panic(err) // made of texts and numbers
		}
		out.WriteString("data: " + string(encoded) + "\n\n")
	}
	const piece = 32
	for runes := range slices.Chunk([]rune(text), piece) {
		event([]any{map[string]any{"index": 0, "delta": map[string]any{"content": string(runes)}, "finish_reason": nil}}, nil)
	}
	if s == ShapeStreamCut {
		return out.String()
	}
	event([]any{map[string]any{"index": 0, "delta": map[string]any{}, "finish_reason": choice["finish_reason"]}}, nil)
	event([]any{}, map[string]any{"usage": body["usage"]})
	return out.String() + "data: [DONE]\n\n"
}
