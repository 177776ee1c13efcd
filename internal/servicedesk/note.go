package servicedesk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/ai-agents/ai-agents/internal/mutation"
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
	// Ours are the digests of all texts that the note may have from us: those of earlier results, and those that Intend was
	// given. A note that reads otherwise was changed by a person. When there are none, a note of ours is ours as it stands.
	Ours []string
	// SayingTheSame is the digest of an earlier text that need not give way to Body; empty when there is none.
	SayingTheSame string
	// Intend is called right before the ticket is written to, and keeps the write from being made when it fails. It has to
	// remember the digests as Ours, since nobody may live to see what becomes of the write: that of the text which stands, if
	// any, and TextDigest of Body. It may be nil.
	Intend func(ctx context.Context, digests ...string) error
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
	// NoteKeptEdited: a person has changed it, and it is left as it is.
	NoteKeptEdited NoteAction = "kept_edited"
	// NoteKeptDeleted: a person has deleted it, and it is not written again.
	NoteKeptDeleted NoteAction = "kept_deleted"
	// NoteKeptUnread: the server does not tell what it says, so that a person's words could be lost; it is left as it is.
	NoteKeptUnread NoteAction = "kept_unread"
)

// Kept says that the note was not ours to change.
func (a NoteAction) Kept() bool {
	return a == NoteKeptEdited || a == NoteKeptDeleted || a == NoteKeptUnread
}

// NoteResult names the one note. Persist NoteID as the next KnownNoteID.
type NoteResult struct {
	NoteID string
	Action NoteAction
	// Digest is of the text as the server has stored it, or as it was sent where the server does not say. Persist it as one
	// of the next Ours. Empty when the note was left to somebody else.
	Digest string
}

const opPut = "put_note"

// maxVerify bounds the verification after a write of unknown outcome.
const maxVerify = 10 * time.Second

// PutNote makes the ticket carry one private note of ours that reads as w.Body: it edits
// the earlier one or, when there never was one, adds it. What a person has made of the earlier
// one is respected: changed or deleted, it stays so. It can be called again after any
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
	earlier, state, err := c.findNote(ctx, w)
	if err != nil {
		return NoteResult{}, err
	}
	switch state {
	case noteGone:
		return NoteResult{NoteID: w.KnownNoteID, Action: NoteKeptDeleted}, nil
	case noteEdited:
		return NoteResult{NoteID: string(earlier.ID), Action: NoteKeptEdited}, nil
	case noteUnread:
		return NoteResult{NoteID: string(earlier.ID), Action: NoteKeptUnread}, nil
	case noteNone, noteOurs:
	}
	if w.served(earlier) {
		return NoteResult{NoteID: string(earlier.ID), Action: NoteUnchanged, Digest: ReadingDigest(string(*earlier.Description))}, nil
	}
	if err := w.intend(ctx, earlier); err != nil {
		return NoteResult{}, err
	}
	if earlier == nil {
		return c.writeNote(ctx, w, "")
	}
	return c.writeNote(ctx, w, string(earlier.ID))
}

// served says that the note that stands need not be written.
func (w NoteWrite) served(earlier *wireNote) bool {
	if earlier == nil || earlier.Description == nil {
		return false
	}
	standing := string(*earlier.Description)
	return sameReading(standing, w.Body) || w.SayingTheSame != "" && readsAs(standing, w.SayingTheSame)
}

func (w NoteWrite) intend(ctx context.Context, earlier *wireNote) error {
	if w.Intend == nil {
		return nil
	}
	var digests []string
	if earlier != nil && earlier.Description != nil {
		digests = append(digests, ReadingDigest(string(*earlier.Description)))
	}
	if err := w.Intend(ctx, append(digests, TextDigest(w.Body))...); err != nil {
		return fmt.Errorf("before the note of ticket %s is written: %w", w.TicketID, err)
	}
	return nil
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
			return NoteResult{NoteID: id, Action: action, Digest: w.storedDigest(env.note())}, nil
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

// storedDigest goes by what the server says it has stored: it may have altered what was sent.
func (w NoteWrite) storedDigest(answer *wireNote) string {
	if answer == nil || answer.Description == nil || *answer.Description == "" {
		return TextDigest(w.Body)
	}
	return ReadingDigest(string(*answer.Description))
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
	found, err := c.outcome(vctx, w, noteID)
	switch {
	case err != nil:
		unverified := *cause
		unverified.err = errors.Join(cause.err, fmt.Errorf("verify: %w", err))
		return NoteResult{}, &unverified
	case found == nil:
		return NoteResult{}, cause
	}
	c.logger.InfoContext(ctx, "servicedesk note verified after a write without an answer",
		"ticket_id", w.TicketID, "note_id", string(found.ID))
	return NoteResult{NoteID: string(found.ID), Action: NoteVerified, Digest: ReadingDigest(string(*found.Description))}, nil
}

// outcome finds the note as the write wanted it, or nil. noteID is empty when it was to be added: there was none of ours
// then, so that one which stands now is that write's, also when the server has altered the text, or that of an earlier
// write, whose text would be among ours.
func (c *Client) outcome(ctx context.Context, w NoteWrite, noteID string) (*wireNote, error) {
	if mutation.On(mutation.NoteLookupOff) {
		return nil, nil //nolint:nilnil // as if it were not found
	}
	if noteID != "" {
		note, err := c.getNote(ctx, w.TicketID, noteID)
		if err != nil || note.Description == nil || !sameReading(string(*note.Description), w.Body) {
			return nil, err
		}
		return note, nil
	}
	notes, err := c.ownNotes(ctx, w)
	if err != nil {
		return nil, err
	}
	for _, note := range notes {
		if sameReading(string(*note.Description), w.Body) || !readsAs(string(*note.Description), w.Ours...) {
			return note, nil
		}
	}
	return nil, nil //nolint:nilnil // not found is the ordinary answer
}
