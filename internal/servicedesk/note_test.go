package servicedesk_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

func TestPutNoteAddsAPrivateNote(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		got := b.put(t, b.write("Three similar tickets"))
		note := b.onlyNote(t)
		if diff := cmp.Diff(servicedesk.NoteResult{NoteID: note.ID, Action: servicedesk.NoteCreated}, undigested(got)); diff != "" {
			t.Error(diff)
		}
		if note.ShowToRequester || note.MarkFirstResponse || note.AddToLinkedRequests {
			t.Errorf("the note is not private: %+v", note)
		}
		if want := b.write("Three similar tickets").Body; note.Description != want {
			t.Errorf("description %q, want %q", note.Description, want)
		}
	})
}

func TestPutNoteEditsTheKnownNote(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		first := b.put(t, b.write("first"))
		w := b.write("second")
		w.KnownNoteID = first.NoteID
		got := b.put(t, w)
		if undigested(got) != (servicedesk.NoteResult{NoteID: first.NoteID, Action: servicedesk.NoteEdited}) {
			t.Errorf("got %+v", got)
		}
		if note := b.onlyNote(t); !strings.Contains(note.Description, "second") {
			t.Errorf("the note was not edited: %q", note.Description)
		}
	})
}

func TestPutNoteFindsTheEarlierNote(t *testing.T) {
	t.Parallel()
	for _, bare := range []bool{false, true} {
		t.Run(fmt.Sprintf("list without descriptions %t", bare), func(t *testing.T) {
			t.Parallel()
			eachProfile(t, func(t *testing.T, b *bench) {
				b.fake.AddNote(b.ticket, servicedesktest.Note{Description: "by us, about something else", Author: servicedesktest.Person{ID: technician}})
				first := b.put(t, b.write("first"))
				if bare {
					b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultNoDescription})
				}
				got := b.put(t, b.write("second"))
				if undigested(got) != (servicedesk.NoteResult{NoteID: first.NoteID, Action: servicedesk.NoteEdited}) {
					t.Errorf("got %+v, want an edit of %s", got, first.NoteID)
				}
				if n := len(b.fake.Notes(b.ticket)); n != 2 {
					t.Errorf("%d notes, want the other one and ours", n)
				}
			})
		})
	}
}

func TestPutNoteLooksBeyondTheFirstPages(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		first := b.put(t, b.write("first")) // lists are newest first, so this one ends up last
		for i := range 230 {
			b.fake.AddNote(b.ticket, servicedesktest.Note{Description: fmt.Sprintf("call %d", i), Author: servicedesktest.Person{ID: "77"}})
		}
		got := b.put(t, b.write("second"))
		if undigested(got) != (servicedesk.NoteResult{NoteID: first.NoteID, Action: servicedesk.NoteEdited}) {
			t.Errorf("got %+v, want an edit of %s", got, first.NoteID)
		}
	})
}

func TestPutNoteLeavesNotesOfOthersAlone(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		quoted := b.fake.AddNote(b.ticket, servicedesktest.Note{
			Description: "<p>The bot said: " + marker + "</p>", Author: servicedesktest.Person{ID: "77"},
		})
		for _, body := range []string{"first", "second"} {
			if got := b.put(t, b.write(body)); got.NoteID == quoted {
				t.Fatalf("%s: wrote to the note of another technician", body)
			}
		}
		notes := b.fake.Notes(b.ticket)
		if len(notes) != 2 || notes[0].Edits != 0 || notes[1].Edits != 1 {
			t.Errorf("got %+v, want the quote untouched and one note of ours", notes)
		}
	})
}

func TestPutNoteUnchanged(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		// The server drops the class and the comment and rewrites the entities.
		w := b.write(`<b class="x">A &amp; B</b><!-- c --> isn&#39;t <a href="https://kb.example.com/1?a=1&amp;b=2">here</a>`)
		first := b.put(t, w)
		for _, known := range []string{"", first.NoteID} {
			w.KnownNoteID = known
			if got := b.put(t, w); undigested(got) != (servicedesk.NoteResult{NoteID: first.NoteID, Action: servicedesk.NoteUnchanged}) {
				t.Errorf("known %q: got %+v", known, got)
			}
		}
		w.Body = strings.Replace(w.Body, "/1?", "/2?", 1)
		if got := b.put(t, w); got.Action != servicedesk.NoteEdited {
			t.Errorf("a link to another place: got %+v, want an edit", got)
		}
		b.onlyNote(t)
		if writes := b.calls(http.MethodPost) + b.calls(http.MethodPut); writes != 2 {
			t.Errorf("%d writes, want 2", writes)
		}
	})
}

