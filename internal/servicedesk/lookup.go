package servicedesk

import (
	"context"
	"iter"
	"net/http"

	"github.com/ai-agents/ai-agents/internal/mutation"
)

// maxNotePages bounds a listing. A ticket with more notes is not written to, because a
// second note could not be ruled out.
const maxNotePages = 100

type wireNote struct {
	ID          text       `json:"id"`
	Description *text      `json:"description"` // nil when the server left it out, as lists may
	AddedBy     *reference `json:"added_by"`
	CreatedBy   *reference `json:"created_by"`
}

// author is the id of who added the note, in the spelling of either edition.
func (n wireNote) author() string {
	for _, by := range []*reference{n.AddedBy, n.CreatedBy} {
		if by != nil && by.ID != "" {
			return string(by.ID)
		}
	}
	return ""
}

// noteState is how the earlier note of ours was found.
type noteState int

const (
	noteNone   noteState = iota // there never was one, as far as is known
	noteOurs                    // it is as we left it, or nothing is known to the contrary
	noteEdited                  // a person has changed it
	noteGone                    // a person has deleted it
	noteUnread                  // the server does not tell what it says
)

// findNote looks for our earlier note; it is nil when there is none, or none any more. A known id is asked for itself:
// a list may lack the note for a moment. That it is gone is believed when the list agrees, and only of a ticket that
// is there, for of a deleted or merged one there is no list.
func (c *Client) findNote(ctx context.Context, w NoteWrite) (*wireNote, noteState, error) {
	if mutation.On(mutation.NoteLookupOff) {
		return nil, noteNone, nil
	}
	if w.KnownNoteID == "" {
		return c.findByMarker(ctx, w)
	}
	note, err := c.getNote(ctx, w.TicketID, w.KnownNoteID)
	switch {
	case isNotFound(err):
		return c.findAnother(ctx, w)
	case err != nil:
		return nil, noteNone, err
	case len(w.Ours) == 0 && c.stillOurs(note, w.Marker):
		return note, noteOurs, nil
	case len(w.Ours) == 0:
		return c.findByMarker(ctx, w)
	case note.Description != nil:
		return note, w.judge(note), nil
	}
	return c.readFromList(ctx, w, note)
}

// judge tells our text from a person's.
func (w NoteWrite) judge(note *wireNote) noteState {
	if len(w.Ours) == 0 || readsAs(string(*note.Description), w.Ours...) {
		return noteOurs
	}
	return noteEdited
}

// readFromList is for a server that gives the note without its text.
func (c *Client) readFromList(ctx context.Context, w NoteWrite, note *wireNote) (*wireNote, noteState, error) {
	for listed, err := range c.allNotes(ctx, w.TicketID) {
		switch {
		case err != nil:
			return nil, noteNone, err
		case sameID(string(listed.ID), w.KnownNoteID) && listed.Description != nil:
			return listed, w.judge(listed), nil
		}
	}
	return note, noteUnread, nil
}

// findByMarker is for a note whose id is not known: of a write that got no answer, or from before the books were lost. One
// that is as we left it comes before one that a person has changed.
func (c *Client) findByMarker(ctx context.Context, w NoteWrite) (*wireNote, noteState, error) {
	own, err := c.ownNotes(ctx, w)
	if err != nil {
		return nil, noteNone, err
	}
	note, state := w.pick(own)
	return note, state, nil
}

func (w NoteWrite) pick(own []*wireNote) (*wireNote, noteState) {
	if len(own) == 0 {
		return nil, noteNone
	}
	for _, note := range own {
		if w.judge(note) == noteOurs {
			return note, noteOurs
		}
	}
	return own[0], noteEdited
}

// findAnother is for a known note that the server does not find. Where a late write had doubled it, and a person has deleted
// that one, the other stands for it. Without our technician's id, what is not as we left it may be a person's copy.
func (c *Client) findAnother(ctx context.Context, w NoteWrite) (*wireNote, noteState, error) {
	others, listed, err := c.otherNotes(ctx, NoteTidy{TicketID: w.TicketID, KeepNoteID: w.KnownNoteID, Marker: w.Marker})
	if err != nil {
		return nil, noteNone, err
	}
	if listed {
		return nil, noteNone, &Error{
			Op: "get_note", TicketID: w.TicketID, Kind: KindRetry, HTTPStatus: http.StatusNotFound,
			Message: "the note is listed, and yet not found",
		}
	}
	note, state := w.pick(others)
	if state == noteOurs || state == noteEdited && c.cfg.TechnicianID != "" {
		return note, state, nil
	}
	return nil, noteGone, nil
}

