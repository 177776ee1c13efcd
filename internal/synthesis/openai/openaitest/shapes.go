package openaitest

import (
	"net/http"
	"slices"
)

// Shape is a form of answer that some server gives and OpenAI's own documentation does not lead one to expect. The words are
// examples in the manner of those servers.
type Shape string

// The shapes. The first ones hold the answer, the others are failures.
const (
	ShapeUsageNull    Shape = "usage_null"
	ShapeCachedPrompt Shape = "cached_prompt" // half of the prompt was read before
	ShapeParts        Shape = "parts"         // the content is a list of texts
	ShapeThoughts     Shape = "thoughts"      // Ollama's and vLLM's, of reasoning models: in the content
	ShapeThoughtsEnd  Shape = "thoughts_end"  // the same, where the template begins the thoughts
	ShapeReasoning    Shape = "reasoning"     // the same, beside the content
	ShapeFilterClean  Shape = "filter_clean"  // Azure's, of a filter that found nothing
	ShapeToolsBeside  Shape = "tools_beside"  // calls of tools that were never offered, beside the content
	ShapeStream       Shape = "stream"        // events, though none were asked for
	ShapeMarks        Shape = "marks"         // two byte order marks before the body
	ShapePlainType    Shape = "plain_type"    // as text/plain
	ShapeNoSchema     Shape = "no_schema"     // json_schema is refused, json_object is not
	ShapeNoMaxTokens  Shape = "no_max_tokens" // max_tokens is refused, max_completion_tokens is not

	ShapeRefusal      Shape = "refusal"
	ShapeNullContent  Shape = "null_content"
	ShapeToolsOnly    Shape = "tools_only"
	ShapeThoughtsOnly Shape = "thoughts_only" // it thought until it was cut off
	ShapeFilter       Shape = "filter"        // Azure's, of a prompt
	ShapeTooLong      Shape = "too_long"      // vLLM's
	ShapeNoModel      Shape = "no_model"      // Ollama's
	ShapeQuota        Shape = "quota"         // 429 that does not pass
	ShapeReset        Shape = "reset"         // 429 that says only when a limit is free again
	ShapeInside429    Shape = "inside_429"    // OpenRouter's: 200, and the status in the body
	ShapeCutOff       Shape = "cut_off"       // half of a body
	ShapeStreamCut    Shape = "stream_cut"    // half of a stream
)

// Shapes are all of them, for a server that answers with each.
func Shapes() []Shape {
	return []Shape{
		ShapeUsageNull, ShapeCachedPrompt, ShapeParts, ShapeThoughts, ShapeThoughtsEnd, ShapeReasoning, ShapeFilterClean, ShapeToolsBeside,
		ShapeStream, ShapeMarks, ShapePlainType, ShapeNoSchema, ShapeNoMaxTokens, ShapeRefusal, ShapeNullContent, ShapeToolsOnly,
		ShapeThoughtsOnly, ShapeFilter, ShapeTooLong, ShapeNoModel, ShapeQuota, ShapeReset, ShapeInside429, ShapeCutOff, ShapeStreamCut,
	}
}

func (s Shape) valid() bool { return s == "" || slices.Contains(Shapes(), s) }

// shapedFailure is an answer that is none.
type shapedFailure struct {
	status int
	body   string
	header map[string]string
	// of says which requests are answered so; nil for all.
	of func(request) bool
}

func (s Shape) failure() (shapedFailure, bool) {
	f, ok := map[Shape]shapedFailure{
		ShapeNoSchema: {
			status: http.StatusBadRequest,
			body: `{"error":{"message":"response_format value as json_schema is not enabled here",` +
				`"type":"invalid_request_error","param":"response_format","code":null}}`,
			of: func(r request) bool { return r.ResponseFormat != nil && r.ResponseFormat.Type == "json_schema" },
		},
		ShapeNoMaxTokens: {
			status: http.StatusBadRequest,
			body: `{"error":{"message":"Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",` +
				`"type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}}`,
			of: func(r request) bool { return r.MaxTokens != 0 },
		},
		ShapeFilter: {status: http.StatusBadRequest, body: `{"error":{"message":"The response was filtered.","type":null,"param":"prompt",` +
			`"code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation",` +
			`"content_filter_result":{"jailbreak":{"filtered":true,"detected":true}}}}}`},
		ShapeTooLong: {status: http.StatusBadRequest, body: `{"object":"error","message":"This model's maximum context length is 4096 tokens. ` +
			`However, 'max_tokens' or 'max_completion_tokens' is too large.","type":"BadRequestError","param":null,"code":400}`},
		ShapeNoModel: {status: http.StatusNotFound, body: `{"error":"model 'example' not found, try pulling it first"}`},
		ShapeQuota: {status: http.StatusTooManyRequests, body: `{"error":{"message":"You exceeded your current quota.",` +
			`"type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`},
		ShapeReset: {
			status: http.StatusTooManyRequests,
			body:   `{"error":{"message":"Rate limit reached.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}`,
			header: map[string]string{"X-Ratelimit-Remaining-Tokens": "0", "X-Ratelimit-Reset-Tokens": "1h0m0s"},
		},
		ShapeInside429: {status: http.StatusOK, body: `{"error":{"message":"The upstream provider is busy.","code":429}}`},
	}[s]
	return f, ok
}

// answerFailure answers in a shape that is a failure, and says with which status; 0 when it is none.
func (s Shape) answerFailure(w http.ResponseWriter, req request) int {
	f, ok := s.failure()
	if !ok || f.of != nil && !f.of(req) {
		return 0
	}
	w.Header().Set("Content-Type", "application/json")
	for name, value := range f.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(f.status)
	_, _ = w.Write([]byte(f.body)) // the client has gone; nobody is left to tell
	return f.status
}
