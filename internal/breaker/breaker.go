// Package breaker owns when something that fails again and again is called: not for a short while, and then by a single call
// that finds out whether it is back.
package breaker

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

const (
	// DefaultFailures is how many failures in a row open a breaker.
	DefaultFailures = 5
	// DefaultPause is how long it stays open: long enough to spare jobs the wait, and short enough to go on soon.
	DefaultPause = 15 * time.Second
)

// Options may be left zero, each on its own.
type Options struct {
	Failures int           // DefaultFailures
	Pause    time.Duration // DefaultPause
	// Dead says of an error that nothing useful answered; by default, of every one. Other errors are answers.
	Dead func(error) bool
	// Switched is told when the breaker opens, and when it is closed again.
	Switched func(open bool)
}

// Breaker stands before calls that give a T. It may be used concurrently.
type Breaker[T any] struct {
	circuit *gobreaker.CircuitBreaker[T]
	until   atomic.Pointer[time.Time]
}

// New makes a closed Breaker.
func New[T any](o Options) *Breaker[T] {
	if o.Failures <= 0 {
		o.Failures = DefaultFailures
	}
	if o.Pause <= 0 {
		o.Pause = DefaultPause
	}
	b := &Breaker[T]{}
	b.circuit = gobreaker.NewCircuitBreaker[T](gobreaker.Settings{
		MaxRequests:  1,
		Timeout:      o.Pause,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return int64(c.ConsecutiveFailures) >= int64(o.Failures) },
		IsSuccessful: func(err error) bool { return err == nil || o.Dead != nil && !o.Dead(err) },
		// A caller that lost interest says nothing about what was called.
		IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				until := time.Now().Add(o.Pause)
				b.until.Store(&until)
			}
			// Between open and closed it is half open, which makes no difference to those who are told.
			if o.Switched != nil && (to == gobreaker.StateClosed || from == gobreaker.StateClosed) {
				o.Switched(to == gobreaker.StateOpen)
			}
		},
	})
	return b
}

// OpenError says that nothing was called.
type OpenError struct {
	// In is how long it is until something is; zero or less when something is being called right now.
	In time.Duration
}

// Error says when it is worth asking again.
func (e *OpenError) Error() string {
	if e.In <= 0 {
		return "it has failed again and again; it is being tried right now"
	}
	return fmt.Sprintf("it has failed again and again; the next try is in %s", e.In.Round(time.Second))
}

// Do makes the call, or gives an OpenError at once.
func (b *Breaker[T]) Do(call func() (T, error)) (T, error) {
	got, err := b.circuit.Execute(call)
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		open := &OpenError{}
		if until := b.until.Load(); until != nil {
			open.In = time.Until(*until)
		}
		return got, open
	}
	return got, err
}
