package servicedesk_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// books are what the caller of PutNote keeps: the id and digests of a completed write, and what Intend was told of any.
type books struct {
	*bench

	note string
	ours []string
	// intended runs before each write, once its digests are kept.
	intended func()
}

func (k *books) write(body string) servicedesk.NoteWrite {
	w := k.bench.write(body)
	w.KnownNoteID, w.Ours = k.note, slices.Clone(k.ours)
	w.Intend = func(_ context.Context, digests ...string) error {
		k.ours = append(k.ours, digests...)
		if k.intended != nil {
			k.intended()
		}
		return nil
	}
	return w
}

// put completes a job.
func (k *books) put(t *testing.T, body string) servicedesk.NoteAction {
	t.Helper()
	w := k.write(body)
	result := k.bench.put(t, w)
	k.note = result.NoteID
	if result.Digest != "" {
		sent := servicedesk.TextDigest(w.Body)
		k.ours = append(slices.DeleteFunc(k.ours, func(digest string) bool { return digest == sent }), result.Digest)
	}
	return result.Action
}

func (k *books) want(t *testing.T, body string, want servicedesk.NoteAction) {
	t.Helper()
	if got := k.put(t, body); got != want {
		t.Errorf("%s: %s, want %s", body, got, want)
	}
}

// lose makes a write of which nobody lives to see the outcome: where the server does not answer, the process ends as soon as
// the server has done with the write what it does.
func (k *books) lose(t *testing.T, body string, write servicedesktest.Fault) {
	t.Helper()
	ctx, die := context.WithCancel(t.Context())
	defer die()
	write.Operation, write.Remaining = servicedesktest.OperationWriteNote, 1
	k.intended = func() {
		k.faults(write, servicedesktest.Fault{Kind: servicedesktest.FaultAlways500, Operation: servicedesktest.OperationRead})
		calls, notes := len(k.fake.Calls()), k.fake.Notes(k.ticket)
		done := map[servicedesktest.FaultKind]func() bool{
			servicedesktest.FaultHang:              func() bool { return len(k.fake.Calls()) > calls },
			servicedesktest.FaultCommitThenTimeout: func() bool { return !slices.Equal(k.fake.Notes(k.ticket), notes) },
		}[write.Kind]
		if done == nil {
			return
		}
		go func() {
			defer die()
			for !done() && ctx.Err() == nil {
				<-time.After(time.Millisecond)
			}
		}()
	}
	_, err := k.client.PutNote(ctx, k.write(body))
	if !servicedesk.Uncertain(err) {
		t.Fatalf("%s: %v, want a write of unknown outcome", body, err)
	}
	k.intended = nil
	k.faults()
}

func (k *books) edit(description string) {
	k.fake.EditNote(k.ticket, k.note, servicedesktest.Person{ID: "77"}, description)
}

var commit = servicedesktest.Fault{Kind: servicedesktest.FaultCommitThenTimeout}

// eachServer runs the test with and without the id of our technician, and against lists with and without texts.
func eachServer(t *testing.T, test func(t *testing.T, k *books)) {
	t.Helper()
	for name, c := range map[string]struct {
		change []func(*servicedesk.Config)
		fault  []servicedesktest.Fault
	}{
		"ordinary":   {},
		"nameless":   {change: []func(*servicedesk.Config){nameless}},
		"bare lists": {fault: []servicedesktest.Fault{{Kind: servicedesktest.FaultNoDescription}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProfile(t, func(t *testing.T, b *bench) {
				b.faults(c.fault...)
				test(t, &books{bench: b})
			}, c.change...)
		})
	}
}

const linked = `see <a href="https://kb.example.com/1">this</a>`

