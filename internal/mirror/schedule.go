package mirror

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ai-agents/ai-agents/internal/pause"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// How often Run looks for new tenants, and at least what is due.
const (
	listEvery = time.Minute
	listSoon  = 10 * time.Second // after a failure
	lookEvery = 250 * time.Millisecond
)

// Run follows the schedule until ctx ends, and then until what is under way has stopped. Any number of replicas may run it:
// the lease in the database lets one at a time at a feed. At most Config.Concurrency tenants are worked for at once, each
// of them one feed at a time. One that waits for its pace lends its place to another, and one whose server is dead has it
// for one call at a time, less and less often: they do not hold the others up. Failures are logged and recorded with the
// feed; they never end Run.
func (m *Mirror) Run(ctx context.Context) error {
	s := &schedule{m: m, due: make(map[slot]time.Time), busy: make(map[string]bool), places: make(chan struct{}, m.cfg.Concurrency), woken: make(chan struct{}, 1)}
	for _, feed := range Feeds() {
		if m.cfg.interval(feed) > 0 {
			s.feeds = append(s.feeds, feed)
		}
	}
	if len(s.feeds) == 0 || m.cfg.Tenants == nil {
		m.logger.InfoContext(ctx, "the mirror is off: no feed has an interval")
		<-ctx.Done()
		return nil
	}
	s.loop(ctx)
	s.running.Wait()
	return nil
}

// slot is a feed of a tenant.
type slot struct {
	tenantID string
	feed     Feed
}

type schedule struct {
	m       *Mirror
	feeds   []Feed
	running sync.WaitGroup
	woken   chan struct{}
	places  chan struct{} // as many as are taken

	mu   sync.Mutex
	due  map[slot]time.Time // by this process' clock: when it makes sense to ask
	busy map[string]bool    // tenants that are worked for
}

func (s *schedule) loop(ctx context.Context) {
	var listed time.Time
	for ctx.Err() == nil {
		if time.Since(listed) >= listEvery {
			listed = time.Now()
			if !s.list(ctx) {
				listed = listed.Add(listSoon - listEvery)
			}
		}
		for {
			next, ok := s.take()
			if !ok {
				break
			}
			s.running.Go(func() { s.work(ctx, next) })
		}
		timer := time.NewTimer(lookEvery)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-s.woken:
		}
		timer.Stop()
	}
}

// list takes up new tenants and forgets those that are gone.
func (s *schedule) list(ctx context.Context) bool {
	ids, err := s.m.cfg.Tenants.Enabled(ctx)
	if err != nil {
		s.m.logger.WarnContext(ctx, "the mirror cannot list the tenants and goes on with those it knows", "error", err)
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	due := make(map[slot]time.Time, len(ids)*len(s.feeds))
	for _, id := range ids {
		for _, feed := range s.feeds {
			at, known := s.due[slot{id, feed}]
			if !known {
				at = time.Now()
			}
			due[slot{id, feed}] = at
		}
	}
	s.due = due
	return true
}

// take gives the slot that has been due for longest and whose tenant is not busy.
func (s *schedule) take() (slot, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	var (
		best  slot
		found bool
	)
	for candidate, at := range s.due {
		if at.After(now) || s.busy[candidate.tenantID] || found && !at.Before(s.due[best]) {
			continue
		}
		best, found = candidate, true
	}
	if !found {
		return slot{}, false
	}
	select {
	case s.places <- struct{}{}:
	default:
		return slot{}, false
	}
	s.busy[best.tenantID] = true
	return best, true
}

func (s *schedule) work(ctx context.Context, next slot) {
	again := s.m.refreshDue(ctx, next, s.rest)
	<-s.places
	s.mu.Lock()
	delete(s.busy, next.tenantID)
	if _, still := s.due[next]; still {
		s.due[next] = time.Now().Add(again)
	}
	s.mu.Unlock()
	s.wake()
}

func (s *schedule) wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// rest lends the place of a step that waits to another. The step itself goes on: a list that was begun anew after each
// wait would never be read to its end.
func (s *schedule) rest(ctx context.Context, d time.Duration) error {
	<-s.places
	s.wake()
	err := s.m.cfg.Sleep(ctx, d)
	s.places <- struct{}{} // whoever has one gives it back, also when ctx has ended
	return err
}

// refreshDue does a step if it is due, and says after how long to ask again.
func (m *Mirror) refreshDue(ctx context.Context, s slot, rest func(context.Context, time.Duration) error) time.Duration {
	interval := m.cfg.interval(s.feed)
	r, err := m.newRun(ctx, s.tenantID, s.feed)
	if err != nil {
		if ctx.Err() == nil && !errors.Is(err, tenant.ErrNotFound) {
			m.logger.WarnContext(ctx, "the mirror cannot begin", "tenant_id", s.tenantID, "feed", string(s.feed), "error", err)
		}
		return pause.Jittered(interval)
	}
	r.rest = rest
	_, err = r.do(ctx, claimDue)
	if busy, ok := errors.AsType[*busyError](err); ok {
		// A dead replica's lease ends, and somebody may have made the feed due at once.
		return min(busy.again, interval) + pause.Jittered(lookEvery)
	}
	if r.next >= 0 {
		return r.next
	}
	return pause.Jittered(interval)
}
