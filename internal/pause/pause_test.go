package pause_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/pause"
)

func TestForEndsWithItsContext(t *testing.T) {
	t.Parallel()
	if err := pause.For(t.Context(), time.Millisecond); err != nil {
		t.Errorf("a pause that was made: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := pause.For(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("a pause that was cut short: %v", err)
	}
}

func TestDoubledGrowsUpToItsBound(t *testing.T) {
	t.Parallel()
	for before, want := range map[int]time.Duration{-1: time.Minute, 0: time.Minute, 1: 2 * time.Minute, 5: 32 * time.Minute, 6: time.Hour, math.MaxInt: time.Hour} {
		if got := pause.Doubled(time.Minute, time.Hour, before); got != want {
			t.Errorf("after %d: %v, want %v", before, got, want)
		}
	}
	if got := pause.Doubled(time.Hour, math.MaxInt64, math.MaxInt); got != math.MaxInt64 {
		t.Errorf("without a bound: %v", got)
	}
	if got := pause.Doubled(0, time.Hour, math.MaxInt); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestJitteredStaysWithinAFifth(t *testing.T) {
	t.Parallel()
	seen := map[time.Duration]bool{}
	for range 1000 {
		got := pause.Jittered(time.Minute)
		if got < 48*time.Second || got > 72*time.Second {
			t.Fatalf("a minute became %s", got)
		}
		seen[got] = true
	}
	if len(seen) < 100 {
		t.Errorf("%d different pauses", len(seen))
	}
	if got := pause.Jittered(0); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
}
