package servicedesktest

import (
	"slices"
	"strconv"
	"time"
)

// Request is a ticket of the fake. Empty fields are sent as null.
type Request struct {
	ID          string    `json:"id"` // assigned when empty
	DisplayID   string    `json:"display_id"`
	Subject     string    `json:"subject"`
	Description string    `json:"description"` // HTML
	Requester   Person    `json:"requester"`
	Technician  string    `json:"technician"`
	Priority    string    `json:"priority"`
	Status      string    `json:"status"`
	Category    string    `json:"category"`
	Site        string    `json:"site"`
	Group       string    `json:"group"`
	CreatedTime time.Time `json:"created_time"` // now when zero
	IsTrashed   bool      `json:"is_trashed"`
	Resolution  string    `json:"resolution"` // HTML
	// MergedInto is the id of the request this one was merged into: it then answers 404.
	MergedInto string `json:"merged_into"`
	// LastUpdatedTime is the creation time when zero; every edit moves it to now.
	LastUpdatedTime time.Time `json:"last_updated_time,omitzero"`
	ResolvedTime    time.Time `json:"resolved_time,omitzero"`
	// ResolutionTime is when the resolution was written; the last change when zero.
	ResolutionTime time.Time `json:"resolution_time,omitzero"`
	// IsArchived: it has been put away, and answers under /archive_requests only.
	IsArchived bool `json:"is_archived,omitempty"`
}

// Person is a user of the service desk.
type Person struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// Note is a note on a ticket.
type Note struct {
	ID                  string    `json:"id"`          // assigned when empty
	Description         string    `json:"description"` // HTML after sanitising
	Author              Person    `json:"author"`
	AddedTime           time.Time `json:"added_time"`
	ShowToRequester     bool      `json:"show_to_requester"`
	MarkFirstResponse   bool      `json:"mark_first_response"`
	AddToLinkedRequests bool      `json:"add_to_linked_requests"`
	Edits               int       `json:"edits"` // how often it was changed
	// LastUpdatedBy and LastUpdatedTime are of the last change; empty before the first.
	LastUpdatedBy   Person    `json:"last_updated_by,omitzero"`
	LastUpdatedTime time.Time `json:"last_updated_time,omitzero"`
}

// Solution is an article of the knowledge base.
type Solution struct {
	ID             string    `json:"id"` // assigned when empty
	Title          string    `json:"title"`
	Description    string    `json:"description"` // HTML
	Topic          string    `json:"topic"`
	Keywords       string    `json:"keywords"`
	IsPublic       bool      `json:"is_public"`
	ApprovalStatus string    `json:"approval_status"`
	LastUpdated    time.Time `json:"last_updated_time"`
}

// Workstation is an asset. IPAddresses may hold several, separated by commas.
type Workstation struct {
	ID          string `json:"id"` // assigned when empty
	Name        string `json:"name"`
	AssetTag    string `json:"asset_tag"`
	Site        string `json:"site"`
	State       string `json:"state"`
	IPAddresses string `json:"ip_addresses"`
	ProductType string `json:"product_type,omitempty"`
	Account     string `json:"account,omitempty"` // the client, in the MSP edition
}

// Call is one call the server received. Status is 0 while, and if, it gets no answer.
type Call struct {
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Status int       `json:"status"`
	Time   time.Time `json:"time"`
}

// Ids are short on-premises. In the cloud they have 18 digits, more than a float64 can hold.
const (
	cloudBase     = 132_000_000_000_000_000
	firstRequest  = 100
	firstNote     = 300
	cloudIDStride = 1001
)

// AddRequest adds a ticket and returns its id. A ticket with an id that exists replaces it, which is an edit.
func (s *Server) AddRequest(r Request) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.ID == "" {
		s.lastRequest++
		r.ID = s.id(firstRequest + s.lastRequest)
	}
	if s.cloud() && r.DisplayID == "" {
		r.DisplayID = strconv.Itoa(len(s.requests) + 1)
	}
	if r.CreatedTime.IsZero() {
		r.CreatedTime = s.opts.Clock()
	}
	at := slices.IndexFunc(s.requests, func(have *Request) bool { return have.ID == r.ID })
	if at >= 0 {
		if !r.LastUpdatedTime.After(s.requests[at].LastUpdatedTime) {
			r.LastUpdatedTime = s.opts.Clock()
		}
		s.requests[at] = &r
		s.requestChanged(&r)
		return r.ID
	}
	if r.LastUpdatedTime.IsZero() {
		r.LastUpdatedTime = r.CreatedTime
	}
	s.requests = append(s.requests, &r)
	s.requestChanged(&r)
	return r.ID
}

// AddNote adds a note to a ticket as its author would in the web pages, and returns its id.
func (s *Server) AddNote(ticketID string, n Note) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.storeNote(ticketID, n).ID
}

// storeNote needs s.mu.
func (s *Server) storeNote(ticketID string, n Note) *Note {
	if n.ID == "" {
		s.lastNote++
		n.ID = s.id(firstNote + s.lastNote)
	}
	if n.AddedTime.IsZero() {
		n.AddedTime = s.opts.Clock()
	}
	n.Description = s.sanitize(n.Description)
	s.notes[ticketID] = append(s.notes[ticketID], &n)
	s.noteChanged(ticketID, &n)
	return &n
}

// AddSolution adds an article and returns its id.
func (s *Server) AddSolution(a Solution) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.ID == "" {
		s.lastSolution++
		a.ID = s.id(s.lastSolution)
	}
	if a.LastUpdated.IsZero() {
		a.LastUpdated = s.opts.Clock()
	}
	s.solutions = append(s.solutions, a)
	return a.ID
}

// AddWorkstation adds an asset and returns its id.
func (s *Server) AddWorkstation(w Workstation) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.ID == "" {
		s.lastAsset++
		w.ID = s.id(s.lastAsset)
	}
	s.workstations = append(s.workstations, w)
	return w.ID
}

// Requests returns copies of all tickets in the order they were added.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Request, len(s.requests))
	for i, r := range s.requests {
		out[i] = *r
	}
	return out
}

// Notes returns copies of the notes of a ticket, oldest first.
func (s *Server) Notes(ticketID string) []Note {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Note, len(s.notes[ticketID]))
	for i, n := range s.notes[ticketID] {
		out[i] = *n
	}
	return out
}

func (s *Server) id(n int64) string {
	if s.cloud() {
		n = cloudBase + n*cloudIDStride
	}
	return strconv.FormatInt(n, 10)
}
