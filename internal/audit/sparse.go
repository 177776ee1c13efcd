package audit

import (
	"fmt"
	"net/netip"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

const (
	// sparsePause lies between two entries about the same refusal.
	sparsePause = time.Minute
	// sparseKinds of refusals are told apart at a time.
	sparseKinds = 1_000
)

// Refusal is what makes an entry of its own: who was refused, and why. The tenant is what was claimed, or asked for.
type Refusal struct {
	Reason, TenantID string
	From             netip.Addr
}

// Sparse decides which refusals are written down: one a minute for each kind and not one for each request, and of all kinds
// together a bounded number, so that a flood fills neither a disk nor a table. How many there were in all, the metrics
// say. It may be used concurrently.
type Sparse struct {
	now    func() time.Time
	budget *rate.Limiter

	mu    sync.Mutex
	kinds *lru.Cache[Refusal, *told]
}

type told struct {
	at     time.Time
	unsaid int // refusals since then
}

// NewSparse lets so many through a second, whatever comes, after a burst.
func NewSparse(perSecond float64, burst int, now func() time.Time) (*Sparse, error) {
	kinds, err := lru.New[Refusal, *told](sparseKinds)
	if err != nil {
		return nil, fmt.Errorf("remember refusals: %w", err)
	}
	return &Sparse{now: now, budget: rate.NewLimiter(rate.Limit(perSecond), burst), kinds: kinds}, nil
}

// Due says whether r is to be written down now, and how many refusals before it, that were not, the entry also stands for.
func (s *Sparse) Due(r Refusal) (unsaid int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	last, known := s.kinds.Get(r)
	if !known {
		last = &told{}
		s.kinds.Add(r, last)
	}
	if known && now.Sub(last.at) < sparsePause || !s.budget.AllowN(now, 1) {
		last.unsaid++
		return 0, false
	}
	unsaid, last.unsaid, last.at = last.unsaid, 0, now
	return unsaid, true
}
