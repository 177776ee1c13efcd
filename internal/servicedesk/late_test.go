package servicedesk_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// wire carries calls to a handler without a network, so that they can be made on the
// synthetic time of a bubble. As in net/http the handler outlives a client that leaves.
type wire struct{ handler http.Handler }

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	received := r.Clone(r.Context())
	if received.Body == nil {
		received.Body = http.NoBody
	}
	answer := httptest.NewRecorder()
	served := make(chan error, 1)
	go func() {
		defer func() {
			if recover() != nil { // http.ErrAbortHandler
				served <- io.ErrUnexpectedEOF
			}
		}()
		w.handler.ServeHTTP(answer, received)
		served <- nil
	}()
	select {
	case err := <-served:
		return answer.Result(), err
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// onSyntheticTime runs the test against both editions in a bubble of its own, which also
// makes sure that no goroutine is left when the fake is closed.
func onSyntheticTime(t *testing.T, timeout time.Duration, test func(t *testing.T, b *bench)) {
	t.Helper()
	for _, profile := range []servicedesk.Profile{servicedesk.ProfileOnPrem, servicedesk.ProfileCloud} {
		t.Run(string(profile), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fake := servicedesktest.New(servicedesktest.Options{Profile: profile, APIKey: apiKey, OAuth: oauth(""), TechnicianID: technician})
				defer fake.Close()
				b := &bench{fake: fake, cfg: servicedesk.Config{
					BaseURL: "http://sdp.example.com" + fake.BasePath(), Profile: profile, TechnicianID: technician, Timeout: timeout,
				}}
				if profile == servicedesk.ProfileCloud {
					b.cfg.OAuth = oauth("http://sdp.example.com")
				} else {
					b.cfg.APIKey = apiKey
				}
				var err error
				if b.client, err = servicedesk.New(b.cfg, &http.Client{Transport: wire{fake}}); err != nil {
					t.Fatal(err)
				}
				b.ticket = fake.AddRequest(servicedesktest.Request{Subject: "Mail is down"})
				test(t, b)
			})
		})
	}
}

// awaitNotes polls until the ticket has this many notes.
func (b *bench) awaitNotes(t *testing.T, want int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for len(b.fake.Notes(b.ticket)) != want {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the ticket has %d notes, want %d", len(b.fake.Notes(b.ticket)), want)
		}
	}
}

func TestALateCommitMakesASecondNoteAndIsTidiedUp(t *testing.T) {
	t.Parallel()
	onSyntheticTime(t, 100*time.Millisecond, func(t *testing.T, b *bench) {
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultCommitLate, LatencyMS: 400, Remaining: 1})
		_, err := b.client.PutNote(t.Context(), b.write("first"))
		wantError(t, err, servicedesk.KindRetry)
		if !servicedesk.Uncertain(err) {
			t.Errorf("the outcome is taken for certain: %v", err)
		}
		kept := b.put(t, b.write("second")) // too early, which is what Uncertain warns of
		if kept.Action != servicedesk.NoteCreated {
			t.Fatalf("got %+v", kept)
		}
		b.onlyNote(t)
		b.awaitNotes(t, 2)
		for _, want := range []int{1, 0} {
			if got := b.tidy(t, kept.NoteID); got != want {
				t.Errorf("removed %d notes, want %d", got, want)
			}
			if note := b.onlyNote(t); note.ID != kept.NoteID {
				t.Errorf("note %s stands, want %s", note.ID, kept.NoteID)
			}
		}
		if n := b.calls(http.MethodDelete); n != 1 {
			t.Errorf("%d deletions, want one", n)
		}
	})
}

func TestAnUncertainWriteThatIsWaitedForIsNotRepeated(t *testing.T) {
	t.Parallel()
	onSyntheticTime(t, 100*time.Millisecond, func(t *testing.T, b *bench) {
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultCommitLate, LatencyMS: 400, Remaining: 1})
		if _, err := b.client.PutNote(t.Context(), b.write("first")); !servicedesk.Uncertain(err) {
			t.Errorf("got %v", err)
		}
		b.awaitNotes(t, 1)
		if got := b.put(t, b.write("first")); got.Action != servicedesk.NoteUnchanged {
			t.Errorf("got %+v", got)
		}
	})
}

