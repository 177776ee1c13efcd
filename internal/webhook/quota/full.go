package quota

import (
	"sync"
	"time"
)

// belief is how long a tenant is refused on the strength of what the database said. Room can come back sooner than it
// said, when jobs are withdrawn through another replica; nobody is refused for longer than this because of that.
const belief = time.Second

// fullTenants remembers which tenants have no room, so that a flood of theirs does not reach the lock of their row.
// It can only refuse: what is let in is decided by the database. Only tenants whose signature was right get here, so
// there are never more entries than tenants.
type fullTenants struct {
	now     func() time.Time
	mu      sync.Mutex
	tenants map[string]lesson
}

type lesson struct {
	perMinute int // the limit it is about; another limit is another question
	room      time.Time
	believed  time.Time // until then
}

func newFullTenants(now func() time.Time) *fullTenants {
	return &fullTenants{now: now, tenants: map[string]lesson{}}
}

func (f *fullTenants) learn(tenantID string, full *FullError) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	f.tenants[tenantID] = lesson{
		perMinute: full.PerMinute, room: now.Add(full.RetryAfter), believed: now.Add(min(belief, full.RetryAfter)),
	}
}

// recall returns nil when nothing is known that speaks against asking the database.
func (f *fullTenants) recall(tenantID string, perMinute int) *FullError {
	f.mu.Lock()
	defer f.mu.Unlock()
	known, ok := f.tenants[tenantID]
	if !ok {
		return nil
	}
	now := f.now()
	if known.perMinute != perMinute || !now.Before(known.believed) {
		delete(f.tenants, tenantID)
		return nil
	}
	return &FullError{PerMinute: perMinute, RetryAfter: known.room.Sub(now)}
}

func (f *fullTenants) forget(tenantID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.tenants, tenantID)
}
