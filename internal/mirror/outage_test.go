package mirror

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/history"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// failing500 is a server that fails to give out some tickets.
func (b *bench) failing500(ids ...string) (restore func()) {
	b.t.Helper()
	desk, err := b.desks.Mirrored(b.t.Context(), alpha)
	if err != nil {
		b.t.Fatal(err)
	}
	b.desks.set(alpha, withheld{desk, ids})
	return func() { b.desks.set(alpha, desk) }
}

type withheld struct {
	Desk

	ids []string
}

func (d withheld) Request(ctx context.Context, id string) (servicedesk.Request, error) {
	if slices.Contains(d.ids, id) {
		return servicedesk.Request{}, &servicedesk.Error{Op: "get_request", TicketID: id, Kind: servicedesk.KindRetry, HTTPStatus: 500}
	}
	return d.Desk.Request(ctx, id)
}

// What a run left out before it gave up was not to blame.
func TestAPassingOutage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.addTickets(120)
	// The failures in a row begin on one page, which is done with, and are too many on the next.
	restore := b.failing500(append(slices.Clone(ids[96:99]), ids[100:]...)...)
	if sum, err := b.Refresh(t.Context(), alpha, FeedTickets); err == nil || sum.Rejected != hopeless-1 {
		t.Errorf("got %+v, %v", sum, err)
	}
	restore()
	b.refresh(FeedTickets)
	b.inStep()
	var left int
	if b.scan("SELECT count(*) FROM mirror_left_out", &left); left != 0 {
		t.Errorf("%d are still left out", left)
	}
}

// One ticket that the server fails to give out is read as soon as it can be, although the changes are followed behind it.
func TestATicketThatFailedIsReadAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.addTickets(5)
	restore := b.failing500(ids[1])
	if sum := b.refresh(FeedTickets); sum.Rejected != 1 || sum.Added != 4 {
		t.Errorf("got %+v", sum)
	}
	var holds []time.Duration
	for range 9 {
		var held time.Duration
		b.scan("SELECT until - last_finished FROM mirror_left_out JOIN mirror_feeds USING (tenant_id, feed)", &held)
		holds = append(holds, held.Round(time.Minute))
		if b.clock.advance(held / 2); b.refresh(FeedTickets).Rejected != 0 {
			t.Error("it is asked for too soon")
		}
		b.clock.advance(held/2 + time.Minute)
		b.exec("UPDATE mirror_feeds SET cursor = jsonb_set(cursor, '{swept_at}', to_jsonb($1::text))", b.clock.Now().Format(time.RFC3339))
		if sum := b.refresh(FeedTickets); sum.Rejected != 1 {
			t.Errorf("after %v: %+v", held, sum)
		}
	}
	if holds[0] != failedFor || holds[1] != 2*failedFor || slices.Max(holds) != rejectedFor || !slices.IsSorted(holds) {
		t.Errorf("it was left alone for %v", holds)
	}
	restore()
	b.clock.advance(rejectedFor + time.Minute)
	b.exec("UPDATE mirror_feeds SET cursor = jsonb_set(cursor, '{swept_at}', to_jsonb($1::text))", b.clock.Now().Format(time.RFC3339))
	if sum := b.refresh(FeedTickets); sum.Added != 1 {
		t.Errorf("got %+v", sum)
	}
	b.inStep()
	var left int
	if b.scan("SELECT count(*) FROM mirror_left_out", &left); left != 0 {
		t.Errorf("%d are still left out", left)
	}
}

// A ticket that has come in meanwhile is not read for its old version.
func TestATicketThatHasComeInIsNotReadAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.addTickets(5)
	restore := b.failing500(ids[1])
	b.refresh(FeedTickets)
	restore()
	b.clock.advance(time.Minute)
	b.sdp.EditRequest(ids[1], func(r *servicedesktest.Request) { r.Subject = "edited" })
	if sum := b.refresh(FeedTickets); sum.Added != 1 {
		t.Errorf("got %+v", sum)
	}
	b.clock.advance(failedFor)
	before := 0
	b.calls(&before)
	if b.refresh(FeedTickets); b.calls(&before) != 1 {
		t.Error("it is read once more")
	}
	b.inStep()
}

func TestAnArticleThatFailedIsReadAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.sdp.AddSolution(servicedesktest.Solution{Title: "a", ApprovalStatus: approved})
	b.exec(`INSERT INTO mirror_feeds (tenant_id, feed, next_due) VALUES ('alpha', 'kb', now())`)
	id, version := b.sdp.Solutions()[0].ID, b.sdp.Solutions()[0].LastUpdated
	err := &servicedesk.Error{Kind: servicedesk.KindRetry, HTTPStatus: 502}
	if err := b.rows.leaveOut(t.Context(), alpha, FeedArticles, []leftOut{leave(id, version, err)}); err != nil {
		t.Fatal(err)
	}
	if sum := b.refresh(FeedArticles); sum.Added != 0 || sum.Skipped != 1 {
		t.Errorf("at once: %+v", sum)
	}
	b.clock.advance(failedFor)
	b.refresh(FeedArticles)
	b.articlesInStep()
}

// tenantless is a store whose tenant was deleted.
type tenantless struct {
	pastTickets

	puts int
}

func (s *tenantless) Put(context.Context, string, gather.Origin, []history.PastTicket) (gather.Change, error) {
	s.puts++
	return gather.Change{}, &pgconn.PgError{Code: pgerrcode.ForeignKeyViolation, Message: "tenant"}
}

func TestATenantThatGoesEndsTheStep(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addTickets(30)
	store := &tenantless{pastTickets: b.tickets}
	b.tickets = store
	// It tries once more to store what it has read.
	if sum, err := b.Refresh(t.Context(), alpha, FeedTickets); err == nil || sum.Rejected != 0 || store.puts > 2 {
		t.Errorf("%d attempts, %+v, %v", store.puts, sum, err)
	}
}
