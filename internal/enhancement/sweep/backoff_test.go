package sweep

import (
	"testing"
	"time"
)

func TestTheBackoffDoublesUpToAnHour(t *testing.T) {
	for n, want := range map[int]time.Duration{
		1: time.Minute, 2: 2 * time.Minute, 6: 32 * time.Minute, 7: time.Hour, 8: time.Hour, 10_000: time.Hour,
	} {
		if got := backoff(time.Minute, n); got != want {
			t.Errorf("after %d starts: %s, want %s", n, got, want)
		}
	}
	if got := backoff(2*time.Hour, 3); got != 2*time.Hour {
		t.Errorf("a first pause longer than that: %s", got)
	}
}

func TestTheJitterStaysWithinAQuarter(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 1000 {
		got := jittered(time.Minute)
		if got < 45*time.Second || got > 75*time.Second {
			t.Fatalf("a minute became %s", got)
		}
		seen[got] = true
	}
	if len(seen) < 100 {
		t.Errorf("%d different pauses", len(seen))
	}
}
