package reconcile

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// scripted is a server that lists what a function says.
type scripted struct {
	Desk

	list  func(q servicedesk.ListQuery) servicedesk.RequestPage
	lists int
}

func (d *scripted) ListRequests(_ context.Context, q servicedesk.ListQuery) (servicedesk.RequestPage, error) {
	d.lists++
	return d.list(q), nil
}

func (b *bench) script(list func(q servicedesk.ListQuery) servicedesk.RequestPage) *scripted {
	b.t.Helper()
	desk, err := b.desks.Polled(b.t.Context(), alpha)
	if err != nil {
		b.t.Fatal(err)
	}
	d := &scripted{Desk: desk, list: list}
	b.desks.set(alpha, d)
	return d
}

// honest lists requests as a server does.
func honest(all []servicedesk.Request) func(q servicedesk.ListQuery) servicedesk.RequestPage {
	return func(q servicedesk.ListQuery) servicedesk.RequestPage {
		listed := make([]servicedesk.Request, 0, len(all))
		for _, r := range all {
			if r.CreatedTime.UnixMilli() >= q.CreatedAfter.UnixMilli() {
				listed = append(listed, r)
			}
		}
		slices.SortStableFunc(listed, func(a, b servicedesk.Request) int { return a.CreatedTime.Compare(b.CreatedTime) })
		from := min(max(q.StartIndex, 1)-1, len(listed))
		to := min(from+servicedesk.MaxRowCount, len(listed))
		return servicedesk.RequestPage{Requests: listed[from:to], HasMore: to < len(listed), Total: len(listed)}
	}
}

func numbered(first, n int, at func(i int) time.Time) []servicedesk.Request {
	requests := make([]servicedesk.Request, n)
	for i := range n {
		requests[i] = servicedesk.Request{ID: strconv.Itoa(first + i), Status: "Open", CreatedTime: at(i)}
	}
	return requests
}

func idsOf(requests []servicedesk.Request) []string {
	ids := make([]string, len(requests))
	for i, r := range requests {
		ids[i] = r.ID
	}
	return ids
}

// One moment holds more requests than a page, and than a poll may list.
func TestACrowdedMoment(t *testing.T) {
	t.Parallel()
	for _, size := range []int{99, 100, 101, 199, 350} {
		b := newBench(t, servicedesktest.Options{}, func(c *Config) { c.Pages, c.Backlog = 2, 1000 })
		b.clock.move(time.Hour)
		moment := b.clock.now().Add(-9 * time.Minute)
		crowd := numbered(1, size, func(int) time.Time { return moment })
		after := numbered(9001, 30, func(i int) time.Time { return moment.Add(time.Duration(i+1) * time.Second) })
		all := slices.Concat(crowd, after)
		b.script(honest(all))
		for range 12 {
			b.poll()
			b.clock.move(time.Second)
		}
		if got, want := b.missed(), idsOf(all); !slices.Equal(got, want) {
			t.Errorf("of a crowd of %d: caught %d of %d, or not in order; %+v", size, len(got), len(want), b.row())
		}
	}
}

// Records of a crowded moment go while it is paged through.
func TestACrowdThatMoves(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{}, func(c *Config) { c.Backlog = 1000 })
	b.clock.move(time.Hour)
	crowd := numbered(1, 250, func(int) time.Time { return b.clock.now().Add(-9 * time.Minute) })
	d := b.script(nil)
	d.list = func(q servicedesk.ListQuery) servicedesk.RequestPage {
		if d.lists == 2 {
			crowd = crowd[5:] // they moved to the trash; five others would be jumped over
		}
		return honest(crowd)(q)
	}
	b.poll()
	if got := b.missed(); len(got) != 250 {
		t.Errorf("caught %d, want 250; %+v", len(got), b.row())
	}
}

