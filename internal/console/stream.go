package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humamux"
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

// stream answers with lines that work writes. Its context ends with the client, and when the process stops (errStopping).
func (s *Server) stream(ctx context.Context, work func(ctx context.Context, out *lines)) (*huma.StreamResponse, error) {
	select {
	case s.streams <- struct{}{}:
	default:
		return nil, problem(http.StatusServiceUnavailable, "too many imports, exports and the like are under way: try again later").later(soon)
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer func() { <-s.streams }()
		_, w := humamux.Unwrap(hctx)
		w.Header().Set("Content-Type", mediaLines)
		w.Header().Set("X-Accel-Buffering", "no") // else a proxy may keep lines back
		w.WriteHeader(http.StatusOK)
		out := &lines{out: w, conn: http.NewResponseController(w), json: json.NewEncoder(w)}
		out.json.SetEscapeHTML(false)
		ctx, cancel := context.WithCancelCause(ctx) //nolint:contextcheck // it is the request's, as huma handed it over
		defer cancel(nil)
		defer context.AfterFunc(s.stopping, func() { cancel(errStopping) })()
		work(ctx, out)
	}}, nil
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
	go func() {
		value, err := work(ctx, func(p P) {
			// Only the latest counts: work is not to wait for a slow client.
			select {
			case <-reports:
			default:
			}
			reports <- p
		})
		done <- result{value, err}
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
