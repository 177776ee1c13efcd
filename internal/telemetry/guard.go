package telemetry

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// OtherTenants is the tenant_id of the series of all tenants that have none of their own.
const OtherTenants = "other"

const (
	// balanceInterval is how often is looked which tenants are the busiest, and how long the series of one that has lost its label
	// stay as they are: long enough for every Prometheus to see their last values.
	balanceInterval = time.Minute
	// activityHalfLife is after how long activity counts half.
	activityHalfLife = time.Hour
	// A tenant takes another's label only when it is clearly busier: labels that come and go are of use to nobody.
	clearlyBusier, busierBy = 1.5, 10
	// idleFor is after how long without activity a tenant leaves the metrics.
	idleFor = 7 * 24 * time.Hour
)

// guard bounds the series: it gives the busiest tenants, and no more than limit of them, a label of their own.
type guard struct {
	limit int
	now   func() time.Time

	// mu is held for reading while something is counted under a name, so that no series comes back that was deleted.
	mu       sync.RWMutex
	tenants  map[string]*tenantActivity
	named    int // with those that are leaving
	balanced time.Time
	// forget deletes the series of a tenant that is not named any more.
	forget []func(tenantID string)
	// gone deletes what else is kept of a tenant that has left.
	gone []func(tenantID string)
}

// tenantActivity is how a tenant stands.
type tenantActivity struct {
	id    string
	name  string
	since atomic.Uint64 // what was counted since the last look
	score float64
	last  time.Time // a look before which there was activity
	// holds says that it takes one of the places; leaving, that it does so only until its last values are seen.
	holds, leaving bool
}

func newGuard(limit int, now func() time.Time) *guard {
	return &guard{limit: limit, now: now, tenants: map[string]*tenantActivity{}, balanced: now()}
}

// count gives the name that the tenant is counted under, which stays its name until counted. No tenant is no one's.
func (g *guard) count(tenantID string) (name string) {
	g.mu.RLock()
	if tenantID == "" || tenantID == OtherTenants {
		return tenantID
	}
	t, known := g.tenants[tenantID]
	for !known {
		g.mu.RUnlock()
		g.meet(tenantID)
		g.mu.RLock()
		t, known = g.tenants[tenantID]
	}
	t.since.Add(1)
	return t.name
}

// counted follows each count.
func (g *guard) counted() { g.mu.RUnlock() }

// know takes note of a tenant that was not heard of, and counts nothing.
func (g *guard) know(tenantID string) {
	if tenantID == "" || tenantID == OtherTenants {
		return
	}
	g.mu.RLock()
	known := g.tenants[tenantID] != nil
	g.mu.RUnlock()
	if !known {
		g.meet(tenantID)
	}
}

// meet takes note of a tenant. While there is room it is named at once.
func (g *guard) meet(tenantID string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.tenants[tenantID] != nil {
		return
	}
	t := &tenantActivity{id: tenantID, name: OtherTenants, last: g.now()}
	g.tenants[tenantID] = t
	if g.named < g.limit {
		g.give(t)
	}
}

func (g *guard) give(t *tenantActivity) {
	t.holds, t.name = true, t.id
	g.named++
}

func (g *guard) take(t *tenantActivity) {
	for _, forget := range g.forget {
		forget(t.id)
	}
	t.holds, t.leaving, t.name = false, false, OtherTenants
	g.named--
}

// nameOf is what the gauges of a tenant are called now.
func (g *guard) nameOf(tenantID string) string {
	if tenantID == "" || tenantID == OtherTenants {
		return tenantID
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	if t := g.tenants[tenantID]; t != nil {
		return t.name
	}
	return OtherTenants
}

// balance gives the labels to the busiest, if it is time. One that loses its own is counted with the others at once; its series stay until the
// next time, and only then another takes the place: so there are never more of them.
func (g *guard) balance() {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	passed := now.Sub(g.balanced)
	if passed < balanceInterval {
		return
	}
	g.balanced = now
	g.weigh(now, passed)
	holders, rest := g.ranked()
	for _, t := range rest {
		if g.named >= g.limit {
			break
		}
		g.give(t)
	}
	rest = slices.DeleteFunc(rest, func(t *tenantActivity) bool { return t.holds })
	for i := range min(len(holders), len(rest)) {
		weakest, busiest := holders[len(holders)-1-i], rest[i]
		if busiest.score < weakest.score*clearlyBusier+busierBy {
			break
		}
		weakest.leaving, weakest.name = true, OtherTenants
	}
}

// weigh brings the scores up to now, frees the places of those that were leaving, and forgets who has done nothing for long.
func (g *guard) weigh(now time.Time, passed time.Duration) {
	decay := math.Exp2(-passed.Hours() / activityHalfLife.Hours())
	for id, t := range g.tenants {
		since := t.since.Swap(0)
		t.score = t.score*decay + float64(since)
		if since > 0 {
			t.last = now
		}
		if t.leaving {
			g.take(t)
		}
		if now.Sub(t.last) >= idleFor {
			g.leave(id)
		}
	}
}

// ranked are those with a label and those without, the busiest first.
func (g *guard) ranked() (holders, rest []*tenantActivity) {
	for _, t := range g.tenants {
		if t.holds {
			holders = append(holders, t)
		} else {
			rest = append(rest, t)
		}
	}
	busiestFirst := func(a, b *tenantActivity) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.id, b.id))
	}
	slices.SortFunc(holders, busiestFirst)
	slices.SortFunc(rest, busiestFirst)
	return holders, rest
}

// remove has a tenant leave at once.
func (g *guard) remove(tenantID string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leave(tenantID)
}

func (g *guard) leave(tenantID string) {
	t := g.tenants[tenantID]
	if t == nil {
		return
	}
	if t.holds {
		g.take(t)
	}
	delete(g.tenants, tenantID)
	for _, gone := range g.gone {
		gone(tenantID)
	}
}

// standing is how many tenants have a label of their own, and how many have none.
func (g *guard) standing() (named, rest int) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	for _, t := range g.tenants {
		if t.name == t.id {
			named++
		}
	}
	return named, len(g.tenants) - named
}
