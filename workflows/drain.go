package workflows

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// Drain waits for the attempts under way, as long as ctx allows. It is called when the worker takes no new ones.
func (a *Activities) Drain(ctx context.Context) error {
	ended := make(chan struct{})
	go func() {
		a.running.wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return errors.New("steps were cut off; they will be taken up again")
	}
}

// UnderWay is how many attempts are.
func (a *Activities) UnderWay() int { return int(a.running.under.Load()) }

// attempts counts what is under way. An attempt that slips in after the waiting began is not waited for: the engine
// takes it up again.
type attempts struct {
	mu      sync.Mutex
	waiting bool
	group   sync.WaitGroup
	under   atomic.Int64
}

func (r *attempts) begin() (end func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.under.Add(1)
	if r.waiting {
		return func() { r.under.Add(-1) }
	}
	r.group.Add(1)
	return func() {
		r.under.Add(-1)
		r.group.Done()
	}
}

func (r *attempts) wait() {
	r.mu.Lock()
	r.waiting = true
	r.mu.Unlock()
	r.group.Wait()
}
