package quota

import (
	"sync"
	"time"
)

// PausedError says that an operator has paused the tenant's intake.
type PausedError struct {
	// RetryAfter is when it is worth another try.
	RetryAfter time.Duration
}

// Error implements error.
func (*PausedError) Error() string { return "the tenant's intake is paused" }

const (
	// usualWait is what a sender is told of a pause that does not end by itself, and of one that lasts for longer: somebody may
	// end it at any time.
	usualWait = time.Minute
	// pauseBelief is how long a tenant is refused on the strength of what the database said, and so how long a flood takes to notice
	// the end of a pause.
	pauseBelief = time.Second
)

// pausedFor makes the error of a pause that ends by itself in so many seconds; nil for one that does not.
func pausedFor(left *float64) *PausedError {
	wait := usualWait
	if left != nil {
		wait = max(0, min(wait, time.Duration(*left*float64(time.Second))))
	}
	return &PausedError{RetryAfter: wait}
}

// pausedTenants remembers whose intake is paused, so that a flood neither writes what is taken back at once, nor waits for its
// tenant's count. Like fullTenants it can only refuse, and those only get here who have proven who they are.
type pausedTenants struct {
	now     func() time.Time
	mu      sync.Mutex
	tenants map[string]pauseLesson
}

type pauseLesson struct{ over, believed time.Time }

func newPausedTenants(now func() time.Time) *pausedTenants {
	return &pausedTenants{now: now, tenants: map[string]pauseLesson{}}
}

func (p *pausedTenants) learn(tenantID string, paused *PausedError) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	p.tenants[tenantID] = pauseLesson{over: now.Add(paused.RetryAfter), believed: now.Add(min(pauseBelief, paused.RetryAfter))}
}

// recall returns nil when nothing is known that speaks against asking the database.
func (p *pausedTenants) recall(tenantID string) *PausedError {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, ok := p.tenants[tenantID]
	if !ok {
		return nil
	}
	now := p.now()
	if !now.Before(known.believed) {
		delete(p.tenants, tenantID)
		return nil
	}
	return &PausedError{RetryAfter: known.over.Sub(now)}
}
