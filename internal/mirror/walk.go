package mirror

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

// errUnsorted says that the server does not sort tickets by their last change.
var errUnsorted = errors.New("the server does not sort tickets by their last change")

// patience is how many pages without anything new are borne, besides those of a crowded moment.
const patience = 10

// maxRewinds is how often a walk begins a crowded moment again when records move while it is paged through.
const maxRewinds = 3

// maxVisited is how many records a walk remembers. They are stored with every page; beyond these, in a moment that holds more,
// pages are found by counting alone, and what was visited may be looked at twice.
const maxVisited = 1000

// step is what to do with the tickets of one page that were not visited before.
type step func(ctx context.Context, tickets []servicedesk.Request) error

// walkTickets goes on along the list of tickets until its end, or until it has read so many pages. What visit has
// done with a page is stored with the cursor and with what a complete pass has seen.
func (r *run) walkTickets(ctx context.Context, w *walk, pass string, pages int, visit step) (ended bool, err error) {
	rewinds, stale := 0, 0
	for ; pages > 0; pages-- {
		page, err := r.nextPage(ctx, w)
		if err != nil {
			return false, err
		}
		if w.Skip > 0 && rewinds < maxRewinds && !w.continues(page) {
			rewinds++
			w.Skip = 0
			continue
		}
		if w.Total == 0 && page.Total > 0 {
			w.Total = w.Done + page.Total
		}
		fresh := w.fresh(page.Requests)
		if stale++; len(fresh) > 0 {
			stale = 0
		}
		if page.HasMore && stale > patience+len(w.Visited)/patience {
			return false, errors.New("the server gives the same page of tickets again and again, whatever it is asked for")
		}
		r.done, r.total = w.Done, w.Total
		if err := visit(ctx, fresh); err != nil {
			return false, err
		}
		w.Done += len(fresh)
		if w.pass(page, r.m.cfg.now()) {
			rewinds = 0
		}
		seen := sightings{pass: pass}
		if pass != "" {
			seen.ids = idsOf(page.Requests)
		}
		if err := r.save(ctx, seen); err != nil {
			return false, err
		}
		if !page.HasMore {
			return true, nil
		}
	}
	return false, nil
}

func (r *run) nextPage(ctx context.Context, w *walk) (servicedesk.RequestPage, error) {
	q := servicedesk.ListQuery{StartIndex: w.Skip + 1, WithTotal: w.Total == 0 && r.foreground}
	if q.ByUpdate = w.ByUpdate; w.ByUpdate {
		q.UpdatedAfter = w.At
	} else {
		q.CreatedAfter = w.At
	}
	page, err := ask(ctx, r, func(ctx context.Context) (servicedesk.RequestPage, error) { return r.desk.ListRequests(ctx, q) })
	if w.ByUpdate && servicedesk.InputRefused(err) {
		return page, fmt.Errorf("%w: %w", errUnsorted, err)
	}
	if err != nil {
		return page, fmt.Errorf("list the tickets: %w", err)
	}
	if w.ByUpdate && !sortedByUpdate(page.Requests, w.At) {
		return page, errUnsorted
	}
	return page, nil
}

// coarse is how far off the times in a list may be: a server may show less than it sorts by.
const coarse = time.Minute

// sortedByUpdate notices a server that ignores what it does not know.
func sortedByUpdate(tickets []servicedesk.Request, from time.Time) bool {
	for _, t := range tickets {
		if t.LastUpdatedTime.IsZero() || t.LastUpdatedTime.Before(from.Add(-coarse)) {
			return false
		}
		from = t.LastUpdatedTime
	}
	return true
}

// timeOf is what the walk's list is sorted by.
func (w *walk) timeOf(t servicedesk.Request) time.Time {
	if w.ByUpdate {
		return t.LastUpdatedTime
	}
	return t.CreatedTime
}

// continues tells whether a page joins on to the one before. It begins with the record that came last; when another has
// taken its place, records have moved up, and some may have moved out of sight.
func (w *walk) continues(page servicedesk.RequestPage) bool {
	if len(page.Requests) == 0 {
		return false
	}
	first := page.Requests[0]
	at, ok := w.Visited[first.ID]
	return ok && at == w.timeOf(first).UnixMilli()
}

// fresh are the tickets of a page that have not been visited as they are.
func (w *walk) fresh(page []servicedesk.Request) []servicedesk.Request {
	fresh := make([]servicedesk.Request, 0, len(page))
	for _, t := range page {
		if at, ok := w.Visited[t.ID]; !ok || at != w.timeOf(t).UnixMilli() {
			fresh = append(fresh, t)
		}
	}
	return fresh
}

// pass moves the walk behind a page, and reports whether it came to a later time.
func (w *walk) pass(page servicedesk.RequestPage, now time.Time) (later bool) {
	later = w.advance(page.Requests, now)
	switch {
	case !page.HasMore:
		w.end(now)
	case len(page.Requests) == 1:
		w.Skip++ // the overlap alone would be the same page again
	}
	return later
}

// advance moves the walk behind a page that was visited, and reports whether it came to a later time. The next page
// begins at the time of the last record, not behind it, because others may have the same. Where a whole page
// has one time, the next one is found by counting, with one record of overlap to notice when the count is off. So are those
// behind records of the future: a walk that stood there would miss whatever happens until then.
func (w *walk) advance(page []servicedesk.Request, now time.Time) bool {
	if len(page) == 0 {
		return false
	}
	if w.Visited == nil {
		w.Visited = make(map[string]int64)
	}
	for _, t := range page {
		w.Visited[t.ID] = w.timeOf(t).UnixMilli()
	}
	var last time.Time
	for _, t := range slices.Backward(page) {
		if last = w.timeOf(t); !last.After(now) {
			break
		}
	}
	later := last.After(w.At) && !last.After(now)
	if later {
		w.At, w.Skip = last, 0
	} else {
		w.Skip += len(page) - 1
	}
	oldest := w.At.UnixMilli()
	if w.ByUpdate {
		oldest -= overlap.Milliseconds()
	}
	maps.DeleteFunc(w.Visited, func(_ string, at int64) bool { return at < oldest })
	if len(w.Visited) > maxVisited {
		clear(w.Visited)
		for _, t := range page { // the next one joins on to it
			w.Visited[t.ID] = w.timeOf(t).UnixMilli()
		}
	}
	return later
}

func idsOf(tickets []servicedesk.Request) []string {
	ids := make([]string, 0, len(tickets))
	for _, t := range tickets {
		if t.ID != "" && !t.IsTrashed {
			ids = append(ids, t.ID)
		}
	}
	return ids
}
