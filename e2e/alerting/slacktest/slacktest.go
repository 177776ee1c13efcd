// Package slacktest is a fake of Slack's incoming webhooks, as https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
// describes them: a message is posted as JSON to a secret address and answered "ok" in plain text, or with the name of an error.
package slacktest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/alerting/fault"
)

// path is that of the webhook; the last part is the secret.
const path = "/services/T00000000/B00000000/example-not-a-secret"

// Limits that Slack has.
const (
	maxAttachments = 100
	maxBody        = 1 << 20
)

// Message is what was posted.
type Message struct {
	Channel     string       `json:"channel"`
	Text        string       `json:"text"`
	Attachments []Attachment `json:"attachments"`
}

// Attachment is the part of a message that Alertmanager fills.
type Attachment struct {
	Title     string   `json:"title"`
	TitleLink string   `json:"title_link"`
	Text      string   `json:"text"`
	Fallback  string   `json:"fallback"`
	Color     string   `json:"color"`
	MrkdwnIn  []string `json:"mrkdwn_in"`
}

// Server is the fake.
type Server struct {
	// Faults are what is to go wrong.
	Faults fault.Plan

	url      string
	mu       sync.Mutex
	messages []Message
}

// New starts a fake for as long as the test runs.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{}
	server := httptest.NewServer(s.Faults.Handler(http.HandlerFunc(s.take)))
	t.Cleanup(server.Close)
	s.url = server.URL + path
	return s
}

// URL is the address of the webhook.
func (s *Server) URL() string { return s.url }

// Messages are those that were accepted, in the order in which they came.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

func (s *Server) take(w http.ResponseWriter, r *http.Request) {
	status, answer := s.post(r)
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer)
}

func (s *Server) post(r *http.Request) (status int, answer string) {
	if r.URL.Path != path {
		return http.StatusNotFound, "no_service"
	}
	if r.Method != http.MethodPost {
		return http.StatusBadRequest, "invalid_payload"
	}
	var m Message
	body := http.MaxBytesReader(nil, r.Body, maxBody)
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") || json.NewDecoder(body).Decode(&m) != nil {
		return http.StatusBadRequest, "invalid_payload"
	}
	if m.Text == "" && len(m.Attachments) == 0 {
		return http.StatusBadRequest, "no_text"
	}
	if len(m.Attachments) > maxAttachments {
		return http.StatusBadRequest, "too_many_attachments"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, m)
	return http.StatusOK, "ok"
}