func TestAPersonsEditIsRespected(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(string) string{
		"words added":       func(s string) string { return s + "<p>Called the customer.</p>" },
		"words replaced":    func(s string) string { return strings.Replace(s, "see", "do not see", 1) },
		"reference removed": func(s string) string { return strings.ReplaceAll(s, marker, "") },
		"all replaced":      func(string) string { return "<p>Called the customer.</p>" },
		"link led astray":   func(s string) string { return strings.Replace(s, "/1", "/2", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachServer(t, func(t *testing.T, k *books) {
				k.want(t, linked, servicedesk.NoteCreated)
				before := k.onlyNote(t).Description
				k.edit(edit(before))
				edited := k.onlyNote(t).Description
				writes := k.calls(http.MethodPost) + k.calls(http.MethodPut)
				for _, body := range []string{"second", linked} { // also when it says what it said before
					k.want(t, body, servicedesk.NoteKeptEdited)
				}
				if now := k.calls(http.MethodPost) + k.calls(http.MethodPut); now != writes || k.onlyNote(t).Description != edited {
					t.Errorf("%d writes, and the note reads %q", now-writes, k.onlyNote(t).Description)
				}
				k.edit(before) // and it is ours again
				k.want(t, "third", servicedesk.NoteEdited)
			})
		})
	}
}

func TestAnotherLayoutIsNoEdit(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, k *books) {
		k.want(t, "first", servicedesk.NoteCreated)
		k.edit("<div><b>" + strings.Replace(k.onlyNote(t).Description, "<p>", "<p>\n &nbsp;", 1) + "</b></div>")
		k.want(t, "second", servicedesk.NoteEdited)
	})
}

func TestAPersonsDeletionIsRespected(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, k *books) {
		k.want(t, "first", servicedesk.NoteCreated)
		first := k.note
		k.fake.DeleteNote(k.ticket, k.note)
		for _, body := range []string{"first", "second"} {
			k.want(t, body, servicedesk.NoteKeptDeleted)
		}
		// Somebody's words that quote the note do not stand for it, not even a copy.
		copied := k.noted("77", "<p>I keep this:</p>"+k.bench.write("first").Body)
		k.want(t, "third", servicedesk.NoteKeptDeleted)
		k.wantNotes(t, copied)
		if k.note != first || k.calls(http.MethodPost) != 1 {
			t.Errorf("note %s, %d notes added", k.note, k.calls(http.MethodPost))
		}
	})
}

// Notes from before digests were kept: known, and taken for what they are.
func TestANoteOfUnknownTextIsOurs(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]*servicedesktest.Fault{
		"edited at once":       nil,
		"an edit that arrived": &commit,
		"an edit that did not": {Kind: servicedesktest.FaultHang},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachServer(t, func(t *testing.T, k *books) {
				k.want(t, "first", servicedesk.NoteCreated)
				k.ours = nil
				if lost != nil {
					k.lose(t, "second", *lost)
				}
				k.want(t, "third", servicedesk.NoteEdited)
				k.onlyNote(t)
				k.edit(k.onlyNote(t).Description + "more")
				k.want(t, "fourth", servicedesk.NoteKeptEdited)
				k.fake.DeleteNote(k.ticket, k.note)
				k.ours = nil
				k.want(t, "fifth", servicedesk.NoteKeptDeleted)
			})
		})
	}
}

// A process dies between an edit and its entry in the books: whatever the server made of it, the note is ours.
func TestAnEditNobodySawTheEndOfIsOurs(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]servicedesktest.Fault{
		"arrived":     commit,
		"did not":     {Kind: servicedesktest.FaultHang},
		"proxy page":  {Kind: servicedesktest.FaultHTMLErrorPage},
		"refused":     {Kind: servicedesktest.FaultAlways500},
		"reset":       {Kind: servicedesktest.FaultResetConnection},
		"a lie, once": {Kind: servicedesktest.FaultHTMLErrorPage, Status: http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachServer(t, func(t *testing.T, k *books) {
				k.want(t, linked, servicedesk.NoteCreated)
				k.lose(t, "second", lost)
				k.lose(t, "third", lost)
				k.want(t, "fourth", servicedesk.NoteEdited)
				k.edit(k.onlyNote(t).Description + "more")
				k.want(t, "fifth", servicedesk.NoteKeptEdited)
			})
		})
	}
}

