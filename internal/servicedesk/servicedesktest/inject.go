package servicedesktest

import (
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// injector decides which fault a call meets.
type injector struct {
	clock func() time.Time

	mu     sync.Mutex
	active []Fault
	since  time.Time              // when active was set
	recent map[string][]time.Time // calls by URL within a minute, for rate_limit
	block  map[string]time.Time   // until when a URL is blocked
}

func newInjector(clock func() time.Time) *injector {
	return &injector{clock: clock}
}

func (i *injector) set(f Faults) {
	active := slices.Clone(f.Active)
	for n := range active {
		fault := &active[n]
		switch {
		case fault.Kind == FaultExpireToken && fault.Remaining == 0:
			fault.Remaining = 1
		case (fault.Kind == FaultCommitThenTimeout || fault.Kind == FaultCommitLate) && fault.Operation == "":
			fault.Operation = OperationWriteNote
		}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.active, i.since = active, i.clock()
	i.recent, i.block = make(map[string][]time.Time), make(map[string]time.Time)
}

func (i *injector) snapshot() Faults {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.forget()
	return Faults{Active: slices.Clone(i.active)}
}

// take uses up one occurrence of the first fault of these kinds that applies.
func (i *injector) take(op Operation, kinds ...FaultKind) (Fault, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.forget()
	for n, fault := range i.active {
		if !slices.Contains(kinds, fault.Kind) || !fault.applies(op) {
			continue
		}
		if fault.Remaining > 0 {
			i.active[n].Remaining--
			if fault.Remaining == 1 {
				i.active = slices.Delete(i.active, n, n+1)
			}
		}
		return fault, true
	}
	return Fault{}, false
}

// forget drops faults whose time is over. It needs i.mu.
func (i *injector) forget() {
	elapsed := i.clock().Sub(i.since)
	i.active = slices.DeleteFunc(i.active, func(f Fault) bool {
		return f.Kind != FaultRateLimit && f.DurationMS > 0 && elapsed >= millis(f.DurationMS)
	})
}

func (f Fault) applies(op Operation) bool {
	if f.Operation == "" || f.Operation == OperationAny {
		return op != OperationToken
	}
	return f.Operation == op
}

func operationOf(r *http.Request) Operation {
	switch {
	case r.URL.Path == tokenPath:
		return OperationToken
	case r.Method == http.MethodGet:
		return OperationRead
	default:
		return OperationWriteNote // nothing else can be written
	}
}

// serve answers r with next, or with the fault it meets.
func (i *injector) serve(s *Server, w http.ResponseWriter, r *http.Request, next http.Handler) {
	op := operationOf(r)
	if fault, ok := i.take(op, FaultLatency); ok && !s.pause(r, millis(fault.LatencyMS)) {
		panic(http.ErrAbortHandler)
	}
	if _, ok := i.take(op, FaultExpireToken); ok {
		s.tokens.revoke()
	}
	if i.limited(op, r) {
		s.throttled(w)
		return
	}
	fault, ok := i.take(op, FaultFailNext, FaultAlways500, FaultHTMLErrorPage, FaultUnauthorized, FaultThrottle,
		FaultSuccessThatFailed, FaultCommitThenTimeout, FaultCommitLate, FaultHang, FaultResetConnection)
	if !ok {
		next.ServeHTTP(w, r)
		return
	}
	s.misbehave(fault, w, r, next)
}

func (s *Server) misbehave(fault Fault, w http.ResponseWriter, r *http.Request, next http.Handler) {
	switch fault.Kind { //nolint:exhaustive // the others do not replace the answer
	case FaultFailNext:
		s.fail(w, orElse(fault.Status, http.StatusInternalServerError), orElse(fault.Code, codeInternal), "", "Internal Error")
	case FaultAlways500:
		s.fail(w, http.StatusInternalServerError, codeInternal, "", "Internal Error")
	case FaultHTMLErrorPage:
		page(w, orElse(fault.Status, http.StatusBadGateway), "Bad Gateway", "The proxy server received an invalid response from an upstream server.")
	case FaultUnauthorized:
		s.unauthorized(w)
	case FaultThrottle:
		s.throttled(w)
	case FaultSuccessThatFailed:
		s.warn(w)
	case FaultCommitThenTimeout:
		next.ServeHTTP(nowhere{}, r)
		s.hang(r)
	case FaultCommitLate:
		s.commitLate(w, r, next, millis(fault.LatencyMS))
	case FaultHang:
		s.hang(r)
	case FaultResetConnection:
		reset(w)
	}
}

// limited counts the call against its URL's limit. On-premises the limit is per URL, and a
// URL once blocked stays so for a while; the cloud counts all calls together.
func (i *injector) limited(op Operation, r *http.Request) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	at := slices.IndexFunc(i.active, func(f Fault) bool { return f.Kind == FaultRateLimit && f.applies(op) })
	if at < 0 {
		return false
	}
	fault, now, key := i.active[at], i.clock(), r.Method+" "+r.URL.Path
	if strings.HasPrefix(r.URL.Path, "/app/") {
		key = "account"
	}
	if now.Before(i.block[key]) {
		return true
	}
	recent := slices.DeleteFunc(i.recent[key], func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	if len(recent) >= fault.Limit {
		i.block[key] = now.Add(millis(orElse(fault.DurationMS, int(time.Minute/time.Millisecond))))
		return true
	}
	i.recent[key] = append(recent, now)
	return false
}

// pause waits, unless the client goes away first.
func (s *Server) pause(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
	case <-s.closing:
	}
	return false
}

// hang holds the connection without an answer until the client gives up.
func (s *Server) hang(r *http.Request) {
	// The end of the connection is noticed only once the body has been read.
	_, _ = io.Copy(io.Discard, r.Body)
	select {
	case <-r.Context().Done():
	case <-s.closing:
	}
	panic(http.ErrAbortHandler)
}

func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 has no connection to give away
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // closing then sends RST instead of FIN
	}
	_ = conn.Close()
}

// nowhere swallows the answer of a write that is committed in silence.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (nowhere) WriteHeader(int)             {}

func millis(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func orElse(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}
