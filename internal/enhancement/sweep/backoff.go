package sweep

import (
	"math/rand/v2"
	"time"
)

// backoff is the pause after the nth start of a job: the first one doubled each time, up to longestBackoff.
func backoff(first time.Duration, n int) time.Duration {
	pause := first
	for i := 1; i < n && pause < longestBackoff; i++ {
		pause *= 2
	}
	return min(pause, max(first, longestBackoff))
}

// jittered is d, give or take a quarter, so that what was lost together does not come back together.
func jittered(d time.Duration) time.Duration {
	const spread = 0.5
	return d + time.Duration((rand.Float64()-spread)*spread*float64(d)) //nolint:gosec // not a secret
}
