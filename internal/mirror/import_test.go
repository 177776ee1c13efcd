package mirror

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

func TestFirstImport(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.addTickets(250)
	var last Progress
	reports := 0
	sum := b.do(FeedTickets, Options{Report: func(p Progress) {
		if p.Done < last.Done || p.Waiting != 0 {
			t.Errorf("after %+v came %+v", last, p)
		}
		last = p
		reports++
	}})
	want := Summary{Change: gather.Change{Added: 225}, Read: 250, Skipped: 25}
	if diff := cmp.Diff(want, sum); diff != "" {
		t.Error(diff)
	}
	if last.Done != 250 || last.Total != 250 || reports < 250 {
		t.Errorf("%d reports, the last %+v", reports, last)
	}
	b.inStep()
	first := b.stored(alpha)[ids[0]]
	if first.Description != "Printer 0\n\ndoes not answer." || !first.ResolvedAt.Equal(began().Add(-250*time.Minute).Add(time.Second)) {
		t.Errorf("stored %+v", first)
	}
	before := 0
	b.calls(&before)
	if sum := b.do(FeedTickets, Options{}); sum.Unchanged != 225 || sum.Added+sum.Changed+sum.Removed != 0 || sum.Resumed {
		t.Errorf("again: %+v", sum)
	}
	if n := b.calls(&before); n > 4 {
		t.Errorf("nothing had changed, and it took %d calls", n)
	}
	var succeeded, free bool
	var added int
	b.scan("SELECT last_succeeded IS NOT NULL, lease_holder IS NULL, records_added FROM mirror_feeds", &succeeded, &free, &added)
	if !succeeded || !free || added != 225 {
		t.Errorf("the books say succeeded %t, free %t, added %d", succeeded, free, added)
	}
}

// Killed at any call, an import leaves a state from which the next one gets to the same end.
func TestAnImportThatIsKilledAnywhere(t *testing.T) {
	t.Parallel()
	for _, at := range []int{1, 2, 21, 22, 91, 92, 93, 150, 186, 187} {
		t.Run(strconv.Itoa(at), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.addTickets(205)
			n, killed := 0, false
			restore := b.intercept(func(context.Context, string) {
				if n++; n == at {
					killed = true
					runtime.Goexit() // nothing that would be done on the way out is done
				}
			})
			ctx, cancel := context.WithCancel(t.Context())
			gone := make(chan struct{})
			go func() {
				defer close(gone)
				_, _ = b.Import(ctx, alpha, FeedTickets, Options{})
			}()
			<-gone
			cancel()
			restore()
			if !killed {
				t.Fatalf("the import ended after %d calls", n)
			}
			b.clock.advance(3 * time.Minute) // its lease ends
			before := 0
			b.calls(&before)
			sum := b.do(FeedTickets, Options{})
			b.inStep()
			// 185 details and 3 pages; what was stored is not read again, but for one batch and one page.
			if again := b.calls(&before); again > 188-at+storeEvery+3 {
				t.Errorf("resumed with %d calls after %d", again, at)
			}
			if !sum.Resumed {
				t.Errorf("got %+v", sum)
			}
		})
	}
}

// failing is a store that fails after a while, before or after it has written.
type failing struct {
	pastTickets

	puts    int
	written bool
}

func (f *failing) Put(ctx context.Context, tenantID string, origin gather.Origin, records []history.PastTicket) (gather.Change, error) {
	if f.puts--; f.puts >= 0 || f.written {
		change, err := f.pastTickets.Put(ctx, tenantID, origin, records)
		if f.puts >= 0 || err != nil {
			return change, err
		}
	}
	return gather.Change{}, errors.New("the disk is full")
}

