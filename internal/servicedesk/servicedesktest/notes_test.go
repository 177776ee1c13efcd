package servicedesktest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

func TestAPersonEditsAndDeletesANote(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		ticket := b.fake.AddRequest(servicedesktest.Request{})
		note := b.fake.AddNote(ticket, servicedesktest.Note{Description: "ours", Author: servicedesktest.Person{ID: "4"}})
		path, key, author := "/requests/"+ticket+"/notes/"+note, "note", "added_by"
		if b.token != "" { // in the cloud
			key, author = "request_note", "created_by"
		}
		b.clock.advance(time.Minute)
		if !b.fake.EditNote(ticket, note, servicedesktest.Person{ID: "77", Name: "A Colleague"}, "<p onclick=x>theirs</p>") {
			t.Fatal("there is no such note")
		}
		a := b.get(path)
		if part[string](t, a, key, "description") != "<p>theirs</p>" || part[string](t, a, key, author, "id") != "4" {
			t.Errorf("edited: %s", a.raw)
		}
		// Only on-premises servers tell who it was.
		if told := strings.Contains(a.raw, `"77"`); told != (key == "note") {
			t.Errorf("who edited it: %s", a.raw)
		}
		if got := b.fake.Notes(ticket)[0]; got.LastUpdatedBy.ID != "77" || !got.LastUpdatedTime.Equal(b.clock.Now()) || got.Edits != 1 {
			t.Errorf("got %+v", got)
		}
		if !b.fake.DeleteNote(ticket, note) || b.fake.DeleteNote(ticket, note) || b.fake.EditNote(ticket, note, servicedesktest.Person{}, "x") {
			t.Error("a note is deleted once, and then cannot be edited")
		}
		wantFailure(t, b.get(path), http.StatusNotFound, 4007)
	})
}

func TestAnEditByTheAPIIsTheKeysTechnicians(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem)
	ticket := b.fake.AddRequest(servicedesktest.Request{})
	path := "/requests/" + ticket + "/notes/" + b.fake.AddNote(ticket, servicedesktest.Note{Description: "x"})
	if a := b.get(path); part[map[string]any](t, a, "note")["last_updated_by"] != nil {
		t.Errorf("never edited: %s", a.raw)
	}
	if a := b.write(http.MethodPut, path, `{"description":"y"}`); part[string](t, a, "note", "last_updated_by", "id") != "4" {
		t.Errorf("edited: %s", a.raw)
	}
}

func TestNotesThatAreAlteredOrWithoutText(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		ticket := b.fake.AddRequest(servicedesktest.Request{})
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultAlteredNotes, Remaining: 2})
		note := b.fake.AddNote(ticket, servicedesktest.Note{Description: `ü🙂 <a href="https://kb.example.com/1">x</a>`})
		for range 2 {
			text := b.fake.Notes(ticket)[0].Description
			if strings.Contains(text, "🙂") || !strings.Contains(text, "ü") || !strings.Contains(text, `"https://leaving.example.com/`) {
				t.Errorf("stored %q", text)
			}
			b.fake.EditNote(ticket, note, servicedesktest.Person{}, `ü🙂 <a href="https://kb.example.com/2">x</a>`)
		}
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultBareNote, Remaining: 1})
		for _, want := range []bool{false, true} {
			if a := b.get("/requests/" + ticket + "/notes/" + note); a.status != http.StatusOK || strings.Contains(a.raw, "description") != want {
				t.Errorf("description %t, want %t: %s", !want, want, a.raw)
			}
		}
	})
}
