package servicedesk_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

func (b *bench) tidying(keep string) servicedesk.NoteTidy {
	return servicedesk.NoteTidy{TicketID: b.ticket, KeepNoteID: keep, Marker: marker}
}

func (b *bench) tidy(t *testing.T, keep string) int {
	t.Helper()
	removed, err := b.client.TidyNotes(t.Context(), b.tidying(keep))
	if err != nil {
		t.Fatalf("TidyNotes: %v", err)
	}
	return removed
}

// noted adds a note and returns its id.
func (b *bench) noted(author, description string) string {
	return b.fake.AddNote(b.ticket, servicedesktest.Note{Description: description, Author: servicedesktest.Person{ID: author}})
}

// duplicate adds a note as a late commit of ours leaves it.
func (b *bench) duplicate(body string) string { return b.noted(technician, b.write(body).Body) }

func (b *bench) wantNotes(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, n := range b.fake.Notes(b.ticket) {
		got = append(got, n.ID)
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("notes left: %s", diff)
	}
}

func nameless(c *servicedesk.Config) { c.TechnicianID = "" }

func TestTidyNotesRemovesOnlyOurOwn(t *testing.T) {
	t.Parallel()
	for _, bare := range []bool{false, true} {
		t.Run(fmt.Sprintf("list without descriptions %t", bare), func(t *testing.T) {
			t.Parallel()
			eachProfile(t, func(t *testing.T, b *bench) {
				b.duplicate("an older version") // which another wording does not save
				quote := b.noted("77", b.write("current").Body)
				other := b.noted(technician, "<p>ours, about something else</p>")
				cousin := b.noted(technician, "<p>"+marker+"0</p>")
				kept := b.duplicate("current")
				b.duplicate("current")
				if bare {
					b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultNoDescription})
				}
				if got := b.tidy(t, kept); got != 2 {
					t.Errorf("removed %d, want 2", got)
				}
				b.wantNotes(t, quote, other, cousin, kept)
				if got := b.tidy(t, kept); got != 0 {
					t.Errorf("the second time: removed %d", got)
				}
			})
		})
	}
}

func TestTidyNotesWithoutTechnicianIDSparesWhatReadsDifferently(t *testing.T) {
	t.Parallel()
	for _, bare := range []bool{false, true} {
		eachProfile(t, func(t *testing.T, b *bench) {
			text := `see <a href="https://kb.example.com/1">this</a>`
			kept := b.duplicate(text)
			quote := b.noted("77", "<p>The bot said:</p>"+b.write(text).Body)
			elsewhere := b.duplicate(strings.Replace(text, "/1", "/2", 1))
			b.duplicate("<b>" + text + "</b>")
			if bare {
				b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultNoDescription})
			}
			if got := b.tidy(t, kept); got != 1 {
				t.Errorf("removed %d, want 1", got)
			}
			b.wantNotes(t, kept, quote, elsewhere)
		}, nameless)
	}
}

func TestTidyNotesLooksAtAllPages(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		want := make([]string, 0, 230)
		for i := range 230 {
			if i%100 == 50 {
				b.duplicate(fmt.Sprintf("version %d", i))
			}
			want = append(want, b.noted("77", fmt.Sprintf("call %d", i)))
		}
		kept := b.duplicate("current")
		if got := b.tidy(t, kept); got != 2 {
			t.Errorf("removed %d, want 2", got)
		}
		b.wantNotes(t, append(want, kept)...)
	})
}

func TestTidyNotesRemovesNothingWithoutTheKeptNote(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		left := b.duplicate("all there is")
		foreign := b.noted("77", b.write("a quote").Body)
		rewritten := b.noted(technician, "shortened by hand")
		gone := b.duplicate("gone")
		b.fake.DeleteNote(b.ticket, gone)
		for name, keep := range map[string]string{"gone": gone, "of another technician": foreign, "without the marker": rewritten} {
			if got := b.tidy(t, keep); got != 0 {
				t.Errorf("%s: removed %d", name, got)
			}
		}
		b.wantNotes(t, left, foreign, rewritten)
		if n := b.calls(http.MethodDelete); n != 0 {
			t.Errorf("%d deletions", n)
		}
	})
}

func TestTidyNotesKnowsTheKeptNoteInAnySpelling(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		kept := b.duplicate("current")
		if got := b.tidy(t, "0"+kept); got != 0 {
			t.Errorf("removed %d", got)
		}
		b.wantNotes(t, kept)
	})
}

func TestTidyNotesTakesAMissingNoteForDone(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		kept := b.duplicate("current")
		b.duplicate("older")
		b.duplicate("oldest")
		b.faults(servicedesktest.Fault{
			Kind: servicedesktest.FaultFailNext, Status: http.StatusNotFound, Code: 4007,
			Operation: servicedesktest.OperationWriteNote, Remaining: 1,
		})
		if got := b.tidy(t, kept); got != 1 { // it goes on, and counts what it deleted itself
			t.Errorf("removed %d, want 1", got)
		}
	})
}

