package console

import (
	"context"
	"net/http"
	"sync"
	"time"
)

const (
	// mostUploads are stored at once: each is in memory, and writes in a transaction. uploadWait is how long one waits for
	// its turn.
	mostUploads = 4
	uploadWait  = 10 * time.Second
	// mostBodies are read at once, and ownBodies of one client: who sends slowly holds up itself.
	mostBodies, ownBodies = 16, 6
	// bodyWait is how long one waits to be read, and is asked for at bodyPause: who uploads many at once is served in turn.
	bodyWait, bodyPause = 2 * time.Second, 20 * time.Millisecond
	// mostStreams import or reindex at once, which lasts long; so many of one tenant, and of one client.
	mostStreams, tenantStreams, clientStreams = 16, 4, 8
	// mostReindexing, mostExports and mostVerifications each keep a connection of the database for as long as they last.
	// Together with mostUploads they are fewer than there are by default (DB_MAX_CONNS), or nobody could be recognised.
	mostReindexing             = 4
	mostExports, clientExports = 2, 1
	mostVerifications          = 1
	// mostTests of connections are made at once, and one of each tenant: its server is not to be hammered with them.
	mostTests = 8
)

// slots bound what is under way at once: all of it, and the shares of tenants and clients in it, so that one of them does
// not keep out the others. It may be used concurrently.
type slots struct {
	most int

	mu    sync.Mutex
	taken int
	// shares is how much of each share is taken; none that is 0.
	shares map[string]int
}

// share is what is under way for one tenant or client, and how much that may be.
type share struct {
	of   string
	most int
}

func newSlots(most int) *slots { return &slots{most: most, shares: map[string]int{}} }

// outcome of asking for a slot.
type outcome int

const (
	taken outcome = iota
	// shareTaken: there is room, but not for this one.
	shareTaken
	allTaken
)

// take takes a slot, if there is one and none of the shares is used up. The slot is given back with release.
func (s *slots) take(shares ...share) (release func(), got outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sh := range shares {
		if s.shares[sh.of] >= sh.most {
			return nil, shareTaken
		}
	}
	if s.taken >= s.most {
		return nil, allTaken
	}
	s.taken++
	for _, sh := range shares {
		s.shares[sh.of]++
	}
	return sync.OnceFunc(func() { s.giveBack(shares) }), taken
}

func (s *slots) giveBack(shares []share) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken--
	for _, sh := range shares {
		if s.shares[sh.of]--; s.shares[sh.of] == 0 {
			delete(s.shares, sh.of)
		}
	}
}

// ofTenant and ofClient are the shares of the tenant, and of whoever asks.
func ofTenant(tenantID string, most int) share { return share{"tenant " + tenantID, most} }

func ofClient(ctx context.Context, most int) share {
	return share{"client " + visiting(ctx).actor(), most}
}

// bodySlot lets a large body in. It is asked for before the body is read.
func (s *Server) bodySlot(ctx context.Context) (release func(), refused *Problem) {
	end, again := time.NewTimer(bodyWait), time.NewTicker(bodyPause)
	defer end.Stop()
	defer again.Stop()
	release, got := s.bodies.take(ofClient(ctx, ownBodies))
	for waiting := true; waiting && got != taken; {
		select {
		case <-again.C:
			release, got = s.bodies.take(ofClient(ctx, ownBodies))
		case <-end.C:
			waiting = false
		case <-ctx.Done():
			waiting = false
		}
	}
	switch got {
	case taken:
	case shareTaken:
		return nil, problem(http.StatusTooManyRequests, "you have other uploads under way: wait for the end of one").later(soon)
	case allTaken:
		return nil, problem(http.StatusServiceUnavailable, "too many uploads are under way: try again later").later(soon)
	}
	return release, nil
}

// turn waits until an upload that has arrived may be stored.
func (s *Server) turn(ctx context.Context) (done func(), err error) {
	wait := time.NewTimer(uploadWait)
	defer wait.Stop()
	select {
	case s.uploads <- struct{}{}:
		return func() { <-s.uploads }, nil
	case <-ctx.Done():
	case <-wait.C:
	}
	return nil, problem(http.StatusServiceUnavailable, "too many uploads are under way: try again later").later(soon)
}
