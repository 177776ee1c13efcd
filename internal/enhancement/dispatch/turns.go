package dispatch

import (
	"cmp"
	"slices"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
)

// standing is what is known of a tenant while its jobs wait.
type standing struct {
	served uint64 // when it last had its turn
	// tokens is how many of its jobs may be started without a pause, at the time of at.
	tokens float64
	at     time.Time
}

// next says whose turn it is and how many jobs it may have started: the tenant's with the fewest running, and of several such the
// one that has waited longest for its turn. It is given more than one only as long as it stays the one with the fewest. 0 when
// there is nothing to start, or no room, or it would be too soon.
func (d *Dispatcher) next(turns []ledger.Turn, now time.Time) (tenantID string, most int) {
	d.stand(turns, now)
	running := 0
	var waiting []ledger.Turn
	for _, t := range turns {
		running += t.Running
		if _, idle := d.idle[t.TenantID]; t.Waits && !idle && t.Running < d.cfg.TenantLimit {
			waiting = append(waiting, t)
		}
	}
	room := d.cfg.GlobalLimit - running
	if d.again = 0; room <= 0 {
		return "", 0
	}
	waiting = slices.DeleteFunc(waiting, d.tooSoon)
	if len(waiting) == 0 {
		return "", 0
	}
	slices.SortFunc(waiting, func(a, b ledger.Turn) int {
		return cmp.Or(cmp.Compare(a.Running, b.Running), cmp.Compare(d.queue[a.TenantID].served, d.queue[b.TenantID].served),
			cmp.Compare(a.TenantID, b.TenantID))
	})
	first := waiting[0]
	most = min(batch, room, d.cfg.TenantLimit-first.Running)
	if d.cfg.TenantPace > 0 {
		most = min(most, int(d.queue[first.TenantID].tokens))
	}
	if len(waiting) > 1 {
		most = min(most, max(1, waiting[1].Running-first.Running))
	}
	if d.engine.now() {
		most = 1
	}
	d.turn++
	d.queue[first.TenantID].served = d.turn
	return first.TenantID, most
}

// stand brings up to date what is known of the tenants whose jobs wait. The others are forgotten.
func (d *Dispatcher) stand(turns []ledger.Turn, now time.Time) {
	queue := make(map[string]*standing, len(d.queue))
	const full = float64(batch)
	for _, t := range turns {
		if !t.Waits {
			continue
		}
		s, ok := d.queue[t.TenantID]
		if !ok {
			// Behind those that wait already, or a stream of newcomers would keep them waiting.
			s = &standing{served: d.turn, tokens: full, at: now}
		}
		s.tokens = min(full, s.tokens+now.Sub(s.at).Seconds()*d.cfg.TenantPace)
		s.at = now
		queue[t.TenantID] = s
	}
	d.queue = queue
}

// tooSoon says whether the tenant has to wait because of its pace, and has the dispatcher look again when that is over.
func (d *Dispatcher) tooSoon(t ledger.Turn) bool {
	lacks := 1 - d.queue[t.TenantID].tokens
	if d.cfg.TenantPace == 0 || lacks <= 0 {
		return false
	}
	// At least so long that the clock has moved on.
	wait := max(time.Millisecond, time.Duration(lacks/d.cfg.TenantPace*float64(time.Second)))
	if d.again == 0 || wait < d.again {
		d.again = wait
	}
	return true
}
