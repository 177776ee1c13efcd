package openaitest

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of a request for embeddings: OpenAI's own, but for the bytes.
const (
	maxEmbeddings = 16 << 20
	maxInputs     = 2048
	// MaxInputTokens is the longest text that has an embedding; the fake counts four characters as a token.
	MaxInputTokens = 8192
)

// keptInput is how many characters of each text are remembered.
const keptInput = 200

// EmbeddingCall is a request for embeddings that was received. Keys are not kept.
type EmbeddingCall struct {
	At    time.Time `json:"at"`
	Model string    `json:"model"`
	// Input are the beginnings of the texts.
	Input          []string `json:"input"`
	EncodingFormat string   `json:"encoding_format,omitempty"`
	// Status is what was answered; 0 when the request was left hanging.
	Status int `json:"status"`
}

// EmbeddingCalls are the latest requests for embeddings that carried the right key, oldest first, 200 at
// most.
func (s *Server) EmbeddingCalls() []EmbeddingCall {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.embeddings)
}

func (s *Server) rememberEmbeddings(c EmbeddingCall) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.embeddings) == maxCalls {
		s.embeddings = slices.Delete(s.embeddings, 0, 1)
	}
	s.embeddings = append(s.embeddings, c)
}

// embeddingRequest is the part of a request for embeddings that the fake looks at.
type embeddingRequest struct {
	Model          string `json:"model"`
	Input          inputs `json:"input"`
	EncodingFormat string `json:"encoding_format"`
}

// inputs are one or more texts. The token numbers that the real API also takes are not known here.
type inputs []string

// UnmarshalJSON reads a string or an array of strings.
func (i *inputs) UnmarshalJSON(encoded []byte) error {
	var one string
	if json.Unmarshal(encoded, &one) == nil {
		*i = inputs{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(encoded, &many); err != nil {
		return fmt.Errorf("input: %w", err)
	}
	*i = many
	return nil
}

// checkEmbeddings words its errors like the real server, which does not repeat the texts either.
func checkEmbeddings(r embeddingRequest) error {
	switch {
	case r.Model == "":
		return errors.New("you must provide a model parameter")
	case len(r.Input) == 0 || len(r.Input) > maxInputs || slices.Contains(r.Input, ""):
		return errors.New("'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference")
	case !slices.Contains([]string{"", "float", "base64"}, r.EncodingFormat):
		return errors.New("encoding_format must be float or base64")
	}
	for _, text := range r.Input {
		if n := inputTokens(text); n > MaxInputTokens {
			return fmt.Errorf("This model's maximum context length is %d tokens, however you requested %d tokens"+ //nolint:staticcheck // the server's words
				" (%d in your prompt; 0 for the completion). Please reduce your prompt; or completion length.",
				MaxInputTokens, n, n)
		}
	}
	return nil
}

// inputTokens is plausible: four characters each.
func inputTokens(text string) int { return (utf8.RuneCountInString(text) + 3) / 4 } //nolint:mnd // see above

// embed answers req as the faults say.
func (s *Server) embed(ctx context.Context, w http.ResponseWriter, req embeddingRequest) {
	f := s.takeFaults(EndpointEmbeddings)
	call := EmbeddingCall{At: s.now(), Model: req.Model, EncodingFormat: req.EncodingFormat}
	for _, text := range req.Input {
		call.Input = append(call.Input, beginning(text))
	}
	defer func() { s.rememberEmbeddings(call) }()
	if !s.pause(ctx, f.wait()) {
		return
	}
	if call.Status = f.failure(); call.Status != 0 {
		writeStatus(w, f)
		return
	}
	if f.FailureInside {
		call.Status = http.StatusOK
		writeFailureInside(w)
		return
	}
	if f.RefuseInput != "" && slices.ContainsFunc(req.Input, func(text string) bool {
		return strings.Contains(text, f.RefuseInput)
	}) {
		call.Status = http.StatusBadRequest
		writeError(w, call.Status, "invalid_request_error", "", "'$.input' is invalid", "input")
		return
	}
	call.Status = http.StatusOK
	if f.MalformedJSON {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"object": "list", "data": [{"embedding": [NaN`)) // the client has gone; nobody is left to tell
		return
	}
	writeJSON(w, http.StatusOK, embeddings(f, req))
}

// beginning is what is remembered of a text.
func beginning(text string) string {
	runes := []rune(text)
	return string(runes[:min(keptInput, len(runes))])
}

// embeddings is the body of a response.
func embeddings(f Faults, req embeddingRequest) map[string]any {
	data := make([]any, len(req.Input))
	used := 0
	for i, text := range req.Input {
		used += inputTokens(text)
		vector := Embed(req.Model, text)
		if f.ZeroVector {
			vector = make([]float32, len(vector))
		}
		data[i] = map[string]any{"object": "embedding", "index": i, "embedding": encode(vector, req.EncodingFormat)}
	}
	if f.Shuffled {
		slices.Reverse(data)
	}
	if f.WrongCount {
		data = data[:len(data)-1]
	}
	body := map[string]any{"object": "list", "model": req.Model, "data": data}
	if !f.NoUsage {
		body["usage"] = map[string]any{"prompt_tokens": used, "total_tokens": used}
	}
	return body
}

// encode gives a vector as numbers or as base64 of little-endian float32.
func encode(vector []float32, format string) any {
	if format != "base64" {
		return vector
	}
	var raw []byte
	for _, x := range vector {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
	}
	return base64.StdEncoding.EncodeToString(raw)
}
