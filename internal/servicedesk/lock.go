package servicedesk

import (
	"context"
	"sync"
)

// ticketLocks lets one caller at a time look up and write the note of a ticket: two that
// both found none would both add one.
type ticketLocks struct {
	mu   sync.Mutex
	held map[string]*ticketLock
}

type ticketLock struct {
	turn  chan struct{} // holds one value while taken
	users int           // holder and waiters; the lock is forgotten at zero
}

// acquire waits for the ticket's turn, on behalf of op, or for the end of ctx.
func (l *ticketLocks) acquire(ctx context.Context, op, ticketID string) (release func(), err error) {
	lock := l.join(ticketID)
	select {
	case lock.turn <- struct{}{}:
		return func() {
			<-lock.turn
			l.leave(ticketID, lock)
		}, nil
	case <-ctx.Done():
		l.leave(ticketID, lock)
		return nil, &Error{
			Op: op, TicketID: ticketID, Kind: KindRetry,
			Message: "gave up waiting for another write to the ticket", err: ctx.Err(),
		}
	}
}

func (l *ticketLocks) join(ticketID string) *ticketLock {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = make(map[string]*ticketLock)
	}
	lock, ok := l.held[ticketID]
	if !ok {
		lock = &ticketLock{turn: make(chan struct{}, 1)}
		l.held[ticketID] = lock
	}
	lock.users++
	return lock
}

func (l *ticketLocks) leave(ticketID string, lock *ticketLock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if lock.users--; lock.users == 0 {
		delete(l.held, ticketID)
	}
}
