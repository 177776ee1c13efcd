// Package fault owns what a receiver of notifications does wrong when a test asks for it.
package fault

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Answer is a failure in place of an answer.
type Answer struct {
	// Status is the HTTP status; 500 when zero.
	Status int
	// RetryAfter is told in whole seconds, rounded up, when it is positive.
	RetryAfter time.Duration
}

// Plan is what is to go wrong. The zero value lets all pass. Its methods may be called at the same time.
type Plan struct {
	mu    sync.Mutex
	next  []Answer
	gate  chan struct{}
	count int
}

// Fail has the next n requests answered so.
func (p *Plan) Fail(n int, a Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range n {
		p.next = append(p.next, a)
	}
}

// Hold has requests wait until release is called, which may be called more than once.
func (p *Plan) Hold() (release func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	gate := make(chan struct{})
	p.gate = gate
	return sync.OnceFunc(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.gate == gate {
			p.gate = nil
		}
		close(gate)
	})
}

// Requests is how many requests have come, those that failed or wait included.
func (p *Plan) Requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// Handler is next with what is to go wrong. A request that waits and is given up by its sender has no effect.
func (p *Plan) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gate, answer := p.take()
		if gate != nil {
			select {
			case <-gate:
			case <-r.Context().Done():
				return
			}
		}
		if answer == nil {
			next.ServeHTTP(w, r)
			return
		}
		if answer.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(answer.RetryAfter.Seconds()))))
		}
		status := answer.Status
		if status == 0 {
			status = http.StatusInternalServerError
		}
		http.Error(w, http.StatusText(status), status)
	})
}

func (p *Plan) take() (chan struct{}, *Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	if len(p.next) == 0 {
		return p.gate, nil
	}
	answer := p.next[0]
	p.next = p.next[1:]
	return p.gate, &answer
}