func TestAnImportWhoseStoreFails(t *testing.T) {
	t.Parallel()
	for _, written := range []bool{false, true} {
		b := newBench(t)
		b.addTickets(150)
		sound := b.tickets
		b.tickets = &failing{pastTickets: sound, puts: 3, written: written}
		sum, err := b.Import(t.Context(), alpha, FeedTickets, Options{})
		if err == nil || !strings.Contains(err.Error(), "the disk is full") || sum.Added != 60 {
			t.Fatalf("got %+v, %v", sum, err)
		}
		var said string
		if b.scan("SELECT last_error FROM mirror_feeds", &said); !strings.Contains(said, "the disk is full") {
			t.Errorf("recorded %q", said)
		}
		b.tickets = sound
		before := 0
		b.calls(&before)
		if sum := b.do(FeedTickets, Options{}); !sum.Resumed {
			t.Errorf("got %+v", sum)
		}
		b.inStep()
		if n := b.calls(&before); n > 135-60+2 {
			t.Errorf("resumed with %d calls", n)
		}
	}
}

func TestAnImportThatIsCancelled(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addTickets(150)
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	restore := b.intercept(func(context.Context, string) {
		if n++; n == 50 {
			cancel()
		}
	})
	sum, err := b.Import(ctx, alpha, FeedTickets, Options{})
	if !errors.Is(err, context.Canceled) || sum.Added != 48 { // a list, and the call that was cut off
		t.Fatalf("what was read should be stored: %+v, %v", sum, err)
	}
	restore()
	var free bool
	var said string
	if b.scan("SELECT lease_holder IS NULL, last_error FROM mirror_feeds", &free, &said); !free || said != "" {
		t.Errorf("free %t, last error %q", free, said)
	}
	again := b.do(FeedTickets, Options{})
	if !again.Resumed || again.Added != 135-sum.Added {
		t.Errorf("got %+v after %+v", again, sum)
	}
	b.inStep()
}

func TestDryRunWritesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addTickets(120)
	b.sdp.AddSolution(servicedesktest.Solution{Title: "a", ApprovalStatus: "Approved"})
	b.sdp.AddWorkstation(servicedesktest.Workstation{Name: "db1", IPAddresses: "192.0.2.1"})
	for feed, added := range map[Feed]int{FeedTickets: 108, FeedArticles: 1, FeedAssets: 1} {
		if sum := b.do(feed, Options{DryRun: true}); sum.Added != added || sum.Changed+sum.Removed+sum.Rejected != 0 {
			t.Errorf("%s: %+v", feed, sum)
		}
	}
	for _, table := range []string{"ticket_history", "kb_articles", "systems", "mirror_feeds", "mirror_seen", "mirror_left_out"} {
		var n int
		if b.scan("SELECT count(*) FROM "+table, &n); n != 0 {
			t.Errorf("%s has %d rows", table, n)
		}
	}
	before := 0
	if n := b.calls(&before); n != 2+1+1 {
		t.Errorf("%d calls: a dry run reads lists only", n)
	}
	b.do(FeedTickets, Options{})
	b.sdp.Reopen(b.sdp.Requests()[0].ID)
	b.sdp.EditRequest(b.sdp.Requests()[1].ID, func(r *servicedesktest.Request) { r.Subject = "edited" })
	sum := b.do(FeedTickets, Options{DryRun: true})
	if want := (Summary{Change: gather.Change{Changed: 1, Unchanged: 106}, Read: 120, Skipped: 13, Removed: 1}); !cmp.Equal(want, sum) {
		t.Error(cmp.Diff(want, sum))
	}
	if len(b.stored(alpha)) != 108 {
		t.Error("the dry run has removed something")
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addTickets(150)
	sum := b.do(FeedTickets, Options{Limit: 30})
	if sum.Added != 30 || sum.Resumed || !sum.Limited || len(b.stored(alpha)) != 30 {
		t.Errorf("got %+v", sum)
	}
	if sum := b.do(FeedTickets, Options{Limit: 30}); sum.Added != 30 || !sum.Resumed {
		t.Errorf("the second time: %+v", sum)
	}
	b.do(FeedTickets, Options{})
	b.inStep()
	// A list that is complete has nothing more to give, however many of its records there are already.
	if sum := b.do(FeedTickets, Options{Limit: 30}); sum.Unchanged < 30 || sum.Limited {
		t.Errorf("of a complete list: %+v", sum)
	}
	for range 120 {
		b.sdp.AddWorkstation(servicedesktest.Workstation{Name: "db1", AssetTag: "A"})
		b.sdp.AddSolution(servicedesktest.Solution{Title: "a", ApprovalStatus: "Approved"})
	}
	for feed, fresh := range map[Feed]int{FeedAssets: 0, FeedArticles: 7} { // assets are listed from the beginning
		if sum := b.do(feed, Options{Limit: 7}); sum.Added != 7 {
			t.Errorf("%s: %+v", feed, sum)
		}
		if sum := b.do(feed, Options{Limit: 7, DryRun: true}); sum.Added != fresh || sum.Unchanged != 7 {
			t.Errorf("%s, dry: %+v", feed, sum)
		}
	}
}

