package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humamux"

	"github.com/ai-agents/ai-agents/internal/audit"
)

const (
	// beat is the longest silence of a stream, so that neither client nor proxy takes it for dead.
	beat = 5 * time.Second
	// lineTimeout is how long a line may take to be written: a client that does not read is not waited for.
	lineTimeout = 30 * time.Second
)

// errStopping ends the streams of a process that is stopping.
var errStopping = errors.New("the console is stopping")

// lines writes the lines of a stream, from one goroutine.
type lines struct {
	out  http.ResponseWriter
	conn *http.ResponseController
	json *json.Encoder
}

// write sends v as a line, at once.
func (l *lines) write(v any) error {
	_ = l.conn.SetWriteDeadline(time.Now().Add(lineTimeout)) // fails only where there is no connection, as in some tests
	if err := l.json.Encode(v); err != nil {
		return err
	}
	return l.conn.Flush()
}

// Write implements io.Writer, for what makes its own lines.
func (l *lines) Write(p []byte) (int, error) {
	_ = l.conn.SetWriteDeadline(time.Now().Add(lineTimeout))
	return l.out.Write(p)
}

// begin takes a slot for a stream and then announces the work: there is no entry about work that found no room.
func (s *Server) begin(ctx context.Context, entry audit.Event, room *slots, shares ...share) (release func(), err error) {
	release, got := room.take(shares...)
	switch got {
	case taken:
	case shareTaken:
		return nil, problem(http.StatusTooManyRequests,
			"you have, or the tenant has, as many imports, exports and the like under way as may be: wait for the end of one").later(soon)
	case allTaken:
		return nil, problem(http.StatusServiceUnavailable, "too many imports, exports and the like are under way: try again later").later(soon)
	}
	if err := s.announce(ctx, entry); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// stream answers with lines that work writes, and gives the slot back. The work's context ends with the client, and when the
// process stops (errStopping).
func (s *Server) stream(ctx context.Context, release func(), work func(ctx context.Context, out *lines)) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer release()
		_, w := humamux.Unwrap(hctx)
		w.Header().Set("Content-Type", mediaLines)
		w.Header().Set("X-Accel-Buffering", "no") // else a proxy may keep lines back
		w.WriteHeader(http.StatusOK)
		out := &lines{out: w, conn: http.NewResponseController(w), json: json.NewEncoder(w)}
		out.json.SetEscapeHTML(false)
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		defer context.AfterFunc(s.stopping, func() { cancel(errStopping) })() //nolint:contextcheck // the work's context is the request's
		work(ctx, out)
	}}
}

// panicError is a panic of work in a stream.
type panicError struct {
	cause any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.cause) }

// errLeft is work that ended its goroutine.
var errLeft = errors.New("the work ended without a result")

// contained does work whose panic is an error: in a goroutine of its own, it would end the process.
func contained[R any](work func() (R, error)) (value R, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = &panicError{cause, debug.Stack()}
		}
	}()
	return work()
}

// alongside runs work beside the stream, which tells the latest of what work reports, at least every beat. It returns what
// work returned, once it has ended; a client who has gone ends it.
func alongside[P, R any](ctx context.Context, out *lines, first P, line func(P) any, work func(ctx context.Context, report func(P)) (R, error)) (R, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		value R
		err   error
	}
	reports, done := make(chan P, 1), make(chan result, 1)
	report := func(p P) {
		// Only the latest counts: work is not to wait for a slow client.
		select {
		case <-reports:
		default:
		}
		reports <- p
	}
	go func() {
		ended := result{err: errLeft}
		defer func() { done <- ended }()
		ended.value, ended.err = contained(func() (R, error) { return work(ctx, report) })
	}()
	silence := time.NewTicker(beat)
	defer silence.Stop()
	latest, gone := first, false
	tell := func() {
		if !gone && out.write(line(latest)) != nil {
			gone = true
			cancel()
		}
	}
	tell() // the headers, and that it has begun
	for {
		select {
		case latest = <-reports:
			tell()
			silence.Reset(beat)
		case <-silence.C:
			tell()
		case r := <-done:
			return r.value, r.err
		}
	}
}
