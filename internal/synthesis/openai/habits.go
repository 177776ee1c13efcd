package openai

import (
	"strings"
	"sync"

	goopenai "github.com/sashabaranov/go-openai"
)

// format is how much of response_format a model takes.
type format int

const (
	formatSchema format = iota
	formatObject        // JSON of any form
	formatNone
)

// habit is what of a request a model takes.
type habit struct {
	format format
	// completionTokens asks for max_completion_tokens in place of max_tokens, and plain for no temperature.
	completionTokens, plain bool
}

// refusal is what of a request a server refused.
type refusal int

const (
	refusedNothing refusal = iota
	refusedFormat
	refusedMaxTokens
	refusedTemperature
)

// without is h without what was refused; h itself when nothing is left to leave out.
func (h habit) without(r refusal) habit {
	switch r {
	case refusedNothing:
	case refusedFormat:
		h.format = min(h.format+1, formatNone)
	case refusedMaxTokens:
		h.completionTokens = true
	case refusedTemperature:
		h.plain = true
	}
	return h
}

// habits remembers of each model what its server refused, so that later calls do not ask again. A server that has learnt
// better is found out at the next start.
type habits struct {
	mu     sync.Mutex
	models map[string]habit
}

// of is the habit of a model.
func (s *habits) of(model string) habit {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, known := s.models[model]
	if !known {
		h.completionTokens, h.plain = reasons(model), reasons(model)
	}
	return h
}

// learn remembers that a request with the habit used was refused, and says whether another one is worth a try.
func (s *habits) learn(model string, used habit, r refusal) bool {
	better := used.without(r)
	if better == used {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.models == nil {
		s.models = make(map[string]habit)
	}
	// Another call may have learnt something else meanwhile.
	known := s.models[model]
	s.models[model] = habit{
		format:           max(known.format, better.format),
		completionTokens: known.completionTokens || better.completionTokens,
		plain:            known.plain || better.plain,
	}
	return true
}

// refused reads what of a request a server did not take.
func refused(e *goopenai.APIError) refusal {
	words, param := strings.ToLower(e.Message), ""
	if e.Param != nil {
		param = strings.ToLower(*e.Param)
	}
	code, _ := e.Code.(string)
	unsupported := code == "unsupported_parameter" || code == "unsupported_value"
	switch {
	case strings.Contains(words, "use 'max_completion_tokens'") || unsupported && param == "max_tokens":
		return refusedMaxTokens
	case unsupported && param == "temperature":
		return refusedTemperature
	case containsAny(param+" "+words, "response_format", "json_schema", "json_object", "response format"):
		return refusedFormat
	default:
		return refusedNothing
	}
}

func containsAny(s string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}

// reasons says whether OpenAI's model of that name reasons. Those refuse max_tokens and a temperature; all others, and the
// servers that imitate them, know max_tokens.
func reasons(model string) bool {
	for _, prefix := range []string{"o1", "o3", "o4", "gpt-5", "gpt-6"} {
		if strings.HasPrefix(model, prefix) {
			return true
		}
	}
	return false
}