func TestSince(t *testing.T) {
	t.Parallel()
	for _, fault := range []servicedesktest.FaultKind{"", servicedesktest.FaultRefuseUpdatedTime, servicedesktest.FaultNoUpdatedTime} {
		b := newBench(t)
		ids := b.addTickets(50)
		b.sdp.EditRequest(ids[3], func(r *servicedesktest.Request) { r.Subject = "edited" }) // now
		want := 11                                                                           // those of the last ten minutes, and the edited one
		if fault != "" {
			b.faults(servicedesktest.Fault{Kind: fault})
			want = 10
		}
		sum := b.do(FeedTickets, Options{Since: began().Add(-10 * time.Minute)})
		if sum.Read != want || sum.Added != want-1 || sum.Removed != 0 {
			t.Errorf("%s: %+v, want %d read", fault, sum, want)
		}
		if _, err := b.Import(t.Context(), alpha, FeedAssets, Options{Since: began()}); err == nil {
			t.Error("assets are imported since")
		}
	}
}

// jumbled is a server that filters by the last change and does not sort by it, which shows on the second page.
type jumbled struct{ Desk }

func (d jumbled) ListRequests(ctx context.Context, q servicedesk.ListQuery) (servicedesk.RequestPage, error) {
	page, err := d.Desk.ListRequests(ctx, q)
	if last := len(page.Requests) - 1; q.ByUpdate && q.UpdatedAfter.After(began().Add(-200*time.Minute)) {
		page.Requests[0], page.Requests[last] = page.Requests[last], page.Requests[0]
	}
	return page, err
}

func TestSinceOnAServerThatTurnsOutNotToSort(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	desk, err := b.desks.Mirrored(t.Context(), alpha)
	if err != nil {
		t.Fatal(err)
	}
	b.desks.set(alpha, jumbled{desk})
	b.addTickets(250)
	// Page one, and then all of them.
	if sum := b.do(FeedTickets, Options{Since: began().Add(-240 * time.Minute)}); sum.Added != 216 || sum.Unchanged != 90 || sum.Read != 340 {
		t.Errorf("got %+v", sum)
	}
	if n := len(b.stored(alpha)); n != 216 {
		t.Errorf("%d tickets are stored, want 216", n)
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addTickets(150)
	b.do(FeedTickets, Options{Limit: 100})
	sum := b.do(FeedTickets, Options{Restart: true})
	if sum.Resumed || sum.Read != 150 {
		t.Errorf("got %+v", sum)
	}
	b.inStep()
}

func TestUnknownFeedAndTenant(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if _, err := b.Import(t.Context(), alpha, "notes", Options{}); err == nil || !strings.Contains(err.Error(), "tickets") {
		t.Errorf("got %v", err)
	}
	if _, err := b.Import(t.Context(), "gamma", FeedTickets, Options{}); err == nil {
		t.Error("an unknown tenant is imported")
	}
}
