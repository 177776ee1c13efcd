package adminapi

import (
	"context"
	"errors"
	"iter"
	"maps"
	"net/url"
	"strconv"
)

// errSameCursor says that a list would go on for ever.
var errSameCursor = errors.New("the console's list does not go on: it gives the same cursor again")

// pages gives the items of a list, page by page, as long as they are asked for. After an error nothing follows.
func pages[T any](ctx context.Context, c *Client, path string, query url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		query := maps.Clone(query)
		if query == nil {
			query = url.Values{}
		}
		if !query.Has("limit") {
			query.Set("limit", strconv.Itoa(MaxPage))
		}
		for cursor := ""; ; {
			if cursor != "" {
				query.Set("cursor", cursor)
			}
			var page Page[T]
			if err := c.do(ctx, get(path, query), &page); err != nil {
				yield(none, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			switch page.Next {
			case "":
				return
			case cursor:
				yield(none, errSameCursor)
				return
			}
			cursor = page.Next
		}
	}
}

// filter makes a query of what is set.
func filter(pairs ...string) url.Values {
	query := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	return query
}

// Slice says which page of a list to read.
type Slice struct {
	// Cursor is Next of the page before; empty for the first page.
	Cursor string
	// Limit is how many items it has at most; 0 for DefaultPage.
	Limit int
}

// slice gives one page of a list.
func slice[T any](ctx context.Context, c *Client, path string, query url.Values, s Slice) (Page[T], error) {
	if s.Cursor != "" {
		query.Set("cursor", s.Cursor)
	}
	if s.Limit > 0 {
		query.Set("limit", strconv.Itoa(s.Limit))
	}
	var page Page[T]
	err := c.do(ctx, get(path, query), &page)
	return page, err
}
