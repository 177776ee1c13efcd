package servicedesk_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

const noNotes = `{"notes":[],"response_status":[{"status":"success"}]}`

func TestCommitThenTimeoutIsVerified(t *testing.T) {
	t.Parallel()
	for _, bare := range []bool{false, true} {
		eachProfile(t, func(t *testing.T, b *bench) {
			commit := servicedesktest.Fault{Kind: servicedesktest.FaultCommitThenTimeout, Remaining: 1}
			faults := []servicedesktest.Fault{commit}
			if bare {
				faults = append(faults, servicedesktest.Fault{Kind: servicedesktest.FaultNoDescription})
			}
			b.faults(faults...)
			got := b.put(t, b.write("first"))
			if undigested(got) != (servicedesk.NoteResult{NoteID: b.onlyNote(t).ID, Action: servicedesk.NoteVerified}) {
				t.Errorf("POST: got %+v", got)
			}
			b.faults(faults...)
			w := b.write("second")
			w.KnownNoteID = got.NoteID
			if again := b.put(t, w); undigested(again) != undigested(got) {
				t.Errorf("PUT: got %+v, want %+v", again, got)
			}
			if note := b.onlyNote(t); !strings.Contains(note.Description, "second") {
				t.Errorf("the note reads %q", note.Description)
			}
			if again := b.put(t, w); again.Action != servicedesk.NoteUnchanged {
				t.Errorf("again: got %+v", again)
			}
		}, impatient)
	}
}

func TestCommitThenTheCallersDeadlineIsVerified(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultCommitThenTimeout, Remaining: 1})
		ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
		defer cancel()
		got, err := b.client.PutNote(ctx, b.write("first"))
		if err != nil || got.Action != servicedesk.NoteVerified {
			t.Errorf("got %+v, %v", got, err)
		}
		b.onlyNote(t)
	})
}

func TestHangThenRetryAddsOneNote(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		hang := servicedesktest.Fault{Kind: servicedesktest.FaultHang, Operation: servicedesktest.OperationWriteNote, Remaining: 1}
		b.faults(hang)
		_, err := b.client.PutNote(t.Context(), b.write("first"))
		if e := wantError(t, err, servicedesk.KindRetry); e.Op != "add_note" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if got := b.put(t, b.write("first")); got.Action != servicedesk.NoteCreated {
			t.Errorf("got %+v", got)
		}
		b.faults(hang)
		w := b.write("second")
		_, err = b.client.PutNote(t.Context(), w)
		wantError(t, err, servicedesk.KindRetry) // found, but it still says the old thing
		if got := b.put(t, w); got.Action != servicedesk.NoteEdited {
			t.Errorf("got %+v", got)
		}
		b.onlyNote(t)
	}, impatient)
}

func TestShutdownIsNotHeldUpByVerification(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var reads atomic.Int32
	client := against(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			reads.Add(1)
			_, _ = w.Write([]byte(noNotes))
			return
		}
		_ = r.ParseForm() // the end of the connection is noticed once the body has been read
		cancel()
		<-r.Context().Done()
	})
	_, err := client.PutNote(ctx, servicedesk.NoteWrite{TicketID: "1", Marker: "m1", Body: "m1"})
	wantError(t, err, servicedesk.KindRetry)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if reads.Load() != 1 {
		t.Errorf("%d reads, want none after the cancellation", reads.Load()-1)
	}
}

