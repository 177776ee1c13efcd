package knowledgetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Faults is how searches misbehave. The zero value is good behaviour; of several, latency comes
// first and then the first of the others in the order of the fields.
type Faults struct {
	// LatencyMS delays the answer, in milliseconds.
	LatencyMS int `json:"latency_ms,omitempty"`
	// Hang leaves the search without answer until the caller goes or the faults change.
	Hang bool `json:"hang,omitempty"`
	// Status is answered instead of 200.
	Status int `json:"status,omitempty"`
	// Malformed cuts the JSON off.
	Malformed bool `json:"malformed,omitempty"`
	// Oversize answers more than 1 MiB.
	Oversize bool `json:"oversize,omitempty"`
	// WrongContent answers 200 with a web page, as a log-in wall does.
	WrongContent bool `json:"wrong_content,omitempty"`
	// FailureInside answers 200 with an error in place of the articles.
	FailureInside bool `json:"failure_inside,omitempty"`
	// Remaining is how many more searches are affected; all when 0.
	Remaining int `json:"remaining,omitempty"`
}

// Validate names every problem at once.
func (f Faults) Validate() error {
	var problems []error
	if f.LatencyMS < 0 {
		problems = append(problems, fmt.Errorf("latency_ms: %d is negative", f.LatencyMS))
	}
	if f.Remaining < 0 {
		problems = append(problems, fmt.Errorf("remaining: %d is negative", f.Remaining))
	}
	if f.Status != 0 && (f.Status < http.StatusOK || f.Status >= 600) {
		problems = append(problems, fmt.Errorf("status: %d is not one of an answer", f.Status))
	}
	return errors.Join(problems...)
}

// UnmarshalJSON refuses unknown fields and what Validate refuses.
func (f *Faults) UnmarshalJSON(b []byte) error {
	type plain Faults
	var p plain
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		return fmt.Errorf("faults: %w", err)
	}
	if err := Faults(p).Validate(); err != nil {
		return fmt.Errorf("faults: %w", err)
	}
	*f = Faults(p)
	return nil
}

// SetFaults replaces the faults in force and releases the searches that hang.
func (s *Server) SetFaults(f Faults) error {
	if err := f.Validate(); err != nil {
		return fmt.Errorf("set faults: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

// Faults are the faults in force.
func (s *Server) Faults() Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults
}

// nextFaults are the faults for one search, and a channel that is closed when they change.
func (s *Server) nextFaults() (Faults, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.faults
	switch f.Remaining {
	case 0:
	case 1:
		s.faults = Faults{}
	default:
		s.faults.Remaining--
	}
	return f, s.changed
}

// tooMuch is the length of an answer beyond the agreed one, in bytes.
const tooMuch = 1 << 20

// misbehave does what the faults demand and tells whether the search is over with that.
func (s *Server) misbehave(w http.ResponseWriter, r *http.Request, answered answer) bool {
	f, changed := s.nextFaults()
	if f.LatencyMS > 0 {
		timer := time.NewTimer(time.Duration(f.LatencyMS) * time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return true
		}
	}
	switch {
	case f.Hang:
		select {
		case <-changed:
			return false
		case <-r.Context().Done():
			return true
		}
	case f.Status != 0 && f.Status != http.StatusOK:
		answered.json(w, f.Status, map[string]string{"error": "as ordered"})
	case f.Malformed:
		answered(w, http.StatusOK, "application/json", `{"articles": [{"id": "kb-1", "title": "cut o`)
	case f.Oversize:
		answered(w, http.StatusOK, "application/json", `{"articles": [], "filler": "`+strings.Repeat("x", tooMuch)+`"}`)
	case f.WrongContent:
		answered(w, http.StatusOK, "text/html; charset=utf-8", "<!doctype html><title>Log in</title>")
	case f.FailureInside:
		answered.json(w, http.StatusOK, map[string]string{"error": "the search index cannot be reached"})
	default:
		return false
	}
	return true
}
