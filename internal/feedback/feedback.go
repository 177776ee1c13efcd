// Package feedback owns what technicians say of the notes: the link by which one votes without a sign-in, and the votes.
package feedback

import (
	"errors"
	"slices"
	"time"
)

// Value is whether a note helped.
type Value string

// The values. They are stored.
const (
	Up   Value = "up"
	Down Value = "down"
)

// Valid says whether v is one of the values.
func (v Value) Valid() bool { return v == Up || v == Down }

// Reason is what was wrong with a note.
type Reason string

// The reasons. They are stored.
const (
	ReasonNone       Reason = ""
	ReasonWrong      Reason = "wrong"
	ReasonOffTopic   Reason = "off_topic"
	ReasonIncomplete Reason = "incomplete"
	ReasonOutdated   Reason = "outdated"
)

// Reasons are all that may be given, in the order in which they are offered.
func Reasons() []Reason {
	return []Reason{ReasonWrong, ReasonOffTopic, ReasonIncomplete, ReasonOutdated}
}

// Valid says whether r is one of the reasons, or none.
func (r Reason) Valid() bool { return r == ReasonNone || slices.Contains(Reasons(), r) }

// MaxComment is the length of a comment in characters.
const MaxComment = 1000

// Vote is what was said last of a job's note.
type Vote struct {
	Value   Value
	Reason  Reason
	Comment string
	// FirstAt and ChangedAt are set by the Store.
	FirstAt, ChangedAt time.Time
}

var (
	// ErrNoNote says that there is no such job, or that its tenant is disabled or gone.
	ErrNoNote = errors.New("there is no such note")
	// ErrForged says that a token is none of ours.
	ErrForged = errors.New("the token is none of ours")
	// ErrExpired says that a token was ours, and is too old.
	ErrExpired = errors.New("the token has expired")
	// ErrInvalid says that a vote is none.
	ErrInvalid = errors.New("the vote is none")
)