// The first write of a note is lost to us: it is written if it did not arrive, found if it did, and left alone if a person
// has changed it by then.
func TestAFirstWriteNobodySawTheEndOf(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, k *books) {
		k.lose(t, "first", servicedesktest.Fault{Kind: servicedesktest.FaultHang})
		k.want(t, "first", servicedesk.NoteCreated)
	})
	eachServer(t, func(t *testing.T, k *books) {
		k.lose(t, "first", commit)
		k.want(t, "second", servicedesk.NoteEdited)
		k.onlyNote(t)
	})
	eachServer(t, func(t *testing.T, k *books) {
		k.lose(t, "first", commit)
		k.fake.EditNote(k.ticket, k.onlyNote(t).ID, servicedesktest.Person{ID: "77"}, k.onlyNote(t).Description+"more")
		k.want(t, "second", servicedesk.NoteKeptEdited)
		k.want(t, "third", servicedesk.NoteKeptEdited)
		k.onlyNote(t)
	})
}

// An edit is committed so late that another job's has been made and entered in the books: it is ours all the same.
func TestAnEditThatArrivesAfterTheNextOneIsOurs(t *testing.T) {
	t.Parallel()
	onSyntheticTime(t, 100*time.Millisecond, func(t *testing.T, b *bench) {
		k := &books{bench: b}
		k.want(t, "first", servicedesk.NoteCreated)
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultCommitLate, LatencyMS: 60_000, Remaining: 1})
		if _, err := b.client.PutNote(t.Context(), k.write("second")); !servicedesk.Uncertain(err) {
			t.Fatalf("got %v", err)
		}
		k.want(t, "third", servicedesk.NoteEdited)
		time.Sleep(time.Minute)
		if note := b.onlyNote(t); !strings.Contains(note.Description, "second") {
			t.Fatalf("the note reads %q", note.Description)
		}
		k.want(t, "fourth", servicedesk.NoteEdited)
	})
}

func TestAVerifiedEditIsOurs(t *testing.T) {
	t.Parallel()
	onSyntheticTime(t, time.Second, func(t *testing.T, b *bench) {
		k := &books{bench: b}
		k.want(t, "first", servicedesk.NoteCreated)
		k.intended = func() { k.faults(servicedesktest.Fault{Kind: servicedesktest.FaultCommitThenTimeout, Remaining: 1}) }
		k.want(t, linked, servicedesk.NoteVerified)
		k.intended = nil
		k.want(t, linked, servicedesk.NoteUnchanged)
		k.want(t, "third", servicedesk.NoteEdited)
	})
}

// What the server says is not there need not have been deleted by a person.
func TestAbsenceIsNoDeletion(t *testing.T) {
	t.Parallel()
	missing := servicedesktest.Fault{
		Kind: servicedesktest.FaultFailNext, Status: http.StatusNotFound, Code: 4007, Operation: servicedesktest.OperationRead, Remaining: 1,
	}
	lie := servicedesktest.Fault{Kind: servicedesktest.FaultSuccessThatFailed, Operation: servicedesktest.OperationRead, Remaining: 1}
	for name, c := range map[string]struct {
		happens func(b *bench)
		want    servicedesk.Kind
	}{
		"the ticket is deleted":   {func(b *bench) { b.fake.DeleteRequest(b.ticket) }, servicedesk.KindNotFound},
		"the ticket is merged":    {func(b *bench) { b.fake.MergeRequest(b.ticket, "12") }, servicedesk.KindNotFound},
		"the note is missed once": {func(b *bench) { b.faults(missing) }, servicedesk.KindRetry},
		"200 that failed":         {func(b *bench) { b.faults(lie) }, servicedesk.KindRetry},
		"a list that failed":      {func(b *bench) { b.faults(missing, lie) }, servicedesk.KindRetry},
		"a proxy lost its way": {func(b *bench) {
			b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultHTMLErrorPage, Status: http.StatusNotFound, Remaining: 1})
		}, servicedesk.KindRetry},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProfile(t, func(t *testing.T, b *bench) {
				k := &books{bench: b}
				k.want(t, "first", servicedesk.NoteCreated)
				c.happens(b)
				_, err := b.client.PutNote(t.Context(), k.write("second"))
				wantError(t, err, c.want)
				if c.want == servicedesk.KindRetry {
					b.faults()
					k.want(t, "second", servicedesk.NoteEdited)
				}
			})
		})
	}
}

// A list that lacks the note for a moment says nothing about it: it is asked for itself.
func TestAListThatLacksTheNoteIsNotAsked(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		k := &books{bench: b}
		k.want(t, "first", servicedesk.NoteCreated)
		b.noted("77", "newer")
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultTruncatedList, Limit: 1})
		k.want(t, "second", servicedesk.NoteEdited)
	})
}

