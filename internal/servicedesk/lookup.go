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

// findNote returns our earlier note with its description, or nil when there is none.
func (c *Client) findNote(ctx context.Context, w NoteWrite) (*wireNote, error) {
	if mutation.On(mutation.NoteLookupOff) {
		return nil, nil //nolint:nilnil // as documented
	}
	if w.KnownNoteID != "" {
		note, err := c.getNote(ctx, w.TicketID, w.KnownNoteID)
		switch {
		case err == nil && c.stillOurs(note, w.Marker):
			return note, nil
		case err != nil && !isNotFound(err):
			return nil, err
		}
	}
	for note, err := range c.allNotes(ctx, w.TicketID) {
		if err != nil {
			return nil, err
		}
		if found, err := c.recognise(ctx, w.TicketID, w.Marker, note); err != nil || found != nil {
			return found, err
		}
	}
	return nil, nil //nolint:nilnil // no note and no failure is the ordinary answer
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
