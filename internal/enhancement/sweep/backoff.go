package sweep

import (
	"time"

	"github.com/ai-agents/ai-agents/internal/pause"
)

// backoff is the pause after the nth start of a job: the first one doubled each time, up to longestBackoff.
func backoff(first time.Duration, n int) time.Duration {
	return pause.Doubled(first, max(first, longestBackoff), n-1)
}