func TestANoteThatCannotBeReadIsNotOverwritten(t *testing.T) {
	t.Parallel()
	bare := servicedesktest.Fault{Kind: servicedesktest.FaultBareNote}
	eachProfile(t, func(t *testing.T, b *bench) {
		k := &books{bench: b}
		k.want(t, "first", servicedesk.NoteCreated)
		b.faults(bare)
		k.want(t, "second", servicedesk.NoteEdited) // the list tells
		b.faults(bare, servicedesktest.Fault{Kind: servicedesktest.FaultNoDescription})
		k.want(t, "third", servicedesk.NoteKeptUnread)
		b.faults(bare)
		k.edit(k.onlyNote(t).Description + "more")
		k.want(t, "fourth", servicedesk.NoteKeptEdited)
	})
}

func TestACopyIsNotOurNote(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, k *books) {
		k.want(t, "first", servicedesk.NoteCreated)
		copied := k.noted("77", k.onlyNote(t).Description)
		k.want(t, "second", servicedesk.NoteEdited)
		if k.note == copied || k.fake.Notes(k.ticket)[1].Edits != 0 {
			t.Error("the copy was edited")
		}
	})
}

// A late write doubles the note. Whichever of the two goes, by our hand or a person's, the other is the note.
func TestADoubledNote(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, k *books) {
		k.want(t, "first", servicedesk.NoteCreated)
		k.duplicate("first")
		if removed, err := k.client.TidyNotes(t.Context(), servicedesk.NoteTidy{
			TicketID: k.ticket, KeepNoteID: k.note, Marker: marker, Ours: k.ours,
		}); removed != 1 || err != nil {
			t.Errorf("removed %d, %v", removed, err)
		}
		k.want(t, "second", servicedesk.NoteEdited)
		k.onlyNote(t)
	})
	eachServer(t, func(t *testing.T, k *books) {
		k.want(t, "first", servicedesk.NoteCreated)
		other := k.duplicate("first")
		k.fake.DeleteNote(k.ticket, k.note)
		k.want(t, "second", servicedesk.NoteEdited)
		if note := k.onlyNote(t); note.ID != other || k.note != other {
			t.Errorf("note %s stands, %s is kept, want %s", note.ID, k.note, other)
		}
	})
}

// Of two notes a person has written into one and deleted the other: nothing is left for us to write.
func TestTheOtherOfADoubledNoteIsAPersons(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		k := &books{bench: b}
		k.want(t, "first", servicedesk.NoteCreated)
		b.fake.DeleteNote(b.ticket, k.note)
		other := b.duplicate("first, and a person's words")
		k.want(t, "second", servicedesk.NoteKeptEdited)
		if note := b.onlyNote(t); note.Edits != 0 || k.note != other {
			t.Errorf("%d edits, note %s is kept", note.Edits, k.note)
		}
	})
}

// A first write is given up, and the one before it arrives meanwhile: that is not the note that was wanted.
func TestAnEarlierWriteIsNotTakenForTheLater(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, k *books) {
		k.lose(t, "first", servicedesktest.Fault{Kind: servicedesktest.FaultHang})
		k.intended = func() {
			k.duplicate("first")
			k.faults(servicedesktest.Fault{Kind: servicedesktest.FaultAlways500, Operation: servicedesktest.OperationWriteNote})
		}
		if _, err := k.client.PutNote(t.Context(), k.write("second")); !servicedesk.Uncertain(err) {
			t.Fatalf("got %v", err)
		}
		k.intended = nil
		k.faults()
		k.want(t, "second", servicedesk.NoteEdited)
		k.onlyNote(t)
	})
}

func TestTidyNotesSparesAPersonsWords(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		k := &books{bench: b}
		k.want(t, "first", servicedesk.NoteCreated)
		k.want(t, "second", servicedesk.NoteEdited)
		b.duplicate("first") // an older text of ours
		edited := b.duplicate("first, and a person's words")
		removed, err := b.client.TidyNotes(t.Context(), servicedesk.NoteTidy{TicketID: b.ticket, KeepNoteID: k.note, Marker: marker, Ours: k.ours})
		if removed != 1 || err != nil {
			t.Errorf("removed %d, %v", removed, err)
		}
		b.wantNotes(t, k.note, edited)
	})
}

