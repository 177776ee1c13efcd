// Package pagerdutytest is a fake of PagerDuty's Events API v2, as https://developer.pagerduty.com/docs/send-alert-event describes it:
// events trigger and resolve incidents, told apart by their dedup_key, for the integration that the routing key names.
package pagerdutytest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/alerting/fault"
)

// RoutingKey is the integration's key that the fake accepts. Real ones have as many characters.
const RoutingKey = "00000000000000000000000000000000"

// Limits that PagerDuty has.
const (
	maxSummary = 1024
	maxBody    = 512 << 10
)

// Actions of events.
const (
	ActionTrigger     = "trigger"
	ActionAcknowledge = "acknowledge"
	ActionResolve     = "resolve"
)

// Event is what was sent.
type Event struct {
	RoutingKey string  `json:"routing_key"`
	Action     string  `json:"event_action"`
	DedupKey   string  `json:"dedup_key"`
	Client     string  `json:"client"`
	ClientURL  string  `json:"client_url"`
	Payload    Payload `json:"payload"`
	Links      []Link  `json:"links"`
}

// Payload is what an event tells.
type Payload struct {
	Summary   string            `json:"summary"`
	Source    string            `json:"source"`
	Severity  string            `json:"severity"`
	Class     string            `json:"class"`
	Component string            `json:"component"`
	Group     string            `json:"group"`
	Details   map[string]string `json:"custom_details"`
}

// Link is one of an event.
type Link struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

// Incident is what events with one key have made.
type Incident struct {
	Key  string
	Open bool
	// Events are those that were sent with the key, in their order.
	Events []Event
}

// Server is the fake.
type Server struct {
	// Faults are what is to go wrong.
	Faults fault.Plan

	url       string
	mu        sync.Mutex
	incidents []Incident
}

// New starts a fake for as long as the test runs.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v2/enqueue", s.enqueue)
	server := httptest.NewServer(s.Faults.Handler(mux))
	t.Cleanup(server.Close)
	s.url = server.URL + "/v2/enqueue"
	return s
}

// URL is where events are sent.
func (s *Server) URL() string { return s.url }

// Incidents are those that were triggered, in their order.
func (s *Server) Incidents() []Incident {
	s.mu.Lock()
	defer s.mu.Unlock()
	copied := slices.Clone(s.incidents)
	for i := range copied {
		copied[i].Events = slices.Clone(copied[i].Events)
	}
	return copied
}

// answer is the body of each answer.
type answer struct {
	Status   string   `json:"status"`
	Message  string   `json:"message"`
	DedupKey string   `json:"dedup_key,omitempty"`
	Errors   []string `json:"errors,omitempty"`
}

func (s *Server) enqueue(w http.ResponseWriter, r *http.Request) {
	var e Event
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&e); err != nil {
		reply(w, http.StatusBadRequest, answer{Status: "invalid event", Message: "Event object is invalid", Errors: []string{err.Error()}})
		return
	}
	if wrong := problems(e); len(wrong) > 0 {
		reply(w, http.StatusBadRequest, answer{Status: "invalid event", Message: "Event object is invalid", Errors: wrong})
		return
	}
	s.keep(e)
	reply(w, http.StatusAccepted, answer{Status: "success", Message: "Event processed", DedupKey: e.DedupKey})
}

func problems(e Event) []string {
	var wrong []string
	if e.RoutingKey != RoutingKey {
		wrong = append(wrong, "Invalid routing key")
	}
	if e.DedupKey == "" {
		wrong = append(wrong, "'dedup_key' is missing or blank") // PagerDuty would make one for a trigger, and nobody could resolve it
	}
	switch e.Action {
	case ActionAcknowledge, ActionResolve:
	case ActionTrigger:
		if e.Payload.Summary == "" {
			wrong = append(wrong, "'payload.summary' is missing or blank")
		}
		if len([]rune(e.Payload.Summary)) > maxSummary {
			wrong = append(wrong, "'payload.summary' is too long")
		}
		if e.Payload.Source == "" {
			wrong = append(wrong, "'payload.source' is missing or blank")
		}
		if !slices.Contains([]string{"critical", "error", "warning", "info"}, e.Payload.Severity) {
			wrong = append(wrong, "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')")
		}
	default:
		wrong = append(wrong, "'event_action' is invalid")
	}
	return wrong
}

// keep does what the event says. An event for an incident that is not open, other than a trigger, is accepted and does nothing.
func (s *Server) keep(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.incidents, func(i Incident) bool { return i.Key == e.DedupKey && i.Open })
	switch {
	case at >= 0:
		s.incidents[at].Events = append(s.incidents[at].Events, e)
		s.incidents[at].Open = e.Action != ActionResolve
	case e.Action == ActionTrigger:
		s.incidents = append(s.incidents, Incident{Key: e.DedupKey, Open: true, Events: []Event{e}})
	}
}

func reply(w http.ResponseWriter, status int, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(a)
}
