package servicedesktest

import "slices"

// The statuses that the methods below give tickets.
const (
	statusOpen     = "Open"
	statusResolved = "Resolved"
)

// EditRequest changes a ticket as a technician would, which also changes its LastUpdatedTime, and reports
// whether there is such a ticket.
func (s *Server) EditRequest(id string, change func(*Request)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if r.ID == id {
			change(r)
			r.LastUpdatedTime = s.opts.Clock()
			s.requestChanged(r)
			return true
		}
	}
	return false
}

// Resolve gives a ticket a resolution, in HTML, and the status that goes with it.
func (s *Server) Resolve(id, resolution string) bool {
	return s.EditRequest(id, func(r *Request) {
		r.Status, r.Resolution = statusResolved, resolution
		r.ResolvedTime, r.ResolutionTime = s.opts.Clock(), s.opts.Clock()
	})
}

// Reopen takes a ticket's resolution back; its text stays, as on the real server.
func (s *Server) Reopen(id string) bool {
	return s.EditRequest(id, func(r *Request) { r.Status, r.ResolvedTime = statusOpen, Request{}.ResolvedTime })
}

// TrashRequest moves a ticket to the trash, where it can still be read.
func (s *Server) TrashRequest(id string) bool {
	return s.EditRequest(id, func(r *Request) { r.IsTrashed = true })
}

// MergeRequest merges a ticket into another: it then answers 404.
func (s *Server) MergeRequest(id, into string) bool {
	return s.EditRequest(id, func(r *Request) { r.MergedInto = into })
}

// ArchiveRequest puts a ticket away, as the server does with old ones on its own. That is no edit.
func (s *Server) ArchiveRequest(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if r.ID == id {
			r.IsArchived = true
			s.requestChanged(r)
			return true
		}
	}
	return false
}

// DeleteRequest removes a ticket for good.
func (s *Server) DeleteRequest(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.requests)
	s.requests = slices.DeleteFunc(s.requests, func(r *Request) bool { return r.ID == id })
	if len(s.requests) == before {
		return false
	}
	s.changed(Change{TicketID: id, Gone: true})
	return true
}

// EditSolution changes an article, and with it its LastUpdated.
func (s *Server) EditSolution(id string, change func(*Solution)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.solutions {
		if s.solutions[i].ID == id {
			change(&s.solutions[i])
			s.solutions[i].LastUpdated = s.opts.Clock()
			return true
		}
	}
	return false
}

// DeleteSolution removes an article for good.
func (s *Server) DeleteSolution(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.solutions)
	s.solutions = slices.DeleteFunc(s.solutions, func(a Solution) bool { return a.ID == id })
	return len(s.solutions) < before
}

// EditWorkstation changes an asset.
func (s *Server) EditWorkstation(id string, change func(*Workstation)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.workstations {
		if s.workstations[i].ID == id {
			change(&s.workstations[i])
			return true
		}
	}
	return false
}

// DeleteWorkstation removes an asset for good.
func (s *Server) DeleteWorkstation(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.workstations)
	s.workstations = slices.DeleteFunc(s.workstations, func(w Workstation) bool { return w.ID == id })
	return len(s.workstations) < before
}

// Solutions returns copies of all articles in the order they were added.
func (s *Server) Solutions() []Solution {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.solutions)
}

// Workstations returns copies of all assets in the order they were added.
func (s *Server) Workstations() []Workstation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.workstations)
}
