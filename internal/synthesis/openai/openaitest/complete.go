package openaitest

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"unicode/utf8"
)

// complete answers req as the faults say.
func (s *Server) complete(ctx context.Context, w http.ResponseWriter, req request) {
	f := s.takeFaults(EndpointChat)
	call := Call{
		At: s.now(), Model: req.Model, System: req.text("system"), User: req.text("user"),
		MaxTokens: max(req.MaxTokens, req.MaxCompletionTokens), Temperature: req.Temperature,
	}
	if req.ResponseFormat != nil {
		call.ResponseFormat = req.ResponseFormat.Type
	}
	defer func() { s.remember(call) }()

	if !s.pause(ctx, f.wait()) {
		return
	}
	if call.Status = f.failure(); call.Status != 0 {
		writeStatus(w, f)
		return
	}
	if f.RejectResponseFormat && req.ResponseFormat != nil {
		call.Status = http.StatusBadRequest
		writeError(w, call.Status, "invalid_request_error", "",
			"Invalid parameter: 'response_format' of this type is not supported with this model.", "response_format")
		return
	}
	if call.Status = f.Shape.answerFailure(w, req); call.Status != 0 {
		return
	}
	call.Status = http.StatusOK
	if f.FailureInside {
		writeFailureInside(w)
		return
	}
	call.Answer = text(f, call, s.Calls())
	f.Shape.write(w, s.completion(f, call))
}

// completion is the body of a response.
func (s *Server) completion(f Faults, call Call) map[string]any {
	finish, content := "stop", call.Answer
	switch {
	case f.ContentFilter:
		finish, content = "content_filter", ""
	case f.Truncated:
		finish = "length"
	}
	choices := []any{map[string]any{
		"index":         0,
		"finish_reason": finish,
		"message":       map[string]any{"role": "assistant", "content": content},
	}}
	if f.EmptyChoices {
		choices = []any{}
	}
	body := map[string]any{
		"id":      "chatcmpl-example",
		"object":  "chat.completion",
		"created": s.now().Unix(),
		"model":   call.Model,
		"choices": choices,
	}
	if !f.NoUsage {
		prompt, completion := tokens(call.System+call.User), tokens(content)
		body["usage"] = map[string]any{
			"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
		}
	}
	return body
}

// tokens is plausible: four characters each, and some that frame a message.
func tokens(text string) int {
	const perToken, frame = 4, 7
	return utf8.RuneCountInString(text)/perToken + frame
}

func writeStatus(w http.ResponseWriter, f Faults) {
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	if f.HTMLPage {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(f.failure())
		_, _ = w.Write([]byte("<html><body><h1>" + http.StatusText(f.failure()) + "</h1></body></html>"))
		return
	}
	kind, code := "server_error", ""
	switch f.Status {
	case http.StatusTooManyRequests:
		kind, code = "requests", "rate_limit_exceeded"
	case http.StatusUnauthorized:
		kind, code = "invalid_request_error", "invalid_api_key"
	}
	writeError(w, f.Status, kind, code, "Made to fail: "+http.StatusText(f.Status), "")
}

// writeError answers in the form of OpenAI's errors, where what is unknown is null.
func writeError(w http.ResponseWriter, status int, kind, code, message, param string) {
	orNull := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	writeJSON(w, status, map[string]any{"error": map[string]any{
		"message": message, "type": kind, "code": orNull(code), "param": orNull(param),
	}})
}

// writeFailureInside says one thing with the status and another with the body.
func writeFailureInside(w http.ResponseWriter) {
	writeError(w, http.StatusOK, "server_error", "upstream_failed", "The upstream model failed.", "")
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client has gone; nobody is left to tell
}