// Whatever a server says, a poll ends after a few calls, makes no job that is not wanted, and goes on from where it stood when
// the server comes to its senses.
func TestInsaneLists(t *testing.T) {
	t.Parallel()
	now := began().Add(time.Hour)
	fresh := func(i int) time.Time { return now.Add(-10*time.Minute + time.Duration(i)*time.Millisecond) }
	page := func(requests []servicedesk.Request, more bool) func(servicedesk.ListQuery) servicedesk.RequestPage {
		return func(servicedesk.ListQuery) servicedesk.RequestPage {
			return servicedesk.RequestPage{Requests: slices.Clone(requests), HasMore: more, Total: math.MaxInt}
		}
	}
	// others lists other requests each time.
	others := func(at func(i int) time.Time) func(servicedesk.ListQuery) servicedesk.RequestPage {
		listed := 0
		return func(servicedesk.ListQuery) servicedesk.RequestPage {
			listed += 100
			first := listed
			return servicedesk.RequestPage{Requests: numbered(first, 100, func(i int) time.Time { return at(first + i) }), HasMore: true}
		}
	}
	backwards := numbered(1, 100, func(i int) time.Time { return now.Add(-time.Duration(i) * time.Hour / 50) })
	for name, c := range map[string]struct {
		list  func(servicedesk.ListQuery) servicedesk.RequestPage
		said  string
		lists int // at most
		jobs  int
	}{
		"the same page for ever":          {page(numbered(1, 100, fresh), true), "again and again", defaultPages, 100},
		"the same request for ever":       {page(numbered(1, 1, fresh), true), "again and again", defaultPages, 1},
		"the same moment for ever":        {page(numbered(1, 100, func(int) time.Time { return fresh(0) }), true), "again and again", defaultPages, 100},
		"newest first":                    {page(backwards, true), "in the order of their creation", 1, 58}, // those since the tenant is known
		"everything, from the oldest":     {page(numbered(1, 100, func(i int) time.Time { return began().AddDate(-1, 0, i) }), true), "in the order of their creation", 1, 0},
		"no time":                         {page(numbered(1, 100, func(int) time.Time { return time.Time{} }), true), "does not say when", 1, 0},
		"the year 0":                      {page(numbered(1, 100, func(int) time.Time { return time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC) }), true), "does not say when", 1, 0},
		"the beginning of all times":      {page(numbered(1, 100, func(int) time.Time { return time.UnixMilli(math.MinInt64) }), true), "does not say when", 1, 0},
		"the end of all times":            {page(numbered(1, 100, func(int) time.Time { return time.UnixMilli(math.MaxInt64) }), true), "", 1, 100},
		"the future":                      {page(numbered(1, 100, func(i int) time.Time { return now.AddDate(1, 0, i) }), true), "", 1, 100},
		"others each time":                {others(fresh), "", defaultPages, defaultBacklog},
		"others each time, of one moment": {others(func(int) time.Time { return fresh(0) }), "again and again", defaultPages, defaultBacklog},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, servicedesktest.Options{})
			b.webhookless()
			b.clock.move(now.Sub(b.clock.now()))
			sane, err := b.desks.Polled(t.Context(), alpha)
			if err != nil {
				t.Fatal(err)
			}
			var stood time.Time
			b.scan("SELECT position FROM reconcile_polls", &stood)
			d := b.script(c.list)
			b.poll()
			row := b.row()
			if d.lists > c.lists || c.said == "" && row.said != "" || !strings.Contains(row.said, c.said) {
				t.Errorf("%d lists, and it says %q", d.lists, row.said)
			}
			if got := b.missed(); len(got) > c.jobs+1 || len(got) < min(c.jobs, 1) {
				t.Errorf("%d jobs, want up to %d", len(got), c.jobs)
			}
			for range 5 {
				b.poll()
			}
			var position time.Time
			if b.scan("SELECT position FROM reconcile_polls", &position); position.Before(stood) || position.After(now) {
				t.Errorf("it stood at %v, and is at %v", stood, position)
			}
			b.exec("DELETE FROM enhancement_history")
			b.desks.set(alpha, sane)
			b.clock.move(interval)
			id := b.sdp.AddRequest(servicedesktest.Request{Subject: "a", Status: "Open", CreatedTime: b.clock.now().Add(-grace)})
			for range 3 {
				b.poll()
				b.clock.move(interval)
			}
			if got := b.missed(); !slices.Contains(got, id) {
				t.Errorf("afterwards it caught %v, and not %s; %+v", got, id, b.row())
			}
		})
	}
}

// webhookless has the poll stand somewhere.
func (b *bench) webhookless() {
	b.t.Helper()
	b.open(1, 5*time.Minute)
	b.poll()
}

func TestIDsAreChecked(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{})
	b.clock.move(time.Hour)
	all := numbered(1, 7, func(i int) time.Time { return b.clock.now().Add(-10 * time.Minute).Add(time.Duration(i) * time.Second) })
	for i, id := range []string{"", "0", "007", "../1", strings.Repeat("9", 26)} {
		all[i].ID = id
	}
	all[6].CreatedTime = time.Time{}
	b.script(func(servicedesk.ListQuery) servicedesk.RequestPage {
		return servicedesk.RequestPage{Requests: slices.Concat(all, all[5:6])} // one of them twice
	})
	b.poll()
	if got, row := b.missed(), b.row(); !slices.Equal(got, []string{"6"}) || row.skipped != 6 || row.said != "" {
		t.Errorf("caught %v, %+v", got, row)
	}
}

// A server may sort by less than it shows.
func TestAnUnevenOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{}, func(c *Config) { c.Backlog = 1000 })
	b.clock.move(time.Hour)
	start := b.clock.now().Add(-30 * time.Minute)
	all := numbered(1, 400, func(i int) time.Time { return start.Add(time.Duration(i) * 2 * time.Second) })
	for i := 1; i+1 < len(all); i += 2 { // so that two change places over a page's edge
		all[i].CreatedTime, all[i+1].CreatedTime = all[i+1].CreatedTime, all[i].CreatedTime
	}
	b.script(func(q servicedesk.ListQuery) servicedesk.RequestPage {
		listed := slices.DeleteFunc(slices.Clone(all), func(r servicedesk.Request) bool { return r.CreatedTime.Before(q.CreatedAfter) })
		from := min(q.StartIndex-1, len(listed))
		to := min(from+servicedesk.MaxRowCount, len(listed))
		return servicedesk.RequestPage{Requests: listed[from:to], HasMore: to < len(listed)}
	})
	b.poll()
	if got, row := b.missed(), b.row(); len(got) != 400 || row.said != "" || row.behind {
		t.Errorf("caught %d of 400; %+v", len(got), row)
	}
}

// A server's clock was wrong for a day: what it dated into the future is enhanced once, and in nobody's way.
func TestRequestsOfTheFuture(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesktest.Options{})
	b.clock.move(time.Hour)
	for range 3 {
		b.sdp.AddRequest(servicedesktest.Request{Subject: "a", Status: "Open", CreatedTime: began().AddDate(1, 0, 0)})
	}
	b.poll()
	if got := b.missed(); len(got) != 3 {
		t.Fatalf("caught %v", got)
	}
	for range 5 {
		b.clock.move(10 * time.Minute)
		b.open(1, 5*time.Minute)
		b.poll()
	}
	before := 0
	b.lists(&before)
	b.clock.move(interval)
	if b.poll(); len(b.missed()) != 8 || b.lists(&before) != 1 {
		t.Errorf("caught %v", b.missed())
	}
}
