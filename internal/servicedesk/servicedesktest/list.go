package servicedesktest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	defaultRows = 10
	maxRows     = 100
)

// listInfo is what a caller may say about a list.
type listInfo struct {
	RowCount      int             `json:"row_count"`
	StartIndex    int             `json:"start_index"`
	SortField     string          `json:"sort_field"`
	SortOrder     string          `json:"sort_order"`
	Criteria      json.RawMessage `json:"search_criteria"` // an object or an array
	GetTotalCount bool            `json:"get_total_count"`
	Fields        []string        `json:"fields_required"`
}

type criterion struct {
	Field           string   `json:"field"`
	Condition       string   `json:"condition"`
	Value           string   `json:"value"`
	Values          []string `json:"values"`
	LogicalOperator string   `json:"logical_operator"`
}

// readList reads input_data of the query string; without it the defaults hold.
func readList(r *http.Request) (listInfo, []criterion, error) {
	info := listInfo{RowCount: defaultRows, StartIndex: 1}
	raw := r.URL.Query().Get("input_data")
	if raw == "" {
		return info, nil, nil
	}
	keys, err := objectOf(raw, "list_info", "fields_required")
	if err != nil {
		return info, nil, err
	}
	if value, ok := keys["list_info"]; ok {
		if err := strictJSON(value, &info); err != nil {
			return info, nil, unknownKey(err)
		}
	}
	if info.RowCount < 1 || info.StartIndex < 0 {
		return info, nil, &inputError{code: codeInvalid, field: "list_info", message: "Invalid Input"}
	}
	info.RowCount, info.StartIndex = min(info.RowCount, maxRows), max(info.StartIndex, 1)
	criteria, err := readCriteria(info.Criteria)
	return info, criteria, err
}

func readCriteria(raw json.RawMessage) ([]criterion, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var many []criterion
	if raw[0] == '{' {
		raw = slices.Concat([]byte("["), raw, []byte("]"))
	}
	if err := strictJSON(raw, &many); err != nil {
		return nil, unknownKey(err)
	}
	return many, nil
}

// refusesFields answers for a server that does not know the parameter.
func (s *Server) refusesFields(info listInfo) error {
	if info.Fields == nil {
		return nil
	}
	if _, refuses := s.faults.take(OperationRead, FaultRefuseFields); refuses {
		return &inputError{code: codeInvalid, field: "fields_required", message: "Extra key found in JSON"}
	}
	return nil
}

// pick leaves of an item what was asked for; when nothing was, all but what a sparse list lacks.
func pick(item object, info listInfo, sparse bool) {
	if info.Fields == nil {
		if sparse {
			delete(item, updatedTime)
		}
		return
	}
	maps.DeleteFunc(item, func(key string, _ any) bool { return key != "id" && !slices.Contains(info.Fields, key) })
}

// paginate answers with the page of items the caller asked for.
func (s *Server) paginate(w http.ResponseWriter, key string, items []object, info listInfo) {
	if fault, cut := s.faults.take(OperationRead, FaultTruncatedList); cut {
		items = items[:min(len(items), fault.Limit)]
	}
	from := min(info.StartIndex-1, len(items))
	to := min(from+info.RowCount, len(items))
	said := object{"row_count": to - from, "start_index": info.StartIndex, "has_more_rows": to < len(items)}
	if info.SortField != "" {
		said["sort_field"], said["sort_order"] = info.SortField, info.SortOrder
	}
	if info.GetTotalCount {
		said["total_count"] = len(items)
	}
	page := items[from:to]
	if page == nil {
		page = []object{}
	}
	s.list(w, key, page, said)
}

// matches reports whether a ticket meets all criteria.
func (s *Server) matches(r *Request, criteria []criterion) (bool, error) {
	for _, c := range criteria {
		ok, err := s.meets(r, c)
		if err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

func (s *Server) meets(r *Request, c criterion) (bool, error) {
	switch c.Field {
	case "created_time":
		return meetsDate(r.CreatedTime.UnixMilli(), c)
	case updatedTime:
		return meetsDate(r.LastUpdatedTime.UnixMilli(), c)
	}
	have, known := map[string]string{
		"id": r.ID, "subject": r.Subject, "status.name": r.Status, "priority.name": r.Priority,
		"category.name": r.Category, "site.name": r.Site, "requester.email_id": r.Requester.Email,
	}[c.Field]
	if !known {
		return false, &inputError{code: codeInvalid, field: c.Field, message: "Invalid Input"}
	}
	want := append(slices.Clone(c.Values), c.Value)
	switch c.Condition {
	case "is", "eq":
		return slices.Contains(want, have), nil
	case "is not", "neq":
		return !slices.Contains(want, have), nil
	case "contains", "like":
		return strings.Contains(strings.ToLower(have), strings.ToLower(c.Value)), nil
	}
	return false, &inputError{code: codeInvalid, field: c.Field, message: "Invalid Input"}
}

func isDate(c criterion) bool { return c.Field == "created_time" || c.Field == updatedTime }

func meetsDate(have int64, c criterion) (bool, error) {
	want, err := strconv.ParseInt(c.Value, 10, 64)
	if err != nil {
		return false, &inputError{code: codeInvalid, field: c.Field, message: "Invalid Input"}
	}
	switch c.Condition {
	case "gte", "greater or equal":
		return have >= want, nil
	case "gt", "greater than":
		return have > want, nil
	case "lte", "lesser or equal":
		return have <= want, nil
	case "lt", "lesser than":
		return have < want, nil
	}
	return false, &inputError{code: codeInvalid, field: c.Field, message: "Invalid Input"}
}
