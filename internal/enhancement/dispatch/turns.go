package dispatch

import (
	"cmp"
	"slices"

	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
)

// next says whose turn it is and how many jobs it may have started: the tenant's with the fewest running, and of several such the
// one that has waited longest for its turn. It is given more than one only as long as it stays the one with the fewest. 0 when
// there is nothing to start, or no room.
func (d *Dispatcher) next(turns []ledger.Turn) (tenantID string, most int) {
	running, served := 0, make(map[string]uint64, len(d.served))
	var waiting []ledger.Turn
	for _, t := range turns {
		running += t.Running
		if !t.Waits {
			continue
		}
		at, ok := d.served[t.TenantID]
		if !ok {
			at = d.turn // behind those that wait already, or a stream of newcomers would keep them waiting
		}
		served[t.TenantID] = at
		if _, idle := d.idle[t.TenantID]; !idle && t.Running < d.cfg.TenantLimit {
			waiting = append(waiting, t)
		}
	}
	d.served = served // those that have nothing to wait for are forgotten
	room := d.cfg.GlobalLimit - running
	if len(waiting) == 0 || room <= 0 {
		return "", 0
	}
	slices.SortFunc(waiting, func(a, b ledger.Turn) int {
		return cmp.Or(cmp.Compare(a.Running, b.Running), cmp.Compare(served[a.TenantID], served[b.TenantID]), cmp.Compare(a.TenantID, b.TenantID))
	})
	first := waiting[0]
	most = min(batch, room, d.cfg.TenantLimit-first.Running)
	if len(waiting) > 1 {
		most = min(most, max(1, waiting[1].Running-first.Running))
	}
	if d.engine.now() {
		most = 1
	}
	d.turn++
	d.served[first.TenantID] = d.turn
	return first.TenantID, most
}