// A server that alters what it stores: it says so in its answer, or it is found out.
func TestAServerThatAltersNotes(t *testing.T) {
	t.Parallel()
	alters := servicedesktest.Fault{Kind: servicedesktest.FaultAlteredNotes}
	on := func(t *testing.T, test func(t *testing.T, k *books)) {
		t.Helper()
		onSyntheticTime(t, time.Second, func(t *testing.T, b *bench) {
			b.faults(alters)
			test(t, &books{bench: b})
		})
	}
	lost := func(k *books) {
		k.intended = func() {
			k.faults(alters, servicedesktest.Fault{Kind: servicedesktest.FaultCommitThenTimeout, Remaining: 1})
		}
	}
	t.Run("answered", func(t *testing.T) {
		t.Parallel()
		on(t, func(t *testing.T, k *books) {
			for _, body := range []string{linked + " 🙂", linked + " 🙃 second", "third"} {
				if action := k.put(t, body); action.Kept() {
					t.Errorf("%s: %s", body, action)
				}
			}
			k.edit("a person's words " + marker)
			k.want(t, "fourth", servicedesk.NoteKeptEdited)
		})
	})
	t.Run("a first write without an answer", func(t *testing.T) {
		t.Parallel()
		on(t, func(t *testing.T, k *books) {
			lost(k)
			k.want(t, linked+" 🙂", servicedesk.NoteVerified)
			k.intended = nil
			k.want(t, "second", servicedesk.NoteEdited)
			k.onlyNote(t)
		})
	})
	t.Run("an edit without an answer", func(t *testing.T) {
		t.Parallel()
		on(t, func(t *testing.T, k *books) {
			k.want(t, "first", servicedesk.NoteCreated)
			lost(k)
			if _, err := k.client.PutNote(t.Context(), k.write(linked)); !servicedesk.Uncertain(err) {
				t.Fatalf("got %v", err)
			}
			k.intended = nil
			k.want(t, "third", servicedesk.NoteEdited) // the words are as they were sent
			// Words of ours that the server changed cannot be told from a person's, so they are left alone.
			lost(k)
			if _, err := k.client.PutNote(t.Context(), k.write("fourth 🙂")); !servicedesk.Uncertain(err) {
				t.Fatalf("got %v", err)
			}
			k.intended = nil
			k.want(t, "fifth", servicedesk.NoteKeptEdited)
			k.onlyNote(t)
		})
	})
}

func TestANoteThatSaysTheSameIsLeft(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, k *books) {
		k.want(t, "first", servicedesk.NoteCreated)
		first := k.ours[len(k.ours)-1]
		marked := func() servicedesk.NoteWrite {
			w := k.write("first, and what has changed")
			w.SayingTheSame = first
			return w
		}
		if got := k.bench.put(t, marked()); got.Action != servicedesk.NoteUnchanged || got.NoteID != k.note || got.Digest != first {
			t.Errorf("got %+v", got)
		}
		k.want(t, "second", servicedesk.NoteEdited)
		if got := k.bench.put(t, marked()); got.Action != servicedesk.NoteEdited { // something else stands by now
			t.Errorf("got %+v", got)
		}
	})
}

func TestNothingIsWrittenThatWasNotIntended(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		refusal := errors.New("example: another holds the note")
		for i, known := range []bool{false, true} {
			w := b.write(fmt.Sprintf("version %d", i))
			var told []string
			w.Intend = func(_ context.Context, digests ...string) error {
				told = digests
				return refusal
			}
			if _, err := b.client.PutNote(t.Context(), w); !errors.Is(err, refusal) || servicedesk.Uncertain(err) {
				t.Errorf("got %v", err)
			}
			if len(told) != i+1 || told[i] != servicedesk.TextDigest(w.Body) {
				t.Errorf("told of %q", told)
			}
			if !known && len(b.fake.Notes(b.ticket)) == 0 {
				b.put(t, b.write("first"))
			}
		}
		if note := b.onlyNote(t); note.Edits != 0 {
			t.Error("the note was edited")
		}
	})
}