func TestPutNoteDoesNotTrustAKnownIDThatNamesAnotherNote(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		foreign := b.fake.AddNote(b.ticket, servicedesktest.Note{Description: "call the customer", Author: servicedesktest.Person{ID: "77"}})
		w := b.write("ours")
		w.KnownNoteID = foreign
		if got := b.put(t, w); got.Action != servicedesk.NoteCreated || got.NoteID == foreign {
			t.Errorf("got %+v, want a note of our own", got)
		}
		if note := b.fake.Notes(b.ticket)[0]; note.Description != "call the customer" {
			t.Errorf("the foreign note now reads %q", note.Description)
		}
	})
}

func TestPutNoteKeepsAKnownNoteThatLostItsMarker(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		mine := b.fake.AddNote(b.ticket, servicedesktest.Note{Description: "shortened by hand", Author: servicedesktest.Person{ID: technician}})
		w := b.write("ours")
		w.KnownNoteID = mine
		if got := b.put(t, w); undigested(got) != (servicedesk.NoteResult{NoteID: mine, Action: servicedesk.NoteEdited}) {
			t.Errorf("got %+v", got)
		}
		b.onlyNote(t)
	})
}

func TestPutNoteWithoutTechnicianIDGoesByTheMarker(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		b.fake.AddNote(b.ticket, servicedesktest.Note{Description: marker + "9 is another reference", Author: servicedesktest.Person{ID: "77"}})
		first := b.put(t, b.write("first"))
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultNoDescription})
		if got := b.put(t, b.write("second")); got.NoteID != first.NoteID || first.Action != servicedesk.NoteCreated {
			t.Errorf("got %+v after %+v", got, first)
		}
	}, func(c *servicedesk.Config) { c.TechnicianID = "" })
}

func TestPutNoteReadsTheAuthorWhereTheListLeavesItOut(t *testing.T) {
	t.Parallel()
	for author, want := range map[string]servicedesk.NoteAction{technician: servicedesk.NoteUnchanged, "77": servicedesk.NoteCreated} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer := `{"note":{"id":"5"},"response_status":{"status":"success"}}`
			switch {
			case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/notes"):
				answer = `{"notes":[{"id":"3","description":"m1"}],"response_status":[{"status":"success"}]}`
			case r.Method == http.MethodGet:
				answer = `{"note":{"id":"3","description":"m1","added_by":{"id":` + author + `}},"response_status":{"status":"success"}}`
			}
			_, _ = w.Write([]byte(answer))
		}))
		t.Cleanup(srv.Close)
		client := newClient(t, servicedesk.Config{
			BaseURL: srv.URL + "/api/v3", Profile: servicedesk.ProfileOnPrem, APIKey: apiKey, TechnicianID: technician,
		})
		got, err := client.PutNote(t.Context(), servicedesk.NoteWrite{TicketID: "1", Marker: "m1", Body: "m1"})
		if err != nil || got.Action != want {
			t.Errorf("author %s: got %+v, %v, want %s", author, got, err, want)
		}
	}
}

func TestPutNoteConcurrentlyAddsOneNote(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				if _, err := b.client.PutNote(t.Context(), b.write(fmt.Sprintf("version %d", i%3))); err != nil {
					t.Errorf("PutNote %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		b.onlyNote(t)
		if posts := b.calls(http.MethodPost); posts != 1 {
			t.Errorf("%d POSTs, want one", posts)
		}
	})
}

func TestPutNoteRefusesBadInput(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem)
	bad := map[string]func(*servicedesk.NoteWrite){
		"no ticket":          func(w *servicedesk.NoteWrite) { w.TicketID = "" },
		"path in ticket":     func(w *servicedesk.NoteWrite) { w.TicketID = "1/../../solutions" },
		"query in ticket":    func(w *servicedesk.NoteWrite) { w.TicketID = "1?x=1" },
		"foreign digits":     func(w *servicedesk.NoteWrite) { w.TicketID = "١٢" },
		"path in note":       func(w *servicedesk.NoteWrite) { w.KnownNoteID = "../1" },
		"no marker":          func(w *servicedesk.NoteWrite) { w.Marker = " " },
		"marker not in body": func(w *servicedesk.NoteWrite) { w.Body = "<p>text</p>" },
		"marker hidden":      func(w *servicedesk.NoteWrite) { w.Body = "<p>text</p><!-- " + marker + " -->" },
		"marker in a word":   func(w *servicedesk.NoteWrite) { w.Body = "<p>" + marker + "0</p>" },
	}
	for name, spoil := range bad {
		w := b.write("text")
		spoil(&w)
		_, err := b.client.PutNote(t.Context(), w)
		if e := wantError(t, err, servicedesk.KindGiveUp); e.HTTPStatus != 0 {
			t.Errorf("%s: was sent: %v", name, err)
		}
	}
	if n := len(b.fake.Calls()); n != 0 {
		t.Errorf("%d calls were made", n)
	}
}
