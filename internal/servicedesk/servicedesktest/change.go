package servicedesktest

import "slices"

// Change is a change of a ticket or of its notes, as Options.Changed hears of it and Restore takes it back: the ticket or
// the note as it is from then on, or Gone.
type Change struct {
	TicketID string `json:"ticket_id"`
	// Request is set when it is the ticket itself that changed.
	Request *Request `json:"request,omitempty"`
	// NoteID is set when it is a note, and Note unless it is gone.
	NoteID string `json:"note_id,omitempty"`
	Note   *Note  `json:"note,omitempty"`
	// Gone says that it was deleted.
	Gone bool `json:"gone,omitempty"`
}

// changed tells of a change before anybody else can learn of it. It needs s.mu.
func (s *Server) changed(c Change) {
	if s.opts.Changed != nil {
		s.opts.Changed(c)
	}
}

func (s *Server) requestChanged(r *Request) {
	kept := *r
	s.changed(Change{TicketID: r.ID, Request: &kept})
}

func (s *Server) noteChanged(ticketID string, n *Note) {
	kept := *n
	s.changed(Change{TicketID: ticketID, NoteID: n.ID, Note: &kept})
}

// Restore makes a change that an earlier instance told of, and tells nobody. Ids that were given out are not given out
// again, also those of notes that are gone.
func (s *Server) Restore(c Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case c.NoteID != "":
		s.restoreNote(c)
	case c.Gone:
		s.requests = slices.DeleteFunc(s.requests, func(r *Request) bool { return r.ID == c.TicketID })
	case c.Request != nil:
		kept := *c.Request
		at := slices.IndexFunc(s.requests, func(have *Request) bool { return have.ID == c.TicketID })
		if at >= 0 {
			s.requests[at] = &kept
			return
		}
		s.lastRequest++
		s.requests = append(s.requests, &kept)
	}
}

// restoreNote needs s.mu.
func (s *Server) restoreNote(c Change) {
	notes := s.notes[c.TicketID]
	at := slices.IndexFunc(notes, func(have *Note) bool { return have.ID == c.NoteID })
	switch {
	case c.Gone:
		s.notes[c.TicketID] = slices.DeleteFunc(notes, func(have *Note) bool { return have.ID == c.NoteID })
	case c.Note == nil:
	case at >= 0:
		kept := *c.Note
		notes[at] = &kept
	default:
		kept := *c.Note
		s.lastNote++
		s.notes[c.TicketID] = append(notes, &kept)
	}
}
