package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
)

// trailLength is how many entries wait at most. They come as often as a Sparse lets them: this is about 200 s of a database
// that does not answer.
const trailLength = 1_000

// Appender is what a Trail writes to; *Log is one.
type Appender interface {
	Append(ctx context.Context, e Event) error
}

// Trail appends entries in the background, for callers that a slow database must neither hold up nor fail. An entry that
// does not fit, or that the log does not take, is dropped, counted and logged.
type Trail struct {
	log     Appender
	dropped func()
	logger  *slog.Logger

	mu      sync.RWMutex // held for writing while closed is set
	closed  bool
	waiting chan Event
	done    chan struct{}
}

// NewTrail begins to append what is added to log, and goes on until Close, also when ctx ends. dropped is called for each entry that is lost.
func NewTrail(ctx context.Context, log Appender, dropped func(), logger *slog.Logger) *Trail {
	t := &Trail{log: log, dropped: dropped, logger: logger, waiting: make(chan Event, trailLength), done: make(chan struct{})}
	go t.run(context.WithoutCancel(ctx))
	return t
}

// Add hands e over and returns at once.
func (t *Trail) Add(e Event) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.closed {
		t.drop(e, errors.New("the process is about to end"))
		return
	}
	select {
	case t.waiting <- e:
	default:
		t.drop(e, errors.New("too many entries are waiting"))
	}
}

// Close waits until what was added is appended, as long as ctx allows. What is added from now on is dropped.
func (t *Trail) Close(ctx context.Context) error {
	t.mu.Lock()
	if !t.closed {
		t.closed = true
		close(t.waiting)
	}
	t.mu.Unlock()
	select {
	case <-t.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("entries of the audit log were cut off: %d were waiting", len(t.waiting))
	}
}

func (t *Trail) run(ctx context.Context) {
	defer close(t.done)
	for e := range t.waiting {
		if err := t.log.Append(ctx, e); err != nil {
			t.drop(e, err)
		}
	}
}

// drop tells of e, so that what the audit log lacks is at least in the app's.
func (t *Trail) drop(e Event, err error) {
	t.dropped()
	t.logger.Error("an entry is missing in the audit log", "error", err, "audit_operation", e.Operation, "audit_status", e.Status,
		"target", e.Target, "address", e.Address, "correlation_id", e.CorrelationID)
}
