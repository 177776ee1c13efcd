package servicedesktest

import (
	"net/http"
	"strings"

	"github.com/gorilla/mux"
)

func (s *Server) listSolutions(w http.ResponseWriter, r *http.Request) {
	info, ok := s.plainList(w, r)
	if !ok {
		return
	}
	_, sparse := s.faults.take(OperationRead, FaultSparseLists)
	solutions := s.Solutions()
	items := make([]object, 0, len(solutions))
	for _, a := range solutions {
		item := solutionObject(a)
		delete(item, "description") // as in every list
		pick(item, info, sparse)
		items = append(items, item)
	}
	s.paginate(w, "solutions", items, info)
}

func (s *Server) getSolution(w http.ResponseWriter, r *http.Request) {
	for _, a := range s.Solutions() {
		if a.ID == mux.Vars(r)["id"] {
			s.entity(w, http.StatusOK, "solution", solutionObject(a))
			return
		}
	}
	s.invalidURL(w, r)
}

// assetKeys are the keys of a list and of one asset.
func (s *Server) assetKeys() (list, one string) {
	if s.opts.NewAssets {
		return "asset_assets", "asset_asset"
	}
	return "workstations", "workstation"
}

func (s *Server) listAssets(w http.ResponseWriter, r *http.Request) {
	info, ok := s.plainList(w, r)
	if !ok {
		return
	}
	workstations := s.Workstations()
	items := make([]object, 0, len(workstations))
	for _, a := range workstations {
		items = append(items, s.assetObject(a))
	}
	key, _ := s.assetKeys()
	s.paginate(w, key, items, info)
}

func (s *Server) getAsset(w http.ResponseWriter, r *http.Request) {
	for _, a := range s.Workstations() {
		if a.ID == mux.Vars(r)["id"] {
			_, key := s.assetKeys()
			s.entity(w, http.StatusOK, key, s.assetObject(a))
			return
		}
	}
	s.invalidURL(w, r)
}

func (s *Server) assetObject(a Workstation) object {
	o := object{
		"id": a.ID, "name": orNull(a.Name), "asset_tag": orNull(a.AssetTag), "site": named(a.Site),
		"state": named(a.State), "product_type": named(a.ProductType), "account": named(a.Account),
	}
	if s.opts.NewAssets {
		first, _, _ := strings.Cut(a.IPAddresses, ",")
		o["primary_ip"] = orNull(strings.TrimSpace(first))
	} else {
		o["ip_addresses"] = orNull(a.IPAddresses)
	}
	return o
}

// plainList reads the parameters of a list that cannot be searched.
func (s *Server) plainList(w http.ResponseWriter, r *http.Request) (listInfo, bool) {
	info, criteria, err := readList(r)
	if err == nil {
		err = s.refusesFields(info)
	}
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
