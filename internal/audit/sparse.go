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
	// sparseKinds of refusals are told apart at a time, in each class; and as many actors.
	sparseKinds = 1_000
	// shares of a class's budget there are: no actor has more than one.
	shares = 5
)

// Class says how much is known of whoever was refused. Each class has a budget of its own, so that those of whom less is
// known do not use up what is for the others.
type Class int

// The classes.
const (
	// Anonymous has proven nothing: anybody can make as many of these as he likes.
	Anonymous Class = iota
	// Identified has proven who he is, and is refused all the same.
	Identified
	// Bootstrapping has shown the right bootstrap token, after it was used.
	Bootstrapping
	classes
)

// Refusal is what makes an entry of its own: who was refused, and why. The tenant is what was claimed, or asked for.
type Refusal struct {
	Class            Class
	Reason, TenantID string
	// Actor is who has proven to be that: a token, a person, a tenant's sender. Empty for the anonymous.
	Actor string
	From  netip.Addr
}

// Sparse decides which refusals are written down: one a minute for each kind and not one for each request, and of all kinds
// of a class together a bounded number, so that a flood fills neither a disk nor a table. Of that, one actor has a share,
// and leaves the others theirs. How many there were in all, the metrics say. It may be used concurrently.
type Sparse struct {
	now func() time.Time

	mu      sync.Mutex
	budgets [classes]*budget
}

// budget is what is kept of one class.
type budget struct {
	perSecond float64
	burst     int
	all       *rate.Limiter
	kinds     *lru.Cache[Refusal, *told]
	actors    *lru.Cache[string, *rate.Limiter]
}

type told struct {
	at     time.Time
	unsaid int // refusals since then
}

// NewSparse lets so many of each class through a second, whatever comes, after a burst.
func NewSparse(perSecond float64, burst int, now func() time.Time) (*Sparse, error) {
	s := &Sparse{now: now}
	for class := range s.budgets {
		kinds, err := lru.New[Refusal, *told](sparseKinds)
		if err != nil {
			return nil, fmt.Errorf("remember refusals: %w", err)
		}
		actors, err := lru.New[string, *rate.Limiter](sparseKinds)
		if err != nil {
			return nil, fmt.Errorf("remember who was refused: %w", err)
		}
		s.budgets[class] = &budget{
			perSecond: perSecond, burst: burst, all: rate.NewLimiter(rate.Limit(perSecond), burst), kinds: kinds, actors: actors,
		}
	}
	return s, nil
}

// Due says whether r is to be written down now, and how many refusals before it, that were not, the entry also stands for.
func (s *Sparse) Due(r Refusal) (unsaid int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, b := s.now(), s.budgets[r.Class]
	last, known := b.kinds.Get(r)
	if !known {
		last = &told{}
		b.kinds.Add(r, last)
	}
	if known && now.Sub(last.at) < sparsePause || !b.allow(r.Actor, now) {
		last.unsaid++
		return 0, false
	}
	unsaid, last.unsaid, last.at = last.unsaid, 0, now
	return unsaid, true
}

// allow takes one from the actor's share and from the whole. What the share refuses costs the whole nothing.
func (b *budget) allow(actor string, now time.Time) bool {
	if actor != "" {
		share, known := b.actors.Get(actor)
		if !known {
			share = rate.NewLimiter(rate.Limit(b.perSecond/shares), max(1, b.burst/shares))
			b.actors.Add(actor, share)
		}
		if !share.AllowN(now, 1) {
			return false
		}
	}
	return b.all.AllowN(now, 1)
}
