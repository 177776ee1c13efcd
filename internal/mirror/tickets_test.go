package mirror

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/ticket/tickettest"
)

// What happens to tickets is brought in by the schedule's steps, on servers of every kind.
func TestTicketsFollow(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string][]servicedesktest.Fault{
		"ordinary":                {},
		"resolutions apart":       {{Kind: servicedesktest.FaultNoResolution}},
		"trash hidden":            {{Kind: servicedesktest.FaultNoTrash}},
		"refuses to sort":         {{Kind: servicedesktest.FaultRefuseUpdatedTime}},
		"does not tell of change": {{Kind: servicedesktest.FaultNoUpdatedTime}},
		"sparse lists":            {{Kind: servicedesktest.FaultSparseLists}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.faults(faults...)
			ids := b.addTickets(30)
			b.do(FeedTickets, Options{})
			b.inStep()

			b.clock.advance(5 * time.Minute)
			b.sdp.Resolve(ids[9], "<p>replaced the toner</p>")
			b.sdp.Reopen(ids[0])
			fresh := b.sdp.AddRequest(servicedesktest.Request{Subject: "new", Description: "<p>x</p>", Status: "Open"})
			b.sdp.Resolve(fresh, "<p>done</p>")
			b.refresh(FeedTickets)
			b.inStep()

			b.clock.advance(5 * time.Minute)
			if name != "does not tell of change" { // there, only a new import finds out
				b.sdp.EditRequest(ids[1], func(r *servicedesktest.Request) { r.Subject, r.Resolution = "edited", "<p>edited</p>" })
			}
			b.sdp.EditRequest(ids[2], func(r *servicedesktest.Request) { r.Status = "Canceled" })
			b.refresh(FeedTickets)
			b.inStep()

			b.clock.advance(5 * time.Minute)
			b.sdp.TrashRequest(ids[3])
			b.sdp.MergeRequest(ids[4], ids[5])
			b.sdp.DeleteRequest(ids[6])
			b.sdp.ArchiveRequest(ids[7])
			b.refresh(FeedTickets)
			b.clock.advance(25 * time.Hour)
			b.refresh(FeedTickets)
			b.inStep() // the archived one is still there
			if _, ok := b.stored(alpha)[ids[7]]; !ok {
				t.Error("the archived ticket is gone")
			}
			before := 0
			b.calls(&before)
			b.clock.advance(25 * time.Hour)
			b.refresh(FeedTickets)
			if n := b.calls(&before); n > 4 {
				t.Errorf("a complete pass in which nothing had changed took %d calls", n)
			}
		})
	}
}

func TestMirroredTicketsHoldNothingDeceptive(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	text := tickettest.DeceptiveUTF8()
	id := b.sdp.AddRequest(servicedesktest.Request{Subject: text, Description: "<p>" + text + "</p>", Status: "Open"})
	b.sdp.Resolve(id, "<p>"+text+"</p>")
	b.do(FeedTickets, Options{})
	stored := b.stored(alpha)[id]
	for _, text := range []string{stored.Subject, stored.Description, stored.Resolution} {
		tickettest.CheckDeceptive(t, "a mirrored ticket", text)
	}
}

func TestEditsAreFoundByAnImportEverywhere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultNoUpdatedTime})
	ids := b.addTickets(5)
	b.do(FeedTickets, Options{})
	b.sdp.EditRequest(ids[1], func(r *servicedesktest.Request) { r.Subject = "edited" })
	if sum := b.do(FeedTickets, Options{}); sum.Changed != 1 || sum.Unchanged != 4 {
		t.Errorf("got %+v", sum)
	}
	b.inStep()
}

// timeless is a server that never says when anything changed.
type timeless struct{ Desk }

func (d timeless) ListRequests(ctx context.Context, q servicedesk.ListQuery) (servicedesk.RequestPage, error) {
	page, err := d.Desk.ListRequests(ctx, q)
	for i := range page.Requests {
		page.Requests[i].LastUpdatedTime = time.Time{}
	}
	return page, err
}

func (d timeless) Request(ctx context.Context, id string) (servicedesk.Request, error) {
	r, err := d.Desk.Request(ctx, id)
	r.LastUpdatedTime = time.Time{}
	return r, err
}

