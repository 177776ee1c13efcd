package mirror

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// crowd is a server with more tickets than the fake can list in a test's time, all open and of one moment.
type crowd struct {
	Desk

	at      time.Time
	tickets int
	lists   int
}

func (d *crowd) ListRequests(_ context.Context, q servicedesk.ListQuery) (servicedesk.RequestPage, error) {
	d.lists++
	var page servicedesk.RequestPage
	if q.UpdatedAfter.After(d.at) || q.CreatedAfter.After(d.at) {
		return page, nil
	}
	for i := q.StartIndex; i <= d.tickets && len(page.Requests) < servicedesk.MaxRowCount; i++ {
		page.Requests = append(page.Requests, servicedesk.Request{ID: strconv.Itoa(i), Status: "Open", CreatedTime: d.at, LastUpdatedTime: d.at})
	}
	page.HasMore = q.StartIndex+len(page.Requests) <= d.tickets
	return page, nil
}

// All tickets were changed at once, which is more than a step can list.
func TestARefreshGetsPastAMassUpdate(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.StepCalls, c.OnPremCalls = 0, 0 }) // the defaults
	desk, err := b.desks.Mirrored(t.Context(), alpha)
	if err != nil {
		t.Fatal(err)
	}
	server := &crowd{Desk: desk, at: began().Add(-time.Minute), tickets: 10_200}
	b.desks.set(alpha, server)
	var succeeded bool
	if sum := b.refresh(FeedTickets); sum.Read < 9_000 || sum.Read == server.tickets {
		t.Fatalf("the first step: %+v", sum)
	}
	if b.scan("SELECT last_succeeded IS NOT NULL FROM mirror_feeds", &succeeded); succeeded {
		t.Error("a step that was cut off counts as a success")
	}
	b.refresh(FeedTickets)
	if b.scan("SELECT last_succeeded IS NOT NULL FROM mirror_feeds", &succeeded); !succeeded {
		t.Error("the second step does not reach the end")
	}
	server.lists = 0
	if b.refresh(FeedTickets); server.lists < 90 {
		t.Errorf("the last moments are not looked at again: %d calls", server.lists)
	}
	for range 4 { // once more, when they have passed
		b.clock.advance(2 * time.Minute)
		b.refresh(FeedTickets)
	}
	server.lists = 0
	if b.refresh(FeedTickets); server.lists != 1 {
		t.Errorf("%d calls after all had been seen", server.lists)
	}
	b.clock.advance(25 * time.Hour)
	b.refresh(FeedTickets)
	var sweeps bool
	if b.scan("SELECT cursor ? 'sweep' FROM mirror_feeds", &sweeps); !sweeps {
		t.Error("the complete pass is not reached")
	}
	var size int
	if b.scan("SELECT length(cursor::text) FROM mirror_feeds", &size); size > 80_000 {
		t.Errorf("a cursor of %d bytes", size)
	}
}

func TestAWalkRemembersOnlySoMuch(t *testing.T) {
	t.Parallel()
	w, most := &walk{}, 0
	for i := range 100 {
		page := make([]servicedesk.Request, 100)
		for j := range page {
			page[j] = servicedesk.Request{ID: strconv.Itoa(99*i + j), CreatedTime: began()}
		}
		if i > 0 && (!w.continues(servicedesk.RequestPage{Requests: page}) || len(w.fresh(page)) != 99) {
			t.Fatalf("page %d does not join on to the one before", i)
		}
		w.advance(page, began())
		most = max(most, len(w.Visited))
	}
	if w.pass(servicedesk.RequestPage{Requests: []servicedesk.Request{{ID: "last", CreatedTime: began()}}, HasMore: true}, began()); w.Skip != 99*99+1 {
		t.Errorf("behind a page of one record, %d are skipped", w.Skip)
	}
	if most > maxVisited {
		t.Errorf("%d are remembered", most)
	}
}

// hiding is a server on which a change becomes visible only later.
type hiding struct {
	Desk

	id string
}

func (d *hiding) ListRequests(ctx context.Context, q servicedesk.ListQuery) (servicedesk.RequestPage, error) {
	page, err := d.Desk.ListRequests(ctx, q)
	page.Requests = slices.DeleteFunc(page.Requests, func(r servicedesk.Request) bool { return r.ID == d.id })
	return page, err
}

func TestAChangeThatIsSeenLate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	desk, err := b.desks.Mirrored(t.Context(), alpha)
	if err != nil {
		t.Fatal(err)
	}
	ids := b.addTickets(5)
	for range 3 {
		b.refresh(FeedTickets)
		b.clock.advance(10 * time.Minute)
	}
	server := &hiding{Desk: desk, id: ids[0]}
	b.desks.set(alpha, server)
	b.sdp.EditRequest(ids[0], func(r *servicedesktest.Request) { r.Subject = "edited" })
	b.clock.advance(30 * time.Second)
	b.sdp.EditRequest(ids[1], func(r *servicedesktest.Request) { r.Subject = "edited" })
	b.refresh(FeedTickets)
	b.clock.advance(time.Minute)
	server.id = ""
	if sum := b.refresh(FeedTickets); sum.Changed != 1 {
		t.Errorf("got %+v", sum)
	}
	b.inStep()
}

// One wrong date must not stop what comes after it.
func TestTicketsOfTheFuture(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 250} {
		b := newBench(t)
		b.addTickets(5)
		future := began().AddDate(0, 0, 30)
		for range n {
			b.sdp.AddRequest(servicedesktest.Request{Subject: "a", Status: "Closed", Resolution: "x", LastUpdatedTime: future})
		}
		for range 2 {
			b.refresh(FeedTickets)
			b.inStep()
			b.clock.advance(time.Second)
			b.sdp.Resolve(b.sdp.AddRequest(servicedesktest.Request{Subject: "new", Status: "Open"}), "x")
			b.clock.advance(10 * time.Minute)
		}
		b.refresh(FeedTickets)
		b.inStep()
		b.do(FeedTickets, Options{Since: began().Add(-time.Hour)})
		b.inStep()
	}
}

func TestAWalkThatStandsInTheFuture(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	b := newBench(t)
	b.Mirror = b.another(func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	b.addTickets(5)
	b.refresh(FeedTickets)
	b.exec("UPDATE mirror_feeds SET cursor = jsonb_set(cursor, '{refresh,at}', to_jsonb($1::text))", began().AddDate(0, 0, 30).Format(time.RFC3339))
	b.clock.advance(time.Minute)
	b.sdp.Resolve(b.sdp.AddRequest(servicedesktest.Request{Subject: "new", Status: "Open"}), "x")
	b.refresh(FeedTickets)
	b.inStep()
	if n := strings.Count(log.String(), "into the future"); n != 1 {
		t.Errorf("%d warnings in %s", n, log.String())
	}
}