func TestUncertain(t *testing.T) {
	t.Parallel()
	onWrites, onReads := servicedesktest.OperationWriteNote, servicedesktest.OperationRead
	tests := map[string]struct {
		fault servicedesktest.Fault
		want  bool
	}{
		"write hangs":         {servicedesktest.Fault{Kind: servicedesktest.FaultHang, Operation: onWrites}, true},
		"write: 500":          {servicedesktest.Fault{Kind: servicedesktest.FaultAlways500, Operation: onWrites}, true},
		"write: proxy page":   {servicedesktest.Fault{Kind: servicedesktest.FaultHTMLErrorPage, Operation: onWrites}, true},
		"write: login page":   {servicedesktest.Fault{Kind: servicedesktest.FaultHTMLErrorPage, Status: 200, Operation: onWrites}, true},
		"write: reset":        {servicedesktest.Fault{Kind: servicedesktest.FaultResetConnection, Operation: onWrites}, true},
		"write: invalid":      {servicedesktest.Fault{Kind: servicedesktest.FaultFailNext, Status: 400, Code: 4001, Remaining: 1, Operation: onWrites}, false},
		"write: throttled":    {servicedesktest.Fault{Kind: servicedesktest.FaultThrottle, Operation: onWrites}, false},
		"write: bad key":      {servicedesktest.Fault{Kind: servicedesktest.FaultUnauthorized, Operation: onWrites}, false},
		"write: 200 not done": {servicedesktest.Fault{Kind: servicedesktest.FaultSuccessThatFailed, Operation: onWrites}, false},
		"lookup hangs":        {servicedesktest.Fault{Kind: servicedesktest.FaultHang, Operation: onReads}, false},
		"lookup: 500":         {servicedesktest.Fault{Kind: servicedesktest.FaultAlways500, Operation: onReads}, false},
		"lookup: reset":       {servicedesktest.Fault{Kind: servicedesktest.FaultResetConnection, Operation: onReads}, false},
		"lookup: missing":     {servicedesktest.Fault{Kind: servicedesktest.FaultFailNext, Status: 404, Code: 4007, Remaining: 1, Operation: onReads}, false},
		"everything hangs":    {servicedesktest.Fault{Kind: servicedesktest.FaultHang}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, servicedesk.ProfileOnPrem, impatient)
			b.faults(tt.fault)
			_, err := b.client.PutNote(t.Context(), b.write("text"))
			if err == nil {
				t.Fatal("the write succeeded")
			}
			other := &servicedesk.Error{Kind: servicedesk.KindRetry}
			for _, err := range []error{err, fmt.Errorf("update: %w", err), errors.Join(other, err)} {
				if got := servicedesk.Uncertain(err); got != tt.want {
					t.Errorf("Uncertain = %t, want %t: %v", got, tt.want, err)
				}
			}
		})
	}
	for _, err := range []error{nil, context.DeadlineExceeded, &servicedesk.Error{Kind: servicedesk.KindRetry}} {
		if servicedesk.Uncertain(err) {
			t.Errorf("%v is uncertain", err)
		}
	}
}

// The reason for a cancellation may be an error of this very package, about another call.
func TestAWriteCutOffByItsCallerIsUncertain(t *testing.T) {
	t.Parallel()
	sibling := &servicedesk.Error{Op: "get_request", TicketID: "2", Kind: servicedesk.KindNotFound}
	reasons := map[string]error{
		"none":                      nil,
		"refusal of another call":   fmt.Errorf("sibling: %w", sibling),
		"another call was not sent": &net.OpError{Op: "dial", Err: errors.New("refused")},
	}
	for name, reason := range reasons {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			client := against(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					_, _ = w.Write([]byte(noNotes))
					return
				}
				_ = r.ParseForm() // the end of the connection is noticed once the body has been read
				cancel(reason)
				<-r.Context().Done()
			})
			_, err := client.PutNote(ctx, servicedesk.NoteWrite{TicketID: "1", Marker: "m1", Body: "m1"})
			e := wantError(t, err, servicedesk.KindRetry)
			if !servicedesk.Uncertain(err) || !errors.Is(err, context.Canceled) || e.Op != "add_note" || e.TicketID != "1" {
				t.Errorf("got %v", err)
			}
		})
	}
	if sibling.Op != "get_request" || sibling.TicketID != "2" {
		t.Errorf("the error of the other call was changed: %v", sibling)
	}
}

func TestAWriteThatWasNeverSentIsCertain(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem)
	var dials atomic.Int32
	transport := &http.Transport{
		DisableKeepAlives: true, // one dial per call
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if dials.Add(1) > 1 {
				return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("refused")}
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}
	client, err := servicedesk.New(b.cfg, &http.Client{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.PutNote(t.Context(), b.write("text"))
	if e := wantError(t, err, servicedesk.KindRetry); e.Op != "add_note" || servicedesk.Uncertain(err) {
		t.Errorf("got %v", err)
	}
}
