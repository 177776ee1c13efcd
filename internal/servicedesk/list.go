package servicedesk

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// MaxRowCount is the largest page the server gives out.
const MaxRowCount = 100

// PageQuery selects one page of a list.
type PageQuery struct {
	// StartIndex is 1-based; values below 1 mean 1.
	StartIndex int
	// RowCount is at most MaxRowCount, which also is the default.
	RowCount int
	// WithTotal also asks how many there are, which may cost the server a second query.
	WithTotal bool
}

// ListQuery selects one page of requests, oldest first: sorted by creation time, or by the time of the last change.
type ListQuery struct {
	// CreatedAfter, when set, is the earliest creation time, inclusive. It is the only
	// criterion: servers refuse a date combined with another one.
	CreatedAfter time.Time
	// ByUpdate sorts by the last change. A server that does not know that field is expected to refuse the call,
	// see InputRefused; one may also ignore it, so look at what comes.
	ByUpdate bool
	// UpdatedAfter, when set, is the earliest last change, inclusive; it goes with ByUpdate and not with CreatedAfter.
	UpdatedAfter time.Time
	// StartIndex is 1-based; values below 1 mean 1.
	StartIndex int
	// RowCount is at most MaxRowCount, which also is the default.
	RowCount int
	// WithTotal also asks how many requests meet the criterion.
	WithTotal bool
}

// requestFields and solutionFields are what is asked for of each record of a list. What a list has without being asked
// differs from server to server; one that lacks the time of change, the status or the trash is of little use.
func requestFields() []string {
	return []string{"id", "subject", "status", "created_time", "last_updated_time", "is_trashed", "requester", "technician"}
}

func solutionFields() []string {
	return []string{"id", "title", "topic", "keywords", "is_public", "approval_status", "last_updated_time"}
}

// RequestPage is one page of a list.
type RequestPage struct {
	// Requests have at least ID, Subject, Status, CreatedTime, LastUpdatedTime and IsTrashed, and the names of requester and
	// technician, if the server knows them.
	Requests []Request
	HasMore  bool
	// NextStartIndex is the StartIndex of the following page.
	NextStartIndex int
	// Total is how many there are on all pages, 0 when the server did not say.
	Total int
	// At is the server's clock when it gave the page, to the second; zero when it did not say.
	At time.Time
}

// ListRequests reads one page.
func (c *Client) ListRequests(ctx context.Context, q ListQuery) (RequestPage, error) {
	const op = "list_requests"
	if !q.UpdatedAfter.IsZero() && (!q.ByUpdate || !q.CreatedAfter.IsZero()) {
		return RequestPage{}, refused(op, "", "UpdatedAfter goes with ByUpdate and without CreatedAfter")
	}
	info := PageQuery{StartIndex: q.StartIndex, RowCount: q.RowCount, WithTotal: q.WithTotal}.input()
	info.SortField, info.SortOrder = "created_time", "asc"
	from := q.CreatedAfter
	if q.ByUpdate {
		info.SortField, from = "last_updated_time", q.UpdatedAfter
	}
	if !from.IsZero() {
		info.Criteria = []criterion{{
			Field: info.SortField, Condition: "gte", Value: strconv.FormatInt(from.UnixMilli(), 10),
		}}
	}
	info.Fields = requestFields()
	env, err := c.list(ctx, op, "requests", info)
	if err != nil {
		return RequestPage{}, err
	}
	requests, p, err := pageOf(env, op, info, env.Requests, wireRequest.request)
	return RequestPage{Requests: requests, HasMore: p.more, NextStartIndex: p.next, Total: p.total, At: env.at}, err
}

// list reads a page. A server that refuses to be told which fields are wanted is asked once more without, and from then on
// never told again; one that refuses the question for another reason refuses it both times.
func (c *Client) list(ctx context.Context, op, folder string, info listInput) (envelope, error) {
	if c.plainLists.Load() {
		info.Fields = nil
	}
	env, err := c.listOnce(ctx, op, folder, info)
	if info.Fields == nil || !InputRefused(err) {
		return env, err
	}
	info.Fields = nil
	env, err = c.listOnce(ctx, op, folder, info)
	if err == nil {
		c.plainLists.Store(true)
	}
	return env, err
}

func (c *Client) listOnce(ctx context.Context, op, folder string, info listInput) (envelope, error) {
	return c.do(ctx, call{op: op, method: http.MethodGet, path: []string{folder}, input: map[string]any{"list_info": info}})
}

type pageInfo struct {
	more        bool
	next, total int
}

// pageOf converts the items of a page. An answer without any sign of a list is not an empty list: somebody might
// conclude that everything has been deleted.
func pageOf[W, T any](env envelope, op string, info listInput, items []W, convert func(W) T) ([]T, pageInfo, error) {
	if items == nil && len(env.Status) == 0 {
		return nil, pageInfo{}, &Error{Op: op, Kind: KindRetry, HTTPStatus: http.StatusOK, Message: "the answer holds no list"}
	}
	converted := make([]T, 0, len(items))
	for _, item := range items {
		converted = append(converted, convert(item))
	}
	return converted, pageInfo{
		more: env.more(len(items), info.RowCount), next: info.StartIndex + len(items), total: env.ListInfo.TotalCount.number(),
	}, nil
}

func (q PageQuery) input() listInput {
	info := listInput{RowCount: q.RowCount, StartIndex: max(q.StartIndex, 1), GetTotalCount: q.WithTotal}
	if info.RowCount < 1 || info.RowCount > MaxRowCount {
		info.RowCount = MaxRowCount
	}
	return info
}

type listInput struct {
	RowCount      int         `json:"row_count"`
	StartIndex    int         `json:"start_index"`
	SortField     string      `json:"sort_field,omitempty"`
	SortOrder     string      `json:"sort_order,omitempty"`
	Criteria      []criterion `json:"search_criteria,omitempty"`
	GetTotalCount bool        `json:"get_total_count,omitempty"`
	Fields        []string    `json:"fields_required,omitempty"`
}

type criterion struct {
	Field     string `json:"field"`
	Condition string `json:"condition"`
	Value     string `json:"value"`
}
