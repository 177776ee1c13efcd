package servicedesktest

import (
	"cmp"
	"hash/crc32"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gorilla/mux"
)

const updatedTime = "last_updated_time"

// onRequest finds the ticket of the path, or answers as the server does when it is not to
// be had. The handler gets a copy.
func (s *Server) onRequest(next func(http.ResponseWriter, *http.Request, Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ticket, ok := s.find(mux.Vars(r)["id"])
		switch {
		case !ok || ticket.IsArchived:
			s.invalidURL(w, r)
		case ticket.MergedInto != "":
			s.fail(w, http.StatusNotFound, codeNotFound, "", "Request "+ticket.ID+" has been merged with request "+ticket.MergedInto)
		default:
			next(w, r, ticket)
		}
	}
}

func (s *Server) find(id string) (Request, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if r.ID == id {
			return *r, true
		}
	}
	return Request{}, false
}

func (s *Server) getRequest(w http.ResponseWriter, _ *http.Request, ticket Request) {
	s.entity(w, http.StatusOK, "request", s.detailObject(ticket))
}

func (s *Server) getArchived(w http.ResponseWriter, r *http.Request) {
	ticket, ok := s.find(mux.Vars(r)["id"])
	if !ok || !ticket.IsArchived {
		s.invalidURL(w, r)
		return
	}
	s.entity(w, http.StatusOK, "archive_request", s.detailObject(ticket))
}

func (s *Server) detailObject(ticket Request) object {
	body := s.requestObject(ticket)
	body["description"] = orNull(ticket.Description)
	body["resolved_time"] = moment(ticket.ResolvedTime)
	body["resolution"] = nil
	if _, bare := s.faults.take(OperationRead, FaultNoResolution); !bare && ticket.Resolution != "" {
		body["resolution"] = s.resolutionObject(ticket)
	}
	return body
}

func (s *Server) getResolution(w http.ResponseWriter, _ *http.Request, ticket Request) {
	s.entity(w, http.StatusOK, "resolution", s.resolutionObject(ticket))
}

func (s *Server) listRequests(w http.ResponseWriter, r *http.Request) {
	info, criteria, err := readList(r)
	if err == nil {
		err = s.refusesFields(info)
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	if len(criteria) > 1 && slices.ContainsFunc(criteria, isDate) {
		if _, strict := s.faults.take(OperationRead, FaultDateCriteriaStrict); strict {
			s.fail(w, http.StatusBadRequest, codeInvalid, "search_criteria", "Invalid Input")
			return
		}
	}
	byUpdate := info.SortField == updatedTime || slices.ContainsFunc(criteria, func(c criterion) bool { return c.Field == updatedTime })
	if _, refuses := s.faults.take(OperationRead, FaultRefuseUpdatedTime); refuses && byUpdate {
		s.fail(w, http.StatusBadRequest, codeInvalid, updatedTime, "Invalid Input")
		return
	}
	tickets, err := s.selected(info, criteria)
	if err != nil {
		s.refuse(w, err)
		return
	}
	_, untold := s.faults.take(OperationRead, FaultNoUpdatedTime)
	_, sparse := s.faults.take(OperationRead, FaultSparseLists)
	_, trashless := s.faults.take(OperationRead, FaultNoTrash)
	items := make([]object, 0, len(tickets))
	for _, ticket := range tickets {
		if trashless && ticket.IsTrashed {
			continue
		}
		item := s.requestObject(ticket)
		item["short_description"] = orNull(s.short(ticket.Description))
		if untold {
			delete(item, updatedTime)
		}
		pick(item, info, sparse)
		items = append(items, item)
	}
	s.paginate(w, "requests", items, info)
}

// selected returns the tickets that meet the criteria, sorted as asked, newest first by default.
func (s *Server) selected(info listInfo, criteria []criterion) ([]Request, error) {
	var tickets []Request
	for _, ticket := range s.Requests() {
		if ticket.MergedInto != "" || ticket.IsArchived {
			continue
		}
		ok, err := s.matches(&ticket, criteria)
		if err != nil {
			return nil, err
		}
		if ok {
			tickets = append(tickets, ticket)
		}
	}
	order := map[string]func(a, b Request) int{
		"":             func(a, b Request) int { return a.CreatedTime.Compare(b.CreatedTime) },
		"created_time": func(a, b Request) int { return a.CreatedTime.Compare(b.CreatedTime) },
		updatedTime: func(a, b Request) int {
			return cmp.Compare(a.LastUpdatedTime.UnixMilli(), b.LastUpdatedTime.UnixMilli())
		},
		"id":      func(a, b Request) int { return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID)) },
		"subject": func(a, b Request) int { return cmp.Compare(a.Subject, b.Subject) },
	}[info.SortField]
	if order == nil {
		return nil, &inputError{code: codeInvalid, field: "sort_field", message: "Invalid Input"}
	}
	slices.SortStableFunc(tickets, order)
	if info.SortOrder != "asc" {
		slices.Reverse(tickets)
	}
	return tickets, nil
}

func (s *Server) requestObject(ticket Request) object {
	s.mu.Lock()
	noted := len(s.notes[ticket.ID]) > 0
	s.mu.Unlock()
	o := object{
		"id":           ticket.ID,
		"subject":      orNull(ticket.Subject),
		"requester":    personObject(ticket.Requester),
		"technician":   named(ticket.Technician),
		"priority":     named(ticket.Priority),
		"status":       named(ticket.Status),
		"category":     named(ticket.Category),
		"site":         named(ticket.Site),
		"group":        named(ticket.Group),
		"created_time": moment(ticket.CreatedTime),
		updatedTime:    moment(ticket.LastUpdatedTime),
		"has_notes":    noted,
		"is_trashed":   ticket.IsTrashed,
	}
	if status, ok := o["status"].(object); ok {
		status["internal_name"] = ticket.Status
	}
	if s.cloud() {
		o["display_id"] = orNull(ticket.DisplayID)
	}
	return o
}

func (s *Server) resolutionObject(ticket Request) object {
	if ticket.Resolution == "" {
		return object{"content": nil, "submitted_on": nil}
	}
	submitted := ticket.ResolutionTime
	if submitted.IsZero() {
		submitted = ticket.LastUpdatedTime
	}
	return object{"content": ticket.Resolution, "submitted_on": moment(submitted)}
}

func personObject(p Person) any {
	if p == (Person{}) {
		return nil
	}
	return object{"id": orNull(p.ID), "name": orNull(p.Name), "email_id": orNull(p.Email)}
}

// named is a reference by name; its id is made up from the name, so that it is stable.
func named(name string) any {
	if name == "" {
		return nil
	}
	return object{"id": strconv.Itoa(int(crc32.ChecksumIEEE([]byte(name)) >> 16)), "name": name}
}

func moment(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return object{"value": strconv.FormatInt(t.UnixMilli(), 10), "display_value": t.UTC().Format("Jan 2, 2006 03:04 PM")}
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
