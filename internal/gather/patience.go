package gather

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Patience is how a source is asked: how often, with which pauses, and for how long in all.
type Patience struct {
	Attempts     int
	FirstPause   time.Duration // grows from one attempt to the next
	LongestPause time.Duration
	// Within is after which no further attempt is begun.
	Within time.Duration
}

// Ask asks, and again after a pause where that can help and there is time.
func (p Patience) Ask(ctx context.Context, ask func(context.Context) (Result, error)) (Result, error) {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = p.FirstPause, p.LongestPause
	return backoff.Retry(ctx, func() (Result, error) {
		found, err := ask(ctx)
		if IsPermanent(err) {
			err = backoff.Permanent(err)
		}
		return found, err
	}, backoff.WithBackOff(pauses), backoff.WithMaxTries(uint(max(1, p.Attempts))), backoff.WithMaxElapsedTime(p.Within))
}
