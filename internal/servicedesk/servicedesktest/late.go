package servicedesktest

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"time"
)

// commitLate has next serve the call after a while, whether or not the client waits for
// it, as a server does that is busy and does not watch its connections. It occupies the
// goroutine of the call and no other, and ends at once when the server is closed.
func (s *Server) commitLate(w http.ResponseWriter, r *http.Request, next http.Handler, after time.Duration) {
	// Once the client has left, its input can no longer be read.
	input, err := io.ReadAll(io.LimitReader(r.Body, maxInput+1)) // one more than is accepted
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	// net/http cancels the request's context when the client leaves; the work goes on.
	detached := r.WithContext(context.WithoutCancel(r.Context()))
	detached.Body = io.NopCloser(bytes.NewReader(input))

	timer := time.NewTimer(after)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.closing:
	}
	answer := &heldAnswer{header: make(http.Header), status: http.StatusOK}
	if !s.unlessClosed(func() { next.ServeHTTP(answer, detached) }) || r.Context().Err() != nil {
		panic(http.ErrAbortHandler)
	}
	answer.release(w)
}

// unlessClosed runs commit, while which Close waits, or reports that it came too late.
func (s *Server) unlessClosed(commit func()) bool {
	s.late.RLock()
	defer s.late.RUnlock()
	select {
	case <-s.closing:
		return false
	default:
		commit()
		return true
	}
}

// heldAnswer keeps an answer until it is known whether anybody waits for it; a client that
// reads slowly must not hold up Close.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *heldAnswer) Header() http.Header         { return h.header }
func (h *heldAnswer) Write(b []byte) (int, error) { return h.body.Write(b) }
func (h *heldAnswer) WriteHeader(status int)      { h.status = status }

func (h *heldAnswer) release(w http.ResponseWriter) {
	maps.Copy(w.Header(), h.header)
	w.WriteHeader(h.status)
	_, _ = h.body.WriteTo(w)
}
