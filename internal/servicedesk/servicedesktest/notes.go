package servicedesktest

import (
	"net/http"
	"slices"

	"github.com/gorilla/mux"
)

// noteKey wraps a note in input and output; the editions disagree about it.
func (s *Server) noteKey() string {
	if s.cloud() {
		return "request_note"
	}
	return "note"
}

func (s *Server) listNotes(w http.ResponseWriter, r *http.Request, ticket Request) {
	info, criteria, err := readList(r)
	if err == nil && len(criteria) > 0 {
		err = &inputError{code: codeInvalid, field: "search_criteria", message: "Invalid Input"}
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	_, bare := s.faults.take(OperationRead, FaultNoDescription)
	notes := s.Notes(ticket.ID)
	slices.Reverse(notes) // newest first
	items := make([]object, 0, len(notes))
	for _, n := range notes {
		item := s.noteObject(n)
		if bare {
			delete(item, "description")
		}
		items = append(items, item)
	}
	s.paginate(w, "notes", items, info)
}

func (s *Server) getNote(w http.ResponseWriter, r *http.Request, ticket Request) {
	_, bare := s.faults.take(OperationRead, FaultBareNote)
	for _, n := range s.Notes(ticket.ID) {
		if n.ID == mux.Vars(r)["note"] {
			item := s.noteObject(n)
			if bare {
				delete(item, "description")
			}
			s.entity(w, http.StatusOK, s.noteKey(), item)
			return
		}
	}
	s.invalidURL(w, r)
}

func (s *Server) addNote(w http.ResponseWriter, r *http.Request, ticket Request) {
	in, err := s.noteInput(w, r)
	if err == nil && (in.Description == nil || *in.Description == "") {
		err = &inputError{code: codeMissing, field: "description", message: "Mandatory field missing"}
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	n := Note{Author: Person{ID: s.opts.TechnicianID, Name: s.opts.TechnicianName}}
	in.apply(&n)
	s.mu.Lock()
	stored := *s.storeNote(ticket.ID, n)
	s.mu.Unlock()
	status := http.StatusCreated
	if s.cloud() {
		status = http.StatusOK
	}
	s.entity(w, status, s.noteKey(), s.noteObject(stored))
}

func (s *Server) editNote(w http.ResponseWriter, r *http.Request, ticket Request) {
	in, err := s.noteInput(w, r)
	if err == nil && in.Description != nil && *in.Description == "" {
		err = &inputError{code: codeMissing, field: "description", message: "Mandatory field missing"}
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	edited, ok := s.changeNote(ticket.ID, mux.Vars(r)["note"], Person{ID: s.opts.TechnicianID, Name: s.opts.TechnicianName}, in.apply)
	if !ok {
		s.invalidURL(w, r)
		return
	}
	s.entity(w, http.StatusOK, s.noteKey(), s.noteObject(edited))
}

// EditNote changes a note's text, in HTML, as a person would in the web pages, and reports whether it was there. Its author
// stays.
func (s *Server) EditNote(ticketID, noteID string, by Person, description string) bool {
	_, ok := s.changeNote(ticketID, noteID, by, func(n *Note) { n.Description = description })
	return ok
}

func (s *Server) changeNote(ticketID, noteID string, by Person, change func(*Note)) (Note, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.notes[ticketID] {
		if n.ID == noteID {
			change(n)
			n.Description = s.sanitize(n.Description)
			n.LastUpdatedBy, n.LastUpdatedTime = by, s.opts.Clock()
			n.Edits++
			s.noteChanged(ticketID, n)
			return *n, true
		}
	}
	return Note{}, false
}

func (s *Server) deleteNote(w http.ResponseWriter, r *http.Request, ticket Request) {
	if !s.DeleteNote(ticket.ID, mux.Vars(r)["note"]) {
		s.invalidURL(w, r)
		return
	}
	s.respond(w, http.StatusOK, object{"response_status": success()})
}

// DeleteNote removes a note for good, and reports whether it was there.
func (s *Server) DeleteNote(ticketID, noteID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.notes[ticketID])
	s.notes[ticketID] = slices.DeleteFunc(s.notes[ticketID], func(n *Note) bool { return n.ID == noteID })
	if len(s.notes[ticketID]) == before {
		return false
	}
	s.changed(Change{TicketID: ticketID, NoteID: noteID, Gone: true})
	return true
}

// noteInput holds the keys that may be written; nil means not given.
type noteInput struct {
	Description         *string `json:"description"`
	ShowToRequester     *bool   `json:"show_to_requester"`
	MarkFirstResponse   *bool   `json:"mark_first_response"`
	AddToLinkedRequests *bool   `json:"add_to_linked_requests"`
	NotifyTechnician    *bool   `json:"notify_technician"` // cloud only
}

func (s *Server) noteInput(w http.ResponseWriter, r *http.Request) (noteInput, error) {
	var in noteInput
	raw, err := formInput(w, r)
	if err != nil {
		return in, err
	}
	keys, err := objectOf(raw, s.noteKey())
	if err != nil {
		return in, err
	}
	value, ok := keys[s.noteKey()]
	if !ok {
		return in, &inputError{code: codeMissing, field: s.noteKey(), message: "Mandatory field missing"}
	}
	if err := strictJSON(value, &in); err != nil {
		return in, unknownKey(err)
	}
	if in.NotifyTechnician != nil && !s.cloud() {
		return in, &inputError{code: codeInvalid, field: "notify_technician", message: "Extra key found in JSON"}
	}
	return in, nil
}

func (in noteInput) apply(n *Note) {
	if in.Description != nil {
		n.Description = *in.Description
	}
	set(&n.ShowToRequester, in.ShowToRequester)
	set(&n.MarkFirstResponse, in.MarkFirstResponse)
	set(&n.AddToLinkedRequests, in.AddToLinkedRequests)
}

func set(kept, given *bool) {
	if given != nil {
		*kept = *given
	}
}

// noteObject spells author and time as the edition does. Only on-premises servers tell of the last change.
func (s *Server) noteObject(n Note) object {
	by, at := "added_by", "added_time"
	if s.cloud() {
		by, at = "created_by", "created_time"
	}
	item := object{
		"id": n.ID, "description": n.Description, by: personObject(n.Author), at: moment(n.AddedTime),
		"show_to_requester": n.ShowToRequester, "mark_first_response": n.MarkFirstResponse,
		"add_to_linked_requests": n.AddToLinkedRequests,
	}
	if !s.cloud() {
		item["last_updated_by"], item["last_updated_time"] = personObject(n.LastUpdatedBy), moment(n.LastUpdatedTime)
	}
	return item
}
