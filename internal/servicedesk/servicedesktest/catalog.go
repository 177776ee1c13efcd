package servicedesktest

import (
	"net/http"
	"slices"

	"github.com/gorilla/mux"
)

func (s *Server) listSolutions(w http.ResponseWriter, r *http.Request) {
	info, ok := s.plainList(w, r)
	if !ok {
		return
	}
	s.mu.Lock()
	solutions := slices.Clone(s.solutions)
	s.mu.Unlock()
	items := make([]object, 0, len(solutions))
	for _, a := range solutions {
		item := solutionObject(a)
		delete(item, "description") // as in every list
		items = append(items, item)
	}
	s.paginate(w, "solutions", items, info)
}

func (s *Server) getSolution(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	solutions := slices.Clone(s.solutions)
	s.mu.Unlock()
	for _, a := range solutions {
		if a.ID == mux.Vars(r)["id"] {
			s.entity(w, http.StatusOK, "solution", solutionObject(a))
			return
		}
	}
	s.invalidURL(w, r)
}

func (s *Server) listWorkstations(w http.ResponseWriter, r *http.Request) {
	info, ok := s.plainList(w, r)
	if !ok {
		return
	}
	s.mu.Lock()
	workstations := slices.Clone(s.workstations)
	s.mu.Unlock()
	items := make([]object, 0, len(workstations))
	for _, a := range workstations {
		items = append(items, object{
			"id": a.ID, "name": orNull(a.Name), "asset_tag": orNull(a.AssetTag), "site": named(a.Site),
			"state": named(a.State), "ip_addresses": orNull(a.IPAddresses),
		})
	}
	s.paginate(w, "workstations", items, info)
}

// plainList reads the parameters of a list that cannot be searched.
func (s *Server) plainList(w http.ResponseWriter, r *http.Request) (listInfo, bool) {
	info, criteria, err := readList(r)
	if err == nil && len(criteria) > 0 {
		err = &inputError{code: codeInvalid, field: "search_criteria", message: "Invalid Input"}
	}
	if err != nil {
		s.refuse(w, err)
		return info, false
	}
	return info, true
}

func solutionObject(a Solution) object {
	return object{
		"id": a.ID, "title": orNull(a.Title), "description": orNull(a.Description), "topic": named(a.Topic),
		"keywords": orNull(a.Keywords), "is_public": a.IsPublic, "approval_status": named(a.ApprovalStatus),
		"last_updated_time": moment(a.LastUpdated),
	}
}
