package pace_test

import (
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/desk/pace"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

const (
	alpha = "alpha"
	host  = "sdp.example.com"
)

// clock stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newStore(t *testing.T) (*tenantstoretest.Store, *clock) {
	t.Helper()
	store := tenantstoretest.New(t)
	store.Save(t, alpha)
	return store, &clock{at: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
}

func reserve(t *testing.T, p *pace.Pace, host string) pace.Place {
	t.Helper()
	place, err := p.Reserve(t.Context(), alpha, host, 30)
	if err != nil {
		t.Fatal(err)
	}
	return place
}

// The queue of calls is one for all processes.
func TestReplicasShareTheirPace(t *testing.T) {
	t.Parallel()
	store, clock := newStore(t)
	replicas := []*pace.Pace{pace.New(store.DB, clock.now), pace.New(store.Replica(t).DB, clock.now)}
	var total time.Duration
	for i := range 40 {
		total = reserve(t, replicas[i%2], host).Wait
	}
	if want := (40 - pace.Burst) * 2 * time.Second; total != want {
		t.Errorf("the last of 40 calls waits for %v, want %v", total, want)
	}
	if place := reserve(t, replicas[0], "other.example.com"); place.Wait != 0 {
		t.Errorf("another host: %+v", place)
	}
}

func TestABlockHoldsForAllProcesses(t *testing.T) {
	t.Parallel()
	store, clock := newStore(t)
	one, other := pace.New(store.DB, clock.now), pace.New(store.Replica(t).DB, clock.now)
	for strikes, base := range []time.Duration{5 * time.Minute, 10 * time.Minute} {
		place := reserve(t, one, host)
		if place.Blocked != 0 || place.Strikes != strikes {
			t.Fatalf("before block %d: %+v", strikes, place)
		}
		wait, err := one.Block(t.Context(), alpha, host, place.Strikes, 5*time.Minute)
		if err != nil || wait < base*4/5 || wait > base*6/5 {
			t.Fatalf("block %d is for %v, %v", strikes, wait, err)
		}
		if place := reserve(t, other, host); place.Blocked < wait || place.Blocked > wait+time.Second {
			t.Errorf("another process is told %+v, want a block of %v", place, wait)
		}
		clock.move(wait + time.Second)
	}
	if err := other.Forgive(t.Context(), alpha, host); err != nil {
		t.Fatal(err)
	}
	if place := reserve(t, one, host); place.Blocked != 0 || place.Strikes != 0 {
		t.Errorf("after the server has answered: %+v", place)
	}
}
