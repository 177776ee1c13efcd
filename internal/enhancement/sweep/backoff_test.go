package sweep

import (
	"testing"
	"time"
)

func TestTheBackoffDoublesUpToItsBound(t *testing.T) {
	for n, want := range map[int]time.Duration{
		1: 10 * time.Second, 2: 20 * time.Second, 3: longestBackoff, 4: longestBackoff, 10_000: longestBackoff,
	} {
		if got := backoff(10*time.Second, n); got != want {
			t.Errorf("after %d starts: %s, want %s", n, got, want)
		}
	}
	if got := backoff(2*time.Hour, 3); got != 2*time.Hour {
		t.Errorf("a first pause longer than that: %s", got)
	}
}

func TestThePatienceWithWhatStandsStillDoublesToEightTimes(t *testing.T) {
	cfg := Config{StuckAfter: 20 * time.Second}
	for sweeps, want := range map[int]time.Duration{0: 20 * time.Second, 1: 40 * time.Second, 3: 160 * time.Second, 4: 160 * time.Second, 10_000: 160 * time.Second} {
		if got := cfg.Stuck(sweeps); got != want {
			t.Errorf("after %d restarts: %s, want %s", sweeps, got, want)
		}
	}
}