func TestTidyNotesReportsFailures(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		kept := b.duplicate("current")
		b.duplicate("older")
		fail := func(fault servicedesktest.Fault, kind servicedesk.Kind, op string) error {
			t.Helper()
			b.faults(fault)
			removed, err := b.client.TidyNotes(t.Context(), b.tidying(kept))
			if e := wantError(t, err, kind); removed != 0 || e.Op != op || e.TicketID != b.ticket {
				t.Errorf("got %d, %v, want a failure of %s", removed, err, op)
			}
			return err
		}
		onWrites, onReads := servicedesktest.OperationWriteNote, servicedesktest.OperationRead
		if err := fail(servicedesktest.Fault{Kind: servicedesktest.FaultAlways500, Operation: onWrites}, servicedesk.KindRetry, "delete_note"); !servicedesk.Uncertain(err) {
			t.Errorf("the deletion is taken for certain: %v", err)
		}
		if err := fail(servicedesktest.Fault{Kind: servicedesktest.FaultFailNext, Status: 403, Code: 4002, Operation: onWrites, Remaining: 1}, servicedesk.KindGiveUp, "delete_note"); servicedesk.Uncertain(err) {
			t.Errorf("a refusal is uncertain: %v", err)
		}
		if err := fail(servicedesktest.Fault{Kind: servicedesktest.FaultAlways500, Operation: onReads}, servicedesk.KindRetry, "list_notes"); servicedesk.Uncertain(err) {
			t.Errorf("a read is uncertain: %v", err)
		}
		b.faults()
		if got := b.tidy(t, kept); got != 1 {
			t.Errorf("removed %d, want 1", got)
		}
		b.wantNotes(t, kept)
	})
}

// The list works and the reads that follow it fail.
func TestTidyNotesDeletesNothingItCouldNotRead(t *testing.T) {
	t.Parallel()
	lists := map[string]string{
		"other": `{"notes":[{"id":"3"},{"id":"4","description":"m1"}],"response_status":[{"status":"success"}]}`,
		"kept":  `{"notes":[{"id":"3","description":"m1"},{"id":"4","description":"m1"}],"response_status":[{"status":"success"}]}`,
	}
	for name, list := range lists {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var deletions atomic.Int32
			client := against(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodDelete:
					deletions.Add(1)
				case strings.HasSuffix(r.URL.Path, "/notes"):
					_, _ = w.Write([]byte(list))
				default:
					w.WriteHeader(http.StatusInternalServerError)
				}
			})
			removed, err := client.TidyNotes(t.Context(), servicedesk.NoteTidy{TicketID: "1", KeepNoteID: "4", Marker: "m1"})
			if e := wantError(t, err, servicedesk.KindRetry); e.Op != "get_note" || removed != 0 || deletions.Load() != 0 {
				t.Errorf("removed %d: %v", removed, err)
			}
		})
	}
}

func TestTidyNotesTriesANoteListedTwiceOnce(t *testing.T) {
	t.Parallel()
	var deleted atomic.Int32
	client := against(t, func(w http.ResponseWriter, r *http.Request) {
		answer := `{"note":{"id":"4","description":"m1"},"response_status":{"status":"success"}}`
		switch {
		case r.Method == http.MethodDelete:
			deleted.Add(1)
			answer = `{"response_status":{"status":"success"}}`
		case strings.HasSuffix(r.URL.Path, "/notes"):
			answer = `{"notes":[{"id":"3","description":"m1"},{"id":"3","description":"m1"},{"id":"x","description":"m1"}]}`
			answer = strings.TrimSuffix(answer, "}") + `,"response_status":[{"status":"success"}]}`
		}
		_, _ = w.Write([]byte(answer))
	})
	removed, err := client.TidyNotes(t.Context(), servicedesk.NoteTidy{TicketID: "1", KeepNoteID: "4", Marker: "m1"})
	if removed != 1 || err != nil || deleted.Load() != 1 {
		t.Errorf("removed %d in %d deletions: %v", removed, deleted.Load(), err)
	}
}

func TestTidyNotesLogsEachRemoval(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	b := newBench(t, servicedesk.ProfileOnPrem, func(c *servicedesk.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	kept, surplus := b.duplicate("current"), b.duplicate("secret wording")
	b.tidy(t, kept)
	want := fmt.Sprintf("ticket_id=%s note_id=%s", b.ticket, surplus)
	if text := log.String(); strings.Count(text, "level=WARN") != 1 || !strings.Contains(text, want) || strings.Contains(text, "wording") {
		t.Errorf("got %s, want %s", text, want)
	}
}

func TestTidyNotesWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	client := against(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	holder, release := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := client.PutNote(holder, servicedesk.NoteWrite{TicketID: "1", Marker: "m1", Body: "m1"})
		done <- err
	}()
	<-arrived
	_, err := client.TidyNotes(cancelled(t), servicedesk.NoteTidy{TicketID: "1", KeepNoteID: "4", Marker: "m1"})
	if e := wantError(t, err, servicedesk.KindRetry); e.Op != "tidy_notes" || servicedesk.Uncertain(err) {
		t.Errorf("got %v", err)
	}
	release()
	wantError(t, <-done, servicedesk.KindRetry)
}

func TestTidyNotesRefusesBadInput(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem)
	for name, spoil := range map[string]func(*servicedesk.NoteTidy){
		"no ticket":      func(n *servicedesk.NoteTidy) { n.TicketID = "" },
		"path in ticket": func(n *servicedesk.NoteTidy) { n.TicketID = "1/../2" },
		"nothing kept":   func(n *servicedesk.NoteTidy) { n.KeepNoteID = "" },
		"path in note":   func(n *servicedesk.NoteTidy) { n.KeepNoteID = "../1" },
		"no marker":      func(n *servicedesk.NoteTidy) { n.Marker = " \u200b" },
	} {
		n := b.tidying("1")
		spoil(&n)
		removed, err := b.client.TidyNotes(t.Context(), n)
		if e := wantError(t, err, servicedesk.KindGiveUp); e.Op != "tidy_notes" || removed != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(b.fake.Calls()); n != 0 {
		t.Errorf("%d calls were made", n)
	}
}