func TestCancellationEndsVerification(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var lists atomic.Int32
	client := against(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusBadGateway)
		case lists.Add(1) == 1:
			_, _ = w.Write([]byte(noNotes))
		default:
			cancel()
			<-r.Context().Done()
		}
	})
	_, err := client.PutNote(ctx, servicedesk.NoteWrite{TicketID: "1", Marker: "m1", Body: "m1"})
	if e := wantError(t, err, servicedesk.KindRetry); e.HTTPStatus != http.StatusBadGateway || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestUnclearAnswersToACommittedWriteAreVerified(t *testing.T) {
	t.Parallel()
	answers := map[string]func(w http.ResponseWriter){
		"proxy page": func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusGatewayTimeout)
			_, _ = w.Write([]byte("<html><h1>Gateway Timeout</h1></html>"))
		},
		"500": func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write([]byte(`{"response_status":{"status_code":4000,"status":"failed","messages":[{"status_code":4004}]}}`))
		},
		"login page": func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>Log in</html>")) },
		"empty":      func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) },
		"no note":    func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{}`)) },
		"cut JSON":   func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"note":{"id":"3`)) },
		"oversize":   func(w http.ResponseWriter) { _, _ = w.Write(make([]byte, 5<<20)) },
		"cut body": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "500")
			_, _ = w.Write([]byte(`{"note"`))
		},
		"no answer": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"no note id": func(w http.ResponseWriter) {
			_, _ = w.Write([]byte(`{"note":{},"response_status":{"status":"success"}}`))
		},
		"bad note id": func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"note":{"id":"x"}}`)) },
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var committed atomic.Bool
			client := against(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodPost:
					committed.Store(true)
					answer(w)
				case committed.Load():
					_, _ = w.Write([]byte(`{"notes":[{"id":337,"description":"<p>about m1</p>"}],"response_status":[{"status":"success"}]}`))
				default:
					_, _ = w.Write([]byte(noNotes))
				}
			})
			got, err := client.PutNote(t.Context(), servicedesk.NoteWrite{TicketID: "1", Marker: "m1", Body: "about m1"})
			if err != nil || undigested(got) != (servicedesk.NoteResult{NoteID: "337", Action: servicedesk.NoteVerified}) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestFailedWritesLeaveOneNoteAfterARetry(t *testing.T) {
	t.Parallel()
	faults := map[string]servicedesktest.Fault{
		"500":                 {Kind: servicedesktest.FaultFailNext},
		"503":                 {Kind: servicedesktest.FaultFailNext, Status: http.StatusServiceUnavailable},
		"proxy page":          {Kind: servicedesktest.FaultHTMLErrorPage},
		"throttled":           {Kind: servicedesktest.FaultThrottle},
		"200 that failed":     {Kind: servicedesktest.FaultSuccessThatFailed},
		"connection reset":    {Kind: servicedesktest.FaultResetConnection},
		"read: 200 failed":    {Kind: servicedesktest.FaultSuccessThatFailed, Operation: servicedesktest.OperationRead},
		"read: proxy page":    {Kind: servicedesktest.FaultHTMLErrorPage, Operation: servicedesktest.OperationRead},
		"read: lost its way":  {Kind: servicedesktest.FaultHTMLErrorPage, Status: http.StatusNotFound, Operation: servicedesktest.OperationRead},
		"read: access denied": {Kind: servicedesktest.FaultThrottle, Operation: servicedesktest.OperationRead},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProfile(t, func(t *testing.T, b *bench) {
				fault := fault
				fault.Remaining = 1
				if fault.Operation == "" {
					fault.Operation = servicedesktest.OperationWriteNote
				}
				for _, body := range []string{"first", "second"} {
					b.faults(fault)
					_, err := b.client.PutNote(t.Context(), b.write(body))
					wantError(t, err, servicedesk.KindRetry)
					b.put(t, b.write(body))
				}
				if note := b.onlyNote(t); note.Edits != 1 {
					t.Errorf("%d edits, want one", note.Edits)
				}
			})
		})
	}
}

func TestANoteThatVanishesDuringTheEditIsRetried(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		first := b.put(t, b.write("first"))
		b.faults(servicedesktest.Fault{
			Kind: servicedesktest.FaultFailNext, Status: http.StatusNotFound, Code: 4007,
			Operation: servicedesktest.OperationWriteNote, Remaining: 1,
		})
		w := b.write("second")
		w.KnownNoteID = first.NoteID
		_, err := b.client.PutNote(t.Context(), w)
		wantError(t, err, servicedesk.KindRetry)
	})
}

func TestWaitingForTheTicketEndsWithTheCaller(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	client := against(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	w := servicedesk.NoteWrite{TicketID: "1", Marker: "m1", Body: "m1"}
	holder, release := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := client.PutNote(holder, w)
		done <- err
	}()
	<-arrived
	_, err := client.PutNote(cancelled(t), w)
	if e := wantError(t, err, servicedesk.KindRetry); !strings.Contains(e.Message, "waiting") {
		t.Errorf("got %v", err)
	}
	release()
	wantError(t, <-done, servicedesk.KindRetry)
}
