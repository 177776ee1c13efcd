package quota

import (
	"context"
	"fmt"
	"sync"
)

// Turns lets a few requests of each tenant at a time at the database and has the others wait without a connection.
// Accepts of one tenant take turns at its row in any case; waiting there, they would hold all connections of the
// pool, and every other tenant would wait with them.
type Turns struct {
	each int

	mu     sync.Mutex
	queues map[string]*queue
}

type queue struct {
	slots chan struct{}
	users int // holding or waiting; the queue goes with the last, so there are no more than requests
}

// NewTurns gives each tenant so many turns at once, at least one.
func NewTurns(each int) *Turns {
	return &Turns{each: max(each, 1), queues: map[string]*queue{}}
}

// Take waits for a turn; end gives it back and must be called once. The error is that of ctx.
func (t *Turns) Take(ctx context.Context, tenantID string) (end func(), err error) {
	q := t.join(tenantID)
	select {
	case q.slots <- struct{}{}:
		return func() {
			<-q.slots
			t.leave(tenantID, q)
		}, nil
	case <-ctx.Done():
		t.leave(tenantID, q)
		return nil, fmt.Errorf("wait for a turn of tenant %s at the database: %w", tenantID, context.Cause(ctx))
	}
}

func (t *Turns) join(tenantID string) *queue {
	t.mu.Lock()
	defer t.mu.Unlock()
	q, ok := t.queues[tenantID]
	if !ok {
		q = &queue{slots: make(chan struct{}, t.each)}
		t.queues[tenantID] = q
	}
	q.users++
	return q
}

func (t *Turns) leave(tenantID string, q *queue) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if q.users--; q.users == 0 {
		delete(t.queues, tenantID)
	}
}
