package servicedesk

import (
	"context"
	"net/http"
)

// maxNotePages bounds a lookup. A ticket with more notes is not written to, because a
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
	if w.KnownNoteID != "" {
		note, err := c.getNote(ctx, w.TicketID, w.KnownNoteID)
		switch {
		case err == nil && c.stillOurs(note, w.Marker):
			return note, nil
		case err != nil && !isNotFound(err):
			return nil, err
		}
	}
	for start, page := 1, 0; page < maxNotePages; page++ {
		notes, more, err := c.listNotes(ctx, w.TicketID, start)
		if err != nil {
			return nil, err
		}
		for i := range notes {
			if found, err := c.recognise(ctx, w, &notes[i]); err != nil || found != nil {
				return found, err
			}
		}
		if !more {
			return nil, nil //nolint:nilnil // no note and no failure is the ordinary answer
		}
		start += len(notes)
	}
	return nil, refused("list_notes", w.TicketID, "the ticket has too many notes to rule out an earlier one")
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

// recognise returns the note when it is ours, reading it in full when the list left its
// description or its author out.
func (c *Client) recognise(ctx context.Context, w NoteWrite, note *wireNote) (*wireNote, error) {
	mine := c.cfg.TechnicianID
	if !isID(string(note.ID)) || mine != "" && note.author() != "" && note.author() != mine {
		return nil, nil //nolint:nilnil // not ours
	}
	if note.Description == nil || mine != "" && note.author() == "" {
		full, err := c.getNote(ctx, w.TicketID, string(note.ID))
		switch {
		case isNotFound(err):
			return nil, nil //nolint:nilnil // deleted since the list was made
		case err != nil:
			return nil, err
		}
		note = full
	}
	if mine != "" && note.author() != mine || note.Description == nil || !showsMarker(string(*note.Description), w.Marker) {
		return nil, nil //nolint:nilnil // not ours
	}
	return note, nil
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
