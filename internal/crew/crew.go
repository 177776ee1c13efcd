// Package crew owns which enhancers there are, how each of them is, and which of them an operator wants to take no work: their rows, how a
// replica tells of itself, and how it is drained.
package crew

import (
	"errors"
	"time"
)

// State is how a replica is. The names are durable.
type State string

// The states.
const (
	Working  State = "working"
	Draining State = "draining" // it takes no new jobs, and waits for what it has under way
	Drained  State = "drained"  // its worker is disconnected: it can be stopped without cutting anything off
	// Unavailable says that the workflow engine does not count on its worker, though nobody drained it.
	Unavailable State = "unavailable"
)

// Member is a replica of the enhancer.
type Member struct {
	Replica string
	Version string
	State   State
	// Enhancer is whose replica it is: of the one that tenants share, or of a tenant's own; see tenant.EnhancerOf.
	Enhancer string
	// Steps are those that it has under way.
	Steps             int
	StartedAt, SeenAt time.Time
	// Silent says that it has not been heard of for longer than one is that is alive.
	Silent bool
	// Drain says that it is to take no work, and By and At who wanted that, and when.
	Drain bool
	By    string
	At    time.Time
}

var (
	// ErrNoReplica says that there is no such replica, or not any more.
	ErrNoReplica = errors.New("there is no such replica")
	// ErrLast says that nobody else takes work.
	ErrLast = errors.New("no other replica takes work")
	// ErrNoWorker says that no replica of the enhancer takes work.
	ErrNoWorker = errors.New("no worker of the enhancer takes work")
	// ErrAlive says that a replica of the enhancer was heard of lately.
	ErrAlive = errors.New("a worker of the enhancer is alive")
)

const (
	// BeatEvery is how often a replica tells of itself, and so how soon it hears of a drain.
	BeatEvery = 2 * time.Second
	// silentAfter is when one counts as lost.
	silentAfter = 15 * time.Second
)
