package chaos

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"
)

// Sent is a ticket whose webhook was sent, and what the sender was told.
type Sent struct {
	TenantID string    `json:"tenant_id"`
	TicketID string    `json:"ticket_id"`
	Habit    Habit     `json:"habit"`
	At       time.Time `json:"at"`
	// Attempts are in the order in which they were made; those that are made at once, in that of their answers.
	Attempts []Attempt `json:"attempts"`
	// Sought says that the platform has to find the ticket by itself: its webhook never arrived, or perhaps did not.
	Sought bool `json:"sought,omitempty"`
	// Again is the attempt after everything was over, of what had been refused.
	Again *Attempt `json:"again,omitempty"`
}

// Attempt is one delivery of a webhook.
type Attempt struct {
	At   time.Time     `json:"at"`
	Took time.Duration `json:"took"`
	// Status is 0 when there was no answer.
	Status int `json:"status"`
	// JobID is what the sender of an accepted webhook is told.
	JobID string `json:"job_id,omitempty"`
	// Detail is the answer of a refused one, or why there was none.
	Detail string `json:"detail,omitempty"`
}

func (a Attempt) accepted() bool { return a.Status == http.StatusAccepted }

// Told is what a sender may believe.
type Told string

// What it may believe.
const (
	ToldAccepted Told = "accepted"
	ToldRefused  Told = "refused"
	// ToldNothing is a sender that once had no answer, and was never accepted.
	ToldNothing Told = "no answer"
	// ToldNobody is a webhook that never arrived.
	ToldNobody Told = "missed"
)

// told sums up the attempts while the faults lasted.
func (s *Sent) told() Told {
	if s.Habit == HabitNever {
		return ToldNobody
	}
	result := ToldRefused
	for _, a := range s.Attempts {
		switch {
		case a.accepted():
			return ToldAccepted
		case a.Status == 0:
			result = ToldNothing
		}
	}
	return result
}

// acceptedAt is when the sender was told first that its webhook was accepted, the last attempt included; zero for never.
func (s *Sent) acceptedAt() time.Time {
	first := time.Time{}
	for _, a := range s.all() {
		if at := a.At.Add(a.Took); a.accepted() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// all are the attempts, with the last one.
func (s *Sent) all() []Attempt {
	if s.Again == nil {
		return s.Attempts
	}
	return append(append([]Attempt(nil), s.Attempts...), *s.Again)
}

// journal remembers what senders were told, in a file, too.
type journal struct {
	mu   sync.Mutex
	file *os.File
	sent []*Sent
}

func newJournal(path string) (*journal, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("open the senders' journal: %w", err)
	}
	return &journal{file: file}, nil
}

// add enters a ticket after the last attempt that its sender makes by itself.
func (j *journal) add(s *Sent) error {
	line, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write the senders' journal: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sent = append(j.sent, s)
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write the senders' journal: %w", err)
	}
	return nil
}

func (j *journal) all() []*Sent {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]*Sent(nil), j.sent...)
}

func (j *journal) close() error {
	if err := j.file.Close(); err != nil {
		return fmt.Errorf("close the senders' journal: %w", err)
	}
	return nil
}
