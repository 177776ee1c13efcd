package audit

import (
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// readPause lies between two entries about the same reading.
	readPause = time.Hour
	// readKinds of readings are told apart at a time. What is forgotten is written down again: once too often, never too seldom.
	readKinds = 10_000
)

// Read is what makes an entry of its own: who reads what.
type Read struct {
	Operation               Operation
	Actor, TenantID, Target string
}

// Reads decides which readings are written down: the first in an hour of what one reads again and again. It may be used
// concurrently.
type Reads struct {
	now  func() time.Time
	seen *lru.Cache[Read, time.Time]
}

// NewReads makes Reads that have seen nothing.
func NewReads(now func() time.Time) (*Reads, error) {
	seen, err := lru.New[Read, time.Time](readKinds)
	if err != nil {
		return nil, fmt.Errorf("remember who read what: %w", err)
	}
	return &Reads{now: now, seen: seen}, nil
}

// Due says whether r is to be written down now. It goes on saying so until Done; two at once may both hear it.
func (s *Reads) Due(r Read) bool {
	last, known := s.seen.Get(r)
	return !known || s.now().Sub(last) >= readPause
}

// Done says that r was written down.
func (s *Reads) Done(r Read) { s.seen.Add(r, s.now()) }