func TestAServerWithoutTimesOfChange(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	desk, err := b.desks.Mirrored(t.Context(), alpha)
	if err != nil {
		t.Fatal(err)
	}
	b.desks.set(alpha, timeless{desk})
	ids := b.addTickets(5)
	b.do(FeedTickets, Options{})
	b.refresh(FeedTickets)
	b.sdp.EditRequest(ids[1], func(r *servicedesktest.Request) { r.Subject = "edited" })
	if sum := b.refresh(FeedTickets); sum.Changed != 0 {
		t.Errorf("a refresh reads everything again: %+v", sum)
	}
	if sum := b.do(FeedTickets, Options{}); sum.Changed != 1 {
		t.Errorf("an import: %+v", sum)
	}
	b.sdp.Reopen(ids[2])
	b.refresh(FeedTickets)
	b.inStep()
}

func TestTheFirstRefreshIsBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	old := began().Add(-30 * 24 * time.Hour)
	for range 20 {
		b.sdp.AddRequest(servicedesktest.Request{Subject: "old", Status: "Closed", Resolution: "x", CreatedTime: old})
	}
	ids := b.addTickets(5)
	b.refresh(FeedTickets)
	b.clock.advance(25 * time.Hour)
	b.refresh(FeedTickets) // the complete pass
	if have := b.stored(alpha); len(have) != len(ids) {
		t.Errorf("%d tickets are stored, want the %d recent ones", len(have), len(ids))
	}
	b.do(FeedTickets, Options{})
	b.inStep()
	// From now on, the complete pass also finds what is missing of the past.
	if _, err := b.tickets.Delete(t.Context(), alpha, gather.OriginServiceDesk, []string{b.sdp.Requests()[0].ID}); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(25 * time.Hour)
	b.refresh(FeedTickets)
	b.inStep()
}

func TestTicketsWithoutAResolutionAreReadOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.sdp.AddRequest(servicedesktest.Request{Subject: "a", Status: "Closed"})
	blank := b.sdp.AddRequest(servicedesktest.Request{Subject: "a", Status: "Closed", Resolution: "<p>&nbsp;</p>"})
	if sum := b.do(FeedTickets, Options{}); sum.Skipped != 2 || sum.Added != 0 {
		t.Errorf("got %+v", sum)
	}
	before := 0
	b.calls(&before)
	b.do(FeedTickets, Options{})
	if n := b.calls(&before); n != 1 {
		t.Errorf("%d calls, want the list alone", n)
	}
	b.clock.advance(time.Minute)
	b.sdp.Resolve(id, "now there is one")
	b.sdp.Resolve(blank, "here, too")
	if sum := b.refresh(FeedTickets); sum.Added != 2 {
		t.Errorf("got %+v", sum)
	}
	b.clock.advance(time.Minute)
	b.sdp.EditRequest(id, func(r *servicedesktest.Request) { r.Resolution = "" })
	if sum := b.refresh(FeedTickets); sum.Removed != 1 {
		t.Errorf("a ticket that lost its resolution: %+v", sum)
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.ResolvedStatuses = []string{"Erledigt"} })
	b.sdp.AddRequest(servicedesktest.Request{Subject: "a", Status: "erledigt", Resolution: "x"})
	b.sdp.AddRequest(servicedesktest.Request{Subject: "a", Status: "Closed", Resolution: "x"})
	unknown := b.sdp.AddRequest(servicedesktest.Request{Subject: "a", Resolution: "x"})
	if sum := b.do(FeedTickets, Options{}); sum.Added != 1 || sum.Skipped != 2 {
		t.Errorf("got %+v", sum)
	}
	before := 0
	b.calls(&before)
	b.do(FeedTickets, Options{})
	if n := b.calls(&before); n != 1 {
		t.Errorf("%d calls: the ticket %s without a status was read again", n, unknown)
	}
}

