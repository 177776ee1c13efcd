package servicedesk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// NoteWrite is what the living note of a ticket shall say.
type NoteWrite struct {
	TicketID string
	// KnownNoteID is the id persisted after an earlier write; empty when unknown.
	KnownNoteID string
	// Marker is visible text, unique to tenant and ticket and contained in Body: how an
	// earlier note of ours is recognised.
	Marker string
	// Body is HTML ready for SDP's description field, already escaped.
	Body string
}

// NoteAction says how a ticket came to have its note.
type NoteAction string

const (
	// NoteCreated: there was none, and it was added.
	NoteCreated NoteAction = "created"
	// NoteEdited: an earlier one was changed.
	NoteEdited NoteAction = "edited"
	// NoteVerified: the write seemed to fail and turned out to be committed.
	NoteVerified NoteAction = "verified"
	// NoteUnchanged: it said the same already, and nothing was written.
	NoteUnchanged NoteAction = "unchanged"
)

// NoteResult names the one note. Persist NoteID as the next KnownNoteID.
type NoteResult struct {
	NoteID string
	Action NoteAction
}

const opPut = "put_note"

// maxVerify bounds the verification after a write of unknown outcome.
const maxVerify = 10 * time.Second

// PutNote makes the ticket carry one private note of ours that reads as w.Body: it edits
// the earlier one or, when there is none, adds it. It can be called again after any
// failure, at once unless the failure is Uncertain, without adding a second one. Calls for
// the same ticket through the same Client wait for each other; across processes the caller
// has to serialise them, because SDP has no conditional writes.
//
// It does not repeat failed writes. A write of unknown outcome is verified at once and,
// unless the note is found as wanted, reported as an Error for which Uncertain is true:
// what the server commits later still, only TidyNotes can put right.
func (c *Client) PutNote(ctx context.Context, w NoteWrite) (NoteResult, error) {
	if err := w.check(); err != nil {
		return NoteResult{}, err
	}
	release, err := c.tickets.acquire(ctx, opPut, w.TicketID)
	if err != nil {
		return NoteResult{}, err
	}
	defer release()
	earlier, err := c.findNote(ctx, w)
	switch {
	case err != nil:
		return NoteResult{}, err
	case earlier == nil:
		return c.writeNote(ctx, w, "")
	case earlier.Description != nil && sameReading(string(*earlier.Description), w.Body):
		return NoteResult{NoteID: string(earlier.ID), Action: NoteUnchanged}, nil
	default:
		return c.writeNote(ctx, w, string(earlier.ID))
	}
}

func (w NoteWrite) check() error {
	const op = opPut
	switch {
	case !isID(w.TicketID):
		return refused(op, "", "the ticket id must consist of digits")
	case w.KnownNoteID != "" && !isID(w.KnownNoteID):
		return refused(op, w.TicketID, "the known note id must consist of digits")
	case !showsMarker(w.Body, w.Marker):
		return refused(op, w.TicketID, "the body does not show the marker; the note could not be found again")
	}
	return nil
}

// noteInput holds only keys that both editions know; they refuse any other.
type noteInput struct {
	Description         string `json:"description"`
	ShowToRequester     bool   `json:"show_to_requester"`
	MarkFirstResponse   bool   `json:"mark_first_response"`
	AddToLinkedRequests bool   `json:"add_to_linked_requests"`
}

// writeNote edits the note with the given id, or adds one when the id is empty.
func (c *Client) writeNote(ctx context.Context, w NoteWrite, noteID string) (NoteResult, error) {
	cl := call{
		op: "add_note", method: http.MethodPost, path: []string{"requests", w.TicketID, "notes"}, ticketID: w.TicketID,
		input: map[string]noteInput{c.noteKey: {Description: w.Body}}, private: w.Body,
	}
	action := NoteCreated
	if noteID != "" {
		cl.op, cl.method, cl.path = "edit_note", http.MethodPut, append(cl.path, noteID)
		action = NoteEdited
	}
	env, err := c.do(ctx, cl)
	if err == nil {
		var id string
		if id, err = c.writtenID(ctx, cl, env, noteID); err == nil {
			return NoteResult{NoteID: id, Action: action}, nil
		}
	}
	var failed *Error
	switch {
	case !errors.As(err, &failed):
		return NoteResult{}, err
	case failed.uncertain:
		return c.verify(ctx, w, noteID, failed)
	case noteID != "" && failed.Kind == KindNotFound && failed.ParentID == "":
		// It was there a moment ago. The next call looks again and adds it if need be.
		gone := *failed
		gone.Kind = KindRetry
		return NoteResult{}, &gone
	}
	return NoteResult{}, failed
}

// writtenID reads the id of the written note from the answer, knowing that it may be
// missing after an edit.
func (c *Client) writtenID(ctx context.Context, cl call, env envelope, edited string) (string, error) {
	note := env.note()
	if edited != "" && (note != nil || len(env.Status) > 0) {
		return edited, nil
	}
	if note == nil || !isID(string(note.ID)) {
		return "", &Error{
			Op: cl.op, TicketID: cl.ticketID, Kind: KindRetry, HTTPStatus: http.StatusOK,
			Message: "the answer holds no note", uncertain: true,
		}
	}
	if author := note.author(); c.cfg.TechnicianID != "" && author != "" && author != c.cfg.TechnicianID {
		c.logger.WarnContext(ctx, "servicedesk technician_id is not the technician of the key: lost notes cannot be found again",
			"ticket_id", cl.ticketID, "technician_id", c.cfg.TechnicianID, "added_by", author)
	}
	return string(note.ID), nil
}

// verify looks for the outcome of a write that got no clear answer, and returns cause when
// the note is not as wanted. The server may have committed the write: repeating it blindly
// is how notes get duplicated.
func (c *Client) verify(ctx context.Context, w NoteWrite, noteID string, cause *Error) (NoteResult, error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return NoteResult{}, cause // shutting down; the next call looks before it writes
	}
	// The caller's deadline is likely to be what ended the write, so it must not bound the
	// verification. Its cancellation still does.
	vctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(2*c.cfg.Timeout, maxVerify))
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.Canceled) {
			cancel()
		}
	})
	defer stop()
	w.KnownNoteID = noteID
	found, err := c.findNote(vctx, w)
	switch {
	case err != nil:
		unverified := *cause
		unverified.err = errors.Join(cause.err, fmt.Errorf("verify: %w", err))
		return NoteResult{}, &unverified
	case found == nil || found.Description == nil || !sameReading(string(*found.Description), w.Body):
		return NoteResult{}, cause
	}
	c.logger.InfoContext(ctx, "servicedesk note verified after a write without an answer",
		"ticket_id", w.TicketID, "note_id", string(found.ID))
	return NoteResult{NoteID: string(found.ID), Action: NoteVerified}, nil
}
