package page

import (
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

const (
	// remembered bounds the memory: some hundred bytes for each of so many addresses, and of so many notes.
	remembered = 10_000
	// perAddress requests a minute are what an office behind one address needs, and a scanner of links; perNote ones are far
	// more than a change of mind.
	perAddress = 120
	perNote    = 20
)

// limit allows each key so many requests a minute. It is this process's own.
type limit[K comparable] struct {
	perMinute int
	known     *lru.Cache[K, *rate.Limiter]
	now       func() time.Time
}

func newLimit[K comparable](perMinute int, now func() time.Time) (*limit[K], error) {
	known, err := lru.New[K, *rate.Limiter](remembered)
	if err != nil {
		return nil, fmt.Errorf("remember who asks: %w", err)
	}
	return &limit[K]{perMinute: perMinute, known: known, now: now}, nil
}

// wait is 0 when the key may go on, and else how long it has to wait.
func (l *limit[K]) wait(key K) time.Duration {
	limiter, ok := l.known.Get(key)
	if !ok {
		limiter = rate.NewLimiter(rate.Limit(float64(l.perMinute)/time.Minute.Seconds()), l.perMinute)
		if other, raced, _ := l.known.PeekOrAdd(key, limiter); raced {
			limiter = other
		}
	}
	if limiter.AllowN(l.now(), 1) {
		return 0
	}
	return time.Minute / time.Duration(l.perMinute)
}
