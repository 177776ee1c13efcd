package reconcile

import (
	"errors"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

// state is what is kept of a tenant between polls.
type state struct {
	place place
	// behind: the list has not been followed to its end, and the next poll goes on at the place without looking back.
	behind bool
	// ahead is by how much the server's clock is ahead of ours.
	ahead time.Duration
}

// place is where the next page of a list begins that is sorted by creation.
type place struct {
	// at is the time of creation from which requests are listed; zero before there was one.
	at time.Time
	// skip is how many of them are left out, and last the id of the last of those: where one moment fills a page, the next
	// one is found by counting, with one record of overlap to notice when records have moved.
	skip int
	last string
}

// placeAt is where all requests from a time on are ahead.
func placeAt(at time.Time) place { return place{at: at} }

// stored is at as the database has it.
func (p place) stored() *time.Time {
	if p.at.IsZero() {
		return nil
	}
	return &p.at
}

// query asks for the page.
func (p place) query() servicedesk.ListQuery {
	return servicedesk.ListQuery{CreatedAfter: p.at, StartIndex: p.skip + 1}
}

// continues tells whether a page joins on to the one before: it begins with the record that came last there.
func (p place) continues(page []servicedesk.Request) bool {
	return p.last == "" || len(page) > 0 && page[0].ID == p.last
}

// behindPage is the place behind a page up to whose edge all is accounted for.
func (p place) behindPage(page []servicedesk.Request, edge time.Time) place {
	switch {
	case edge.After(p.at):
		// Not behind the last record, because others may have the same time.
		return placeAt(edge)
	case len(page) == 1:
		return place{at: p.at, skip: p.skip + 1} // the overlap alone would be the same page again
	}
	return place{at: p.at, skip: p.skip + len(page) - 1, last: page[len(page)-1].ID}
}

// Why a list cannot be followed.
var (
	errDisorder = errors.New("the server does not list requests in the order of their creation from the time on that it is asked for, " +
		"so those whose webhooks were missed cannot be found reliably")
	errUntimed = errors.New("the server's list does not say when requests were created, so those whose webhooks were missed cannot be found")
	errTorn    = errors.New("the server's pages of requests do not join on to each other, or are the same again and again")
)

const (
	// coarse is how far off the order of a list may be: a server may show more of a time than it sorts by.
	coarse = time.Minute
	// slack covers what the parts of a server disagree about the time.
	slack = time.Minute
	// overlap is how far a poll looks back behind what it has accounted for: a request may become visible a little after the time
	// that the server gives it, and a row of the ledger may be taken back.
	overlap = 10 * time.Minute
	// maxRewinds is how often a crowded moment is begun again when records move while it is paged through.
	maxRewinds = 3
)

// view is what a page says, seen at a moment of the server's.
type view struct {
	// wanted are the requests that should have a job, in the order of the page.
	wanted []servicedesk.Request
	// skipped have no valid id or no time.
	skipped int
	// edge is the time up to which the page can be accounted for; zero when nothing on it can.
	edge time.Time
	// tail: the page reaches requests that are too young, and whatever follows is younger.
	tail bool
	// wrong is why the list cannot be followed any further.
	wrong error
}

// window is what a page is looked at through.
type window struct {
	// from is what the server was asked for, floor what is wanted, now the moment; all by the server's clock.
	from, floor, now time.Time
	grace            time.Duration
	done             []string
}

// look sorts a page. The order of a list is checked, not trusted: a page that violates it is looked at as well, but
// does not move the place.
func (w window) look(page []servicedesk.Request) view {
	var (
		v      view
		newest time.Time
		uneven bool
		seen   = make(map[string]bool, len(page))
	)
	for _, t := range page {
		if t.CreatedTime.IsZero() {
			v.skipped++
			continue
		}
		uneven = uneven || t.CreatedTime.Before(newest)
		if t.CreatedTime.Before(newest.Add(-coarse)) || t.CreatedTime.Before(w.from.Add(-coarse)) {
			v.wrong = errDisorder
		}
		if t.CreatedTime.After(newest) {
			newest = t.CreatedTime
		}
		future := t.CreatedTime.After(w.now.Add(slack))
		young := !future && w.now.Sub(t.CreatedTime) < w.grace
		v.tail = v.tail || young || future
		if !v.tail {
			v.edge = newest
		}
		switch {
		case !validID(t.ID):
			v.skipped++
		case young, t.CreatedTime.Before(w.floor), t.IsTrashed, t.HasStatus(w.done...), seen[t.ID]:
		default:
			seen[t.ID] = true
			v.wanted = append(v.wanted, t)
		}
	}
	if uneven && !v.edge.IsZero() {
		v.edge = v.edge.Add(-coarse) // what belongs before it may be on the next page
	}
	if newest.IsZero() && len(page) > 0 {
		v.wrong = errUntimed
	}
	return v
}