// Rows from a file are not the mirror's to remove; a ticket that the server also has becomes the mirror's.
func TestRowsFromFilesStay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.addTickets(3)
	_, err := history.NewStore(b.store.DB).Put(t.Context(), alpha, gather.OriginFile, []history.PastTicket{
		{ID: "file-1", Subject: "from a file", Resolution: "x", ResolvedAt: began()},
		{ID: ids[0], Subject: "from a file", Resolution: "x", ResolvedAt: began()},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.do(FeedTickets, Options{})
	b.sdp.DeleteRequest(ids[0])
	b.do(FeedTickets, Options{})
	have := b.stored(alpha)
	if _, ok := have["file-1"]; !ok || len(have) != 3 {
		t.Errorf("stored %v", have)
	}
}

// More tickets than fit a page have the same time.
func TestManyTicketsOfOneMoment(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 350 {
		b.sdp.AddRequest(servicedesktest.Request{Subject: strconv.Itoa(i), Status: "Closed", Resolution: "x", CreatedTime: began()})
	}
	b.addTickets(20)
	if sum := b.do(FeedTickets, Options{}); sum.Read != 370 || sum.Added != 368 {
		t.Errorf("import: %+v", sum)
	}
	b.inStep()
	b.clock.advance(time.Hour)
	for _, r := range b.sdp.Requests() {
		b.sdp.EditRequest(r.ID, func(r *servicedesktest.Request) { r.Subject = "edited in bulk " + r.ID })
	}
	if sum := b.refresh(FeedTickets); sum.Read != 370 || sum.Changed != 368 {
		t.Errorf("refresh: %+v", sum)
	}
	b.inStep()
	before := 0
	b.calls(&before)
	if b.refresh(FeedTickets); b.calls(&before) > 5 {
		t.Errorf("nothing had changed")
	}
}

// Tickets appear, change and go while their list is paged through.
func TestTheListMovesWhileItIsRead(t *testing.T) {
	t.Parallel()
	for name, same := range map[string]bool{"spread": false, "one moment": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			ids := b.addTickets(450)
			if same {
				for i, id := range ids {
					b.sdp.DeleteRequest(id)
					ids[i] = b.sdp.AddRequest(servicedesktest.Request{
						Subject: "a", Status: "Closed", Resolution: "x", CreatedTime: began().AddDate(0, 0, -1),
					})
				}
			}
			lists, touched := 0, 0
			stir := func(_ context.Context, op string) {
				if op != "list" || lists >= 6 {
					return
				}
				lists++
				b.clock.advance(time.Second)
				for range 15 { // of those already read, so that the others move up
					id := ids[touched]
					touched++
					switch touched % 3 {
					case 0:
						b.sdp.DeleteRequest(id)
					case 1:
						b.sdp.EditRequest(id, func(r *servicedesktest.Request) { r.Subject = "edited meanwhile" })
					default:
						fresh := b.sdp.AddRequest(servicedesktest.Request{Subject: "new", Status: "Open"})
						b.sdp.Resolve(fresh, "x")
					}
				}
			}
			restore := b.intercept(stir)
			b.do(FeedTickets, Options{})
			untouched := func(when string) {
				have := b.stored(alpha)
				for _, r := range b.sdp.Requests() {
					if _, ok := have[r.ID]; !ok && r.Status == "Closed" && !slices.Contains(ids[:touched], r.ID) {
						t.Errorf("%s: ticket %s was skipped", when, r.ID)
					}
				}
			}
			untouched("import")
			b.clock.advance(time.Hour)
			for _, id := range ids[touched:] {
				b.sdp.EditRequest(id, func(r *servicedesktest.Request) { r.Subject = "edited in bulk" })
			}
			lists = 0
			b.refresh(FeedTickets)
			untouched("refresh")
			restore()
			b.refresh(FeedTickets)
			b.do(FeedTickets, Options{})
			b.inStep()
		})
	}
}

func TestRecordsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.addTickets(9)
	b.sdp.AddRequest(servicedesktest.Request{Status: "Closed", Resolution: "x"}) // neither subject nor description
	n := 0
	restore := b.intercept(func(_ context.Context, op string) {
		b.faults()
		if op == "request" {
			switch n++; {
			case n == 3:
				b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultFailNext, Remaining: 1, Status: 400, Code: 4001})
			case n > 4 && n <= 4+foregroundAttempts:
				b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultFailNext, Remaining: 1})
			}
		}
	})
	sum := b.do(FeedTickets, Options{})
	restore()
	if sum.Added != 7 || sum.Rejected != 3 || len(sum.Rejections) != 3 {
		t.Fatalf("got %+v", sum)
	}
	reasons := fmt.Sprint(sum.Rejections)
	for _, want := range []string{ids[2], ids[4], "HTTP 400", "HTTP 500", "description: is empty, and so is the subject"} {
		if !strings.Contains(reasons, want) {
			t.Errorf("%q is not among the reasons %s", want, reasons)
		}
	}
	if sum := b.do(FeedTickets, Options{}); sum.Rejected != 0 || sum.Skipped != 3 {
		t.Errorf("soon after: %+v", sum)
	}
	b.clock.advance(25 * time.Hour)
	if sum := b.refresh(FeedTickets); sum.Added != 2 || sum.Rejected != 1 {
		t.Errorf("a day later: %+v", sum)
	}
}

