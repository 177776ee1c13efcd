package origin

import (
	"net/netip"
	"sync"
	"testing"
	"time"
)

const perMinute = 30

type ticker struct{ at time.Time }

func (c *ticker) now() time.Time { return c.at }

func newFailures(t *testing.T) (*Failures, *ticker) {
	t.Helper()
	clock := &ticker{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	f, err := NewFailures(perMinute, clock.now)
	if err != nil {
		t.Fatal(err)
	}
	return f, clock
}

func (f *Failures) fail(addr string, times int) {
	for range times {
		f.Failed(netip.MustParseAddr(addr))
	}
}

func admitted(t *testing.T, f *Failures, addr string) (ok, trial bool) {
	t.Helper()
	trial, wait := f.Admit(netip.MustParseAddr(addr))
	if wait < 0 || wait > time.Minute || (trial && wait > 0) {
		t.Fatalf("trial %t with a wait of %s", trial, wait)
	}
	return wait == 0, trial
}

func TestFailures(t *testing.T) {
	f, clock := newFailures(t)
	const bad, other = "192.0.2.1", "192.0.2.2"
	f.fail(bad, perMinute-1)
	if ok, _ := admitted(t, f, bad); !ok {
		t.Fatal("refused below the limit")
	}
	f.fail(bad, 1)
	_, wait := f.Admit(netip.MustParseAddr(bad))
	if wait != 2*time.Second {
		t.Fatalf("at the limit of %d a minute the wait is %s, want 2s", perMinute, wait)
	}
	if ok, _ := admitted(t, f, other); !ok {
		t.Error("another address is refused")
	}
	f.fail(bad, 1_000) // of requests that were under way
	clock.at = clock.at.Add(wait)
	if ok, trial := admitted(t, f, bad); !ok || trial {
		t.Errorf("after the wait: admitted %t, trial %t", ok, trial)
	}
	f.fail(bad, 1)
	if ok, _ := admitted(t, f, bad); ok {
		t.Error("one failure is forgiven, and two are let through")
	}
	clock.at = clock.at.Add(time.Minute)
	f.fail(bad, perMinute-1)
	if ok, _ := admitted(t, f, bad); !ok {
		t.Error("a minute later not all is forgiven")
	}
}

func TestAGoodSenderBesideABadOne(t *testing.T) {
	f, clock := newFailures(t)
	const nat = "192.0.2.1"
	f.Succeeded(netip.MustParseAddr(nat))
	f.fail(nat, perMinute)
	for second := range 3 {
		checked := 0
		for range 1_000 {
			if ok, trial := admitted(t, f, nat); ok && trial {
				checked++
			}
			f.fail(nat, 1)
		}
		if checked != trials {
			t.Errorf("second %d: %d of 1000 are looked at, want %d", second, checked, trials)
		}
		// Enough for the trials, and too little to forgive a failure.
		clock.at = clock.at.Add(time.Second)
	}
	clock.at = clock.at.Add(vouched)
	f.fail(nat, perMinute)
	if ok, _ := admitted(t, f, nat); ok {
		t.Error("a good signature speaks for its address for ever")
	}
}

func TestWhatIsOneParty(t *testing.T) {
	f, _ := newFailures(t)
	f.fail("2001:db8:1:1::1", perMinute/2)
	f.fail("2001:db8:1:1:ffff::2", perMinute/2)
	for addr, want := range map[string]bool{
		"2001:db8:1:1::3": false, "2001:db8:1:2::1": true, "192.0.2.1": true,
	} {
		if ok, _ := admitted(t, f, addr); ok != want {
			t.Errorf("%s: admitted %t, want %t", addr, ok, want)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	f, _ := newFailures(t)
	good := netip.MustParseAddr("192.0.2.1")
	f.Succeeded(good)
	f.fail(good.String(), perMinute)
	addr := netip.MustParseAddr("10.0.0.0")
	for range 3 * known {
		f.Failed(addr)
		addr = addr.Next()
	}
	if n := f.suspects.Len(); n != known {
		t.Errorf("%d suspects are remembered, want %d", n, known)
	}
	if !f.good.Contains(Site(good)) {
		t.Error("suspects drove out a good sender")
	}
}

func TestFailuresAtOnceAreAllCounted(t *testing.T) {
	f, _ := newFailures(t)
	var wg sync.WaitGroup
	for range perMinute {
		wg.Go(func() { f.fail("192.0.2.1", 1) })
	}
	wg.Wait()
	if ok, _ := admitted(t, f, "192.0.2.1"); ok {
		t.Error("some failures were lost")
	}
}
