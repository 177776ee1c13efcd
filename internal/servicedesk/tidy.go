package servicedesk

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

const opTidy = "tidy_notes"

// NoteTidy names the one note of ours that a ticket shall keep.
type NoteTidy struct {
	TicketID string
	// KeepNoteID is the note that stays: the NoteID of the latest PutNote.
	KeepNoteID string
	// Marker is the one the notes were written with, see NoteWrite.
	Marker string
	// Ours are the digests of our texts, see NoteWrite. When there are any, a note that reads otherwise is spared.
	Ours []string
}

// TidyNotes removes the notes of ours that stand beside the kept one, left by writes that
// the server committed after they had been given up (see Uncertain), and returns how many
// this call has deleted, also when it fails half-way. It can be called again at any time;
// once the ticket is tidy it makes one listing and no write. Like PutNote it takes its turn
// per ticket, and needs the caller to serialise it with writers in other processes.
//
// ServiceDesk Plus deletes for good, so this errs on the side of leaving a note too many:
//   - A note is recognised as in PutNote, by the marker it shows, and deleted only when its
//     author is Config.TechnicianID. Where that is not configured, a note with our marker
//     may be a technician's that quotes it, so only one that reads the same as the kept
//     note is deleted: with it no information can be lost.
//   - Where the texts are known that are ours, one with another text holds a person's words, and is spared.
//   - KeepNoteID is never deleted. It is read after the others have been listed and before
//     the first is deleted; when it is gone or not recognised as ours any more, nothing is
//     deleted, for what stands may be all there is.
//   - A note that is gone by the time it is to be deleted is as wanted, and not counted.
//
// Failures are of type *Error, as from PutNote. A deletion of unknown outcome is Uncertain:
// no writer may begin meanwhile, lest it adopt the note that is about to vanish.
func (c *Client) TidyNotes(ctx context.Context, t NoteTidy) (removed int, err error) {
	if err := t.check(); err != nil {
		return 0, err
	}
	release, err := c.tickets.acquire(ctx, opTidy, t.TicketID)
	if err != nil {
		return 0, err
	}
	defer release()
	surplus, err := c.surplusNotes(ctx, t)
	if err != nil {
		return 0, err
	}
	for _, note := range surplus {
		err := c.deleteNote(ctx, t.TicketID, string(note.ID))
		switch {
		case isNotFound(err):
			continue
		case err != nil:
			return removed, err
		}
		removed++
		c.logger.WarnContext(ctx, "servicedesk surplus note removed",
			"ticket_id", t.TicketID, "note_id", string(note.ID), "kept_note_id", t.KeepNoteID)
	}
	return removed, nil
}

func (t NoteTidy) check() error {
	switch {
	case !isID(t.TicketID):
		return refused(opTidy, "", "the ticket id must consist of digits")
	case !isID(t.KeepNoteID):
		return refused(opTidy, t.TicketID, "the id of the note to keep must consist of digits")
	case normalise(t.Marker) == "":
		return refused(opTidy, t.TicketID, "the marker is missing; notes of ours could not be told from others")
	}
	return nil
}

// surplusNotes returns the notes that may be deleted. All are found before the first is
// deleted, because a deletion moves the pages that follow.
func (c *Client) surplusNotes(ctx context.Context, t NoteTidy) ([]*wireNote, error) {
	others, _, err := c.otherNotes(ctx, t)
	if err != nil || len(others) == 0 {
		return nil, err
	}
	kept, err := c.getNote(ctx, t.TicketID, t.KeepNoteID)
	switch {
	case isNotFound(err), err == nil && !c.carriesMarker(kept, t.Marker):
		c.logger.InfoContext(ctx, "servicedesk notes left alone: the one to keep is gone or not ours any more",
			"ticket_id", t.TicketID, "note_id", t.KeepNoteID, "others", len(others))
		return nil, nil
	case err != nil:
		return nil, err
	}
	return slices.DeleteFunc(others, func(n *wireNote) bool {
		if sameReading(string(*n.Description), string(*kept.Description)) {
			return false
		}
		byUs := c.cfg.TechnicianID != "" // or it would not have been recognised
		return !byUs || len(t.Ours) > 0 && !readsAs(string(*n.Description), t.Ours...)
	}), nil
}

// otherNotes returns every note of ours but the kept one, with its description, and whether the kept one is listed.
func (c *Client) otherNotes(ctx context.Context, t NoteTidy) (others []*wireNote, keptListed bool, err error) {
	for note, err := range c.allNotes(ctx, t.TicketID) {
		if err != nil {
			return nil, false, err
		}
		if sameID(string(note.ID), t.KeepNoteID) {
			keptListed = true
			continue
		}
		// A note added while we list moves others to the next page, where they come again.
		if slices.ContainsFunc(others, func(o *wireNote) bool { return o.ID == note.ID }) {
			continue
		}
		found, err := c.recognise(ctx, t.TicketID, t.Marker, note)
		switch {
		case err != nil:
			return nil, false, err
		case found != nil:
			others = append(others, found)
		}
	}
	return others, keptListed, nil
}

func (c *Client) deleteNote(ctx context.Context, ticketID, noteID string) error {
	_, err := c.do(ctx, call{
		op: "delete_note", method: http.MethodDelete, path: []string{"requests", ticketID, "notes", noteID}, ticketID: ticketID,
	})
	return err
}

// sameID compares ids as the numbers they are: a server finds note 7 under 007, too.
func sameID(a, b string) bool {
	return strings.TrimLeft(a, "0") == strings.TrimLeft(b, "0")
}
