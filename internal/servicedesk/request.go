package servicedesk

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// Request is a ticket as SDP knows it. Any field but the id may be empty: the server
// sends null freely, and leaves fields out of lists.
type Request struct {
	ID        string // digits, 18 and more in the cloud
	DisplayID string // what people call the ticket; cloud only
	Subject   string
	// Description is HTML as the server sent it. Empty in lists.
	Description string
	// ShortDescription is the beginning of the description as text. Lists only.
	ShortDescription string
	Requester        Requester
	Technician       string
	Priority         string
	Status           string
	// StatusInternalName does not change when the status is renamed or translated.
	StatusInternalName string
	Category           string
	Site               string
	CreatedTime        time.Time // UTC; zero when unknown
	IsTrashed          bool
	// Resolution is HTML. Empty in lists.
	Resolution string
}

// Requester is the person who opened a ticket.
type Requester struct {
	ID    string
	Name  string
	Email string
}

// MaxRowCount is the largest page the server gives out.
const MaxRowCount = 100

// ListQuery selects one page of requests, sorted by creation time, oldest first.
type ListQuery struct {
	// CreatedAfter, when set, is the earliest creation time, inclusive. It is the only
	// criterion: servers refuse a date combined with another one.
	CreatedAfter time.Time
	// StartIndex is 1-based; values below 1 mean 1.
	StartIndex int
	// RowCount is at most MaxRowCount, which also is the default.
	RowCount int
}

// RequestPage is one page of a list.
type RequestPage struct {
	Requests []Request
	HasMore  bool
	// NextStartIndex is the StartIndex of the following page.
	NextStartIndex int
}

// Request reads one ticket. A ticket that was merged into another is an Error of
// KindNotFound with its ParentID.
func (c *Client) Request(ctx context.Context, id string) (Request, error) {
	const op = "get_request"
	if !isID(id) {
		return Request{}, refused(op, "", "the ticket id must consist of digits")
	}
	env, err := c.do(ctx, call{op: op, method: http.MethodGet, path: []string{"requests", id}, ticketID: id})
	if err != nil {
		return Request{}, err
	}
	if env.Request == nil || env.Request.ID == "" {
		return Request{}, &Error{Op: op, TicketID: id, Kind: KindRetry, HTTPStatus: http.StatusOK, Message: "the answer holds no request"}
	}
	return env.Request.request(), nil
}

// ListRequests reads one page.
func (c *Client) ListRequests(ctx context.Context, q ListQuery) (RequestPage, error) {
	info := listInput{
		RowCount:   q.RowCount,
		StartIndex: max(q.StartIndex, 1),
		SortField:  "created_time",
		SortOrder:  "asc",
	}
	if info.RowCount < 1 || info.RowCount > MaxRowCount {
		info.RowCount = MaxRowCount
	}
	if !q.CreatedAfter.IsZero() {
		info.Criteria = []criterion{{
			Field: "created_time", Condition: "gte", Value: strconv.FormatInt(q.CreatedAfter.UnixMilli(), 10),
		}}
	}
	env, err := c.do(ctx, call{
		op: "list_requests", method: http.MethodGet, path: []string{"requests"}, input: map[string]any{"list_info": info},
	})
	if err != nil {
		return RequestPage{}, err
	}
	page := RequestPage{
		Requests:       make([]Request, 0, len(env.Requests)),
		HasMore:        env.more(len(env.Requests), info.RowCount),
		NextStartIndex: info.StartIndex + len(env.Requests),
	}
	for _, r := range env.Requests {
		page.Requests = append(page.Requests, r.request())
	}
	return page, nil
}

type listInput struct {
	RowCount   int         `json:"row_count"`
	StartIndex int         `json:"start_index"`
	SortField  string      `json:"sort_field,omitempty"`
	SortOrder  string      `json:"sort_order,omitempty"`
	Criteria   []criterion `json:"search_criteria,omitempty"`
}

type criterion struct {
	Field     string `json:"field"`
	Condition string `json:"condition"`
	Value     string `json:"value"`
}

type wireRequest struct {
	ID               text      `json:"id"`
	DisplayID        text      `json:"display_id"`
	Subject          text      `json:"subject"`
	Description      text      `json:"description"`
	ShortDescription text      `json:"short_description"`
	Requester        reference `json:"requester"`
	Technician       reference `json:"technician"`
	Priority         reference `json:"priority"`
	Status           reference `json:"status"`
	Category         reference `json:"category"`
	Site             reference `json:"site"`
	CreatedTime      stamp     `json:"created_time"`
	IsTrashed        text      `json:"is_trashed"`
	Resolution       reference `json:"resolution"`
}

func (w wireRequest) request() Request {
	return Request{
		ID:               string(w.ID),
		DisplayID:        string(w.DisplayID),
		Subject:          string(w.Subject),
		Description:      string(w.Description),
		ShortDescription: string(w.ShortDescription),
		Requester: Requester{
			ID: string(w.Requester.ID), Name: string(w.Requester.Name), Email: string(w.Requester.Email),
		},
		Technician:         string(w.Technician.Name),
		Priority:           string(w.Priority.Name),
		Status:             string(w.Status.Name),
		StatusInternalName: string(w.Status.InternalName),
		Category:           string(w.Category.Name),
		Site:               string(w.Site.Name),
		CreatedTime:        w.CreatedTime.Time,
		IsTrashed:          w.IsTrashed == "true",
		Resolution:         string(w.Resolution.Content),
	}
}
