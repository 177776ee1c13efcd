// Package openaitest is a stateful fake of an OpenAI-compatible server, for tests and local runs. Its
// answers are made from the sources in the prompt, so that a note written with it makes sense; its
// embeddings are made from the words, some synonyms included, so that texts about the same are near each
// other; its faults can be changed while it runs.
package openaitest

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	maxRequest = 1 << 20
	maxCalls   = 200 // calls remembered
)

// The endpoints, by the ends of their paths.
const (
	chatPath       = "/chat/completions"
	embeddingsPath = "/embeddings"
)

// Server is the fake: an http.Handler that serves POST …/chat/completions and POST …/embeddings under any
// prefix.
type Server struct {
	key    string
	now    func() time.Time
	closed chan struct{}
	once   sync.Once

	mu         sync.Mutex
	faults     Faults
	calls      []Call
	embeddings []EmbeddingCall
}

// Call is a request for a completion that was received. Keys are not kept.
type Call struct {
	At             time.Time `json:"at"`
	Model          string    `json:"model"`
	System         string    `json:"system"`
	User           string    `json:"user"`
	ResponseFormat string    `json:"response_format,omitempty"`
	MaxTokens      int       `json:"max_tokens,omitempty"`
	Temperature    float64   `json:"temperature,omitempty"`
	// Status is what was answered; 0 when the request was left hanging.
	Status int `json:"status"`
	// Answer is the model's text.
	Answer string `json:"answer,omitempty"`
}

// New gives a server that expects key as bearer token, or none when key is empty.
func New(key string, clock func() time.Time) *Server {
	if clock == nil {
		clock = time.Now
	}
	return &Server{key: key, now: clock, closed: make(chan struct{})}
}

// Close ends the requests that hang. The server answers on, without hanging.
func (s *Server) Close() { s.once.Do(func() { close(s.closed) }) }

// SetFaults replaces the faults, from the next request on.
func (s *Server) SetFaults(f Faults) error {
	if err := f.Validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
	return nil
}

// Faults are the faults that the next request meets.
func (s *Server) Faults() Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults
}

// Calls are the latest requests for completions that carried the right key, oldest first, 200 at most.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// takeFaults gives the faults for one request to an endpoint and counts it.
func (s *Server) takeFaults(e Endpoint) Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.faults
	if f.Endpoint != "" && f.Endpoint != e {
		return Faults{}
	}
	if f.Remaining > 0 {
		if s.faults.Remaining--; s.faults.Remaining == 0 {
			s.faults = Faults{}
		}
	}
	return f
}

func (s *Server) remember(c Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls) == maxCalls {
		s.calls = slices.Delete(s.calls, 0, 1)
	}
	s.calls = append(s.calls, c)
}

// ServeHTTP answers a request for a completion or for embeddings.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	chat := strings.HasSuffix(r.URL.Path, chatPath)
	if !chat && !strings.HasSuffix(r.URL.Path, embeddingsPath) {
		writeError(w, http.StatusNotFound, "invalid_request_error", "", "Invalid URL", "")
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		writeError(w, http.StatusMethodNotAllowed, "invalid_request_error", "", "Not allowed", "")
		return
	}
	if !s.authorized(r) {
		writeError(w, http.StatusUnauthorized, "invalid_request_error", "invalid_api_key",
			"Incorrect API key provided: "+mask(r.Header.Get("Authorization")), "")
		return
	}
	if chat {
		serve(w, r, maxRequest, checkChat, s.complete)
	} else {
		serve(w, r, maxEmbeddings, checkEmbeddings, s.embed)
	}
}

// serve reads a request of at most limit bytes and has it answered when check finds nothing wrong with it.
func serve[T any](
	w http.ResponseWriter, r *http.Request, limit int64,
	check func(T) error, answer func(context.Context, http.ResponseWriter, T),
) {
	var req T
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	switch {
	case err != nil:
		err = errors.New("could not read the request")
	case json.Unmarshal(body, &req) != nil:
		err = errors.New("we could not parse the JSON body of your request")
	default:
		err = check(req)
	}
	if err != nil {
		writeError(w, http.StatusBadRequest, "invalid_request_error", "", err.Error(), "")
		return
	}
	answer(r.Context(), w, req)
}

func (s *Server) authorized(r *http.Request) bool {
	given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if azure := r.Header.Get("Api-Key"); azure != "" {
		given = azure
	}
	return s.key == "" || subtle.ConstantTimeCompare([]byte(given), []byte(s.key)) == 1
}

// mask shows the ends of a key, as OpenAI's own error does.
func mask(authorization string) string {
	key := strings.TrimPrefix(authorization, "Bearer ")
	const shown = 4
	if len(key) <= 2*shown {
		return "****"
	}
	return key[:shown] + "****" + key[len(key)-shown:]
}

// request is the part of a completion request that the fake looks at.
type request struct {
	Model    string `json:"model"`
	Messages []struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	} `json:"messages"`
	ResponseFormat *struct {
		Type string `json:"type"`
	} `json:"response_format"`
	MaxTokens           int     `json:"max_tokens"`
	MaxCompletionTokens int     `json:"max_completion_tokens"`
	Temperature         float64 `json:"temperature"`
}

func checkChat(r request) error {
	if r.Model == "" || len(r.Messages) == 0 {
		return errors.New("you must provide a model and messages")
	}
	return nil
}

// text joins the messages of a role.
func (r request) text(role string) string {
	var parts []string
	for _, m := range r.Messages {
		if m.Role == role {
			parts = append(parts, m.Content)
		}
	}
	return strings.Join(parts, "\n")
}

// pause waits for d, or less if the client or Close ends it; false then. Negative means for ever.
func (s *Server) pause(ctx context.Context, d time.Duration) bool {
	var fire <-chan time.Time
	switch {
	case d == 0:
		return true
	case d > 0:
		timer := time.NewTimer(d)
		defer timer.Stop()
		fire = timer.C
	}
	select {
	case <-fire:
		return true
	case <-ctx.Done():
	case <-s.closed:
	}
	return false
}