func TestAServerThatFailsAllTheTime(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addTickets(50)
	calls := 0
	restore := b.intercept(func(_ context.Context, op string) {
		b.faults()
		if op == "request" {
			calls++
			b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultAlways500})
		}
	})
	sum, err := b.Refresh(t.Context(), alpha, FeedTickets)
	restore()
	if err == nil || sum.Added != 0 || calls > hopeless*scheduledAttempts {
		t.Errorf("%d calls, %+v, %v", calls, sum, err)
	}
	var failures int
	var wait time.Duration
	b.scan("SELECT failures, next_due - last_finished FROM mirror_feeds", &failures, &wait)
	if failures != 1 || wait < 20*time.Second || wait > time.Minute {
		t.Errorf("%d failures, due after %v", failures, wait)
	}
	b.faults()
	b.clock.advance(13 * time.Hour)
	b.do(FeedTickets, Options{})
	b.inStep()
}

func TestResolvedAt(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return began().AddDate(0, 0, n) }
	r := request()
	var got []time.Time
	for range 6 {
		got = append(got, pastTicket(r).ResolvedAt)
		for _, at := range []*time.Time{&r.ResolvedTime, &r.CompletedTime, &r.ResolutionTime, &r.LastUpdatedTime, &r.CreatedTime} {
			if !at.IsZero() {
				*at = time.Time{}
				break
			}
		}
	}
	want := []time.Time{day(5), day(4), day(3), day(2), day(1), {}}
	if !slices.EqualFunc(got, want, time.Time.Equal) {
		t.Errorf("got %v", got)
	}
}

// The cursor is stored with every page, so it must not grow with the list.
func TestACursorStaysSmall(t *testing.T) {
	t.Parallel()
	for _, byUpdate := range []bool{false, true} {
		w := &walk{ByUpdate: byUpdate}
		for i := range 100 {
			page := make([]servicedesk.Request, 100)
			for j := range page {
				at := began().Add(time.Duration(100*i+j) * time.Minute)
				page[j] = servicedesk.Request{ID: strconv.Itoa(100*i + j), CreatedTime: at, LastUpdatedTime: at}
			}
			if !w.advance(page, began().AddDate(1, 0, 0)) {
				t.Fatal("a later page is not taken for one")
			}
		}
		if n := len(w.Visited); n < 1 || n > 3 || !w.At.Equal(began().Add(9999*time.Minute)) || w.Skip != 0 {
			t.Errorf("by update %t: %d visited, at %v", byUpdate, n, w.At)
		}
	}
}

// Names come with the ticket; and tickets that an older release stored without get theirs from the list, unread.
func TestTicketsHaveTheirPeople(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string][]servicedesktest.Fault{"ordinary": {}, "does not know the fields of lists": {{Kind: servicedesktest.FaultRefuseFields}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.faults(faults...)
			id := b.sdp.AddRequest(servicedesktest.Request{
				Subject: "s", Description: "<p>d</p>", Status: "Open", Requester: servicedesktest.Person{Name: "Jane\u200b  Example"}, Technician: "Front Desk",
			})
			b.sdp.Resolve(id, "<p>done</p>")
			people := func() (names []string) {
				b.scan("SELECT people FROM ticket_history WHERE ticket_id = '"+id+"'", &names)
				return names
			}
			want := []string{"Jane Example", "Front Desk"}
			b.do(FeedTickets, Options{})
			if got := people(); !slices.Equal(got, want) {
				t.Fatalf("imported with %q", got)
			}
			b.exec("UPDATE ticket_history SET people = '{}'")
			before := 0
			b.calls(&before)
			if sum := b.do(FeedTickets, Options{DryRun: true}); len(people()) != 0 || sum.Unchanged != 1 {
				t.Errorf("a dry run: %+v, %q", sum, people())
			}
			if sum := b.do(FeedTickets, Options{}); sum.Unchanged != 1 || sum.Changed != 0 {
				t.Errorf("got %+v", sum)
			}
			if got := people(); !slices.Equal(got, want) {
				t.Errorf("afterwards it has %q", got)
			}
			// What is known of a ticket is not overwritten by a list.
			b.exec("UPDATE ticket_history SET people = '{Another}'")
			b.do(FeedTickets, Options{})
			if got := people(); !slices.Equal(got, []string{"Another"}) {
				t.Errorf("overwritten with %q", got)
			}
		})
	}
}