// ownNotes returns the notes that are recognised as ours by their marker, with their descriptions.
func (c *Client) ownNotes(ctx context.Context, w NoteWrite) ([]*wireNote, error) {
	own, _, err := c.otherNotes(ctx, NoteTidy{TicketID: w.TicketID, Marker: w.Marker})
	return own, err
}

// allNotes yields the notes of a ticket, page by page as they are asked for. A failure is
// the last thing it yields.
func (c *Client) allNotes(ctx context.Context, ticketID string) iter.Seq2[*wireNote, error] {
	return func(yield func(*wireNote, error) bool) {
		for start, page := 1, 0; page < maxNotePages; page++ {
			notes, more, err := c.listNotes(ctx, ticketID, start)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range notes {
				if !yield(&notes[i], nil) {
					return
				}
			}
			if !more {
				return
			}
			start += len(notes)
		}
		yield(nil, refused("list_notes", ticketID, "the ticket has too many notes to look at them all"))
	}
}

// stillOurs guards the edit of a known note: ids can come to mean another note when a
// server is restored from a backup, and a technician may have made the note their own.
func (c *Client) stillOurs(note *wireNote, marker string) bool {
	if note.Description != nil && showsMarker(string(*note.Description), marker) {
		return true
	}
	if c.cfg.TechnicianID != "" {
		return note.author() == c.cfg.TechnicianID
	}
	return note.Description == nil
}

// recognise returns the note, as listed, when it is ours, reading it in full when the list
// left its description or its author out.
func (c *Client) recognise(ctx context.Context, ticketID, marker string, note *wireNote) (*wireNote, error) {
	mine := c.cfg.TechnicianID
	if !isID(string(note.ID)) || mine != "" && note.author() != "" && note.author() != mine {
		return nil, nil //nolint:nilnil // not ours
	}
	if note.Description == nil || mine != "" && note.author() == "" {
		full, err := c.getNote(ctx, ticketID, string(note.ID))
		switch {
		case isNotFound(err):
			return nil, nil //nolint:nilnil // deleted since the list was made
		case err != nil:
			return nil, err
		}
		note = full
	}
	if !c.carriesMarker(note, marker) {
		return nil, nil //nolint:nilnil // not ours
	}
	return note, nil
}

// carriesMarker reports whether a note read in full is ours: it shows the marker and, as
// far as we know who we are, was added by us.
func (c *Client) carriesMarker(note *wireNote, marker string) bool {
	if mine := c.cfg.TechnicianID; mine != "" && note.author() != mine {
		return false
	}
	return note.Description != nil && showsMarker(string(*note.Description), marker)
}

func (c *Client) listNotes(ctx context.Context, ticketID string, start int) (notes []wireNote, more bool, err error) {
	env, err := c.do(ctx, call{
		op: "list_notes", method: http.MethodGet, path: []string{"requests", ticketID, "notes"}, ticketID: ticketID,
		input: map[string]any{"list_info": listInput{RowCount: MaxRowCount, StartIndex: start}},
	})
	if err != nil {
		return nil, false, err
	}
	notes = env.noteList()
	if notes == nil && len(env.Status) == 0 {
		return nil, false, &Error{
			Op: "list_notes", TicketID: ticketID, Kind: KindRetry, HTTPStatus: http.StatusOK,
			Message: "the answer holds no list of notes",
		}
	}
	return notes, env.more(len(notes), MaxRowCount), nil
}

func (c *Client) getNote(ctx context.Context, ticketID, noteID string) (*wireNote, error) {
	env, err := c.do(ctx, call{
		op: "get_note", method: http.MethodGet, path: []string{"requests", ticketID, "notes", noteID}, ticketID: ticketID,
	})
	if err != nil {
		return nil, err
	}
	note := env.note()
	if note == nil {
		return nil, &Error{
			Op: "get_note", TicketID: ticketID, Kind: KindRetry, HTTPStatus: http.StatusOK,
			Message: "the answer holds no note",
		}
	}
	note.ID = text(noteID)
	return note, nil
}
