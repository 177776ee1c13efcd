package preview

import "sync"

// room bounds the previews under way at once, so that jobs are not kept waiting by them.
type room struct {
	ofTenant, ofAll int

	mu    sync.Mutex
	taken map[string]int // by tenant; none that is 0
	all   int
}

func newRoom(ofTenant, ofAll int) *room {
	return &room{ofTenant: max(1, ofTenant), ofAll: max(1, ofAll), taken: map[string]int{}}
}

// take gives a place, to be given back with release, or a *Refusal.
func (r *room) take(tenantID string) (release func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.taken[tenantID] >= r.ofTenant {
		return nil, refuse(CodeBusy, "as many previews of this tenant are under way as may be: wait for the end of one")
	}
	if r.all >= r.ofAll {
		return nil, refuse(CodeBusy, "as many previews are under way as may be: try again in a moment")
	}
	r.all++
	r.taken[tenantID]++
	return sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.all--
		if r.taken[tenantID]--; r.taken[tenantID] == 0 {
			delete(r.taken, tenantID)
		}
	}), nil
}
