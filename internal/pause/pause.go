// Package pause owns how work waits that is repeated: for as long as its context lasts, longer after each failure, and not in step
// with others.
package pause

import (
	"context"
	"math/rand/v2"
	"time"
)

// For waits for d. When ctx ends first, it returns at once, with the reason.
func For(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Jittered is d, give or take a fifth: what began together shall not go on together.
func Jittered(d time.Duration) time.Duration {
	const fifth = 5
	return d - d/fifth + time.Duration(rand.Int64N(int64(2*d/fifth)+1)) //nolint:gosec // no secret
}

// Doubled is first, doubled with each time before, up to longest.
func Doubled(first, longest time.Duration, before int) time.Duration {
	d := min(first, longest)
	for ; before > 0 && d > 0 && d < longest; before-- {
		if d > longest/2 {
			return longest
		}
		d *= 2
	}
	return d
}
