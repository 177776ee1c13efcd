package feedback_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/tenant/tenantstore/tenantstoretest"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// The effect is bounded, without votes there is none, votes for and against weigh alike, and more of one kind never does the opposite.
func TestTheEffectOfVotesIsBounded(t *testing.T) {
	t.Parallel()
	if f := (feedback.Tally{}).Factor(); f != 1 {
		t.Errorf("without votes: %g", f)
	}
	if f := (feedback.Tally{Up: 1}).Factor(); math.Abs(f-1.0375) > 1e-12 {
		t.Errorf("of one vote: %g", f)
	}
	for range 10_000 {
		a := feedback.Tally{Up: rand.ExpFloat64() * 5, Down: rand.ExpFloat64() * 5}
		f, opposite := a.Factor(), feedback.Tally{Up: a.Down, Down: a.Up}.Factor()
		more, worse := feedback.Tally{Up: a.Up + 1, Down: a.Down}.Factor(), feedback.Tally{Up: a.Up, Down: a.Down + 1}.Factor()
		if f < 0.85 || f > 1.15 || math.Abs(f+opposite-2) > 1e-12 || more <= f || worse >= f {
			t.Fatalf("%+v: %g, the opposite %g, with another vote %g or %g", a, f, opposite, more, worse)
		}
	}
}

// finds is a source that finds these.
type finds struct {
	items []gather.Item
	err   error
}

func (finds) Kind() gather.Kind { return gather.KindTicket }

func (f finds) Find(context.Context, gather.Query) (gather.Result, error) {
	return gather.Result{Items: f.items, Note: "as it was"}, f.err
}

func pastTicket(id string, relevance float64) gather.Item {
	return gather.Item{Kind: gather.KindTicket, ID: id, Relevance: relevance}
}

// judged has n jobs of the tenant cite the ticket and be told this of it.
func judged(t *testing.T, tenants *tenantstoretest.Store, votes *feedback.Store, tenantID, ticketID string, n int, value feedback.Value) {
	t.Helper()
	for i := range n {
		job := enhancement.New(tenantID, enhancement.EventCreated, ticket.Ticket{ID: strconv.Itoa(1000 + i), Description: ticketID + string(value)}, "c")
		if _, err := ledger.New(tenants.DB).Accept(t.Context(), job); err != nil {
			t.Fatal(err)
		}
		note := feedback.Note{TenantID: tenantID, JobID: job.ID}
		write(t, tenants, note, ticketID)
		on := []feedback.PartVote{{Key: "ticket:#" + ticketID, Value: value}, {Key: "article:Printers", Value: value}}
		if _, err := votes.Record(t.Context(), note, feedback.Vote{Value: value}, on...); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatHelpedRisesAndWhatDidNotFalls(t *testing.T) {
	t.Parallel()
	tenants, votes, _ := world(t)
	judged(t, tenants, votes, "alpha", "good", 6, feedback.Up)
	judged(t, tenants, votes, "alpha", "bad", 6, feedback.Down)
	source := finds{items: []gather.Item{
		pastTicket("far better", 0.9), pastTicket("bad", 0.6), pastTicket("untold", 0.58), pastTicket("good", 0.55),
		{Kind: gather.KindArticle, ID: "kb-1", Title: "Printers", Relevance: 0.2},
	}}
	ranked := func(tenantID string, now, asOf time.Time) (ids []string, items []gather.Item) {
		t.Helper()
		found, err := feedback.Learn(source, votes, slog.New(slog.DiscardHandler), func() time.Time { return now }).
			Find(t.Context(), gather.Query{TenantID: tenantID, AsOf: asOf})
		if err != nil || found.Note != "as it was" {
			t.Fatalf("%+v, %v", found, err)
		}
		for _, item := range found.Items {
			ids = append(ids, item.ID)
		}
		return ids, found.Items
	}
	untold := []string{"far better", "bad", "untold", "good", "kb-1"}
	now := time.Now().Add(time.Minute)
	ids, items := ranked("alpha", now, time.Time{})
	if want := []string{"far better", "good", "untold", "bad", "kb-1"}; !slices.Equal(ids, want) {
		t.Errorf("ranked %q, want %q", ids, want)
	}
	if got := items[1].Relevance; math.Abs(got-0.55*1.1) > 1e-4 {
		t.Errorf("the relevance of the good one is %g", got)
	}
	if source.items[3].Relevance != 0.55 {
		t.Error("the source's own items were changed")
	}
	// Votes are the tenant's own, count less with time, and not before they were given.
	if ids, _ := ranked("beta", now, time.Time{}); !slices.Equal(ids, untold) {
		t.Errorf("another tenant's are ranked %q", ids)
	}
	if _, items := ranked("alpha", now.AddDate(0, 6, 0), time.Time{}); items[1].Relevance >= 0.55*1.1 {
		t.Errorf("after half a year votes weigh as much: %g", items[1].Relevance)
	}
	if ids, _ := ranked("alpha", now.AddDate(3, 0, 0), time.Time{}); !slices.Equal(ids, untold) {
		t.Errorf("after three years: %q", ids)
	}
	if ids, _ := ranked("alpha", now, now.Add(-time.Hour)); !slices.Equal(ids, untold) {
		t.Errorf("as of before the votes: %q", ids)
	}
}

func TestRankingDoesWithoutVotesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	_, votes, _ := world(t)
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	source := finds{items: []gather.Item{pastTicket("1", 0.5)}}
	found, err := feedback.Learn(source, votes, logger, time.Now).Find(t.Context(), gather.Query{TenantID: "no tenant\x00"})
	if err != nil || len(found.Items) != 1 || !strings.Contains(log.String(), "ranked without feedback") {
		t.Errorf("%+v, %v, log %q", found, err, log.String())
	}
	broken := errors.New("the source cannot be asked")
	if _, err := feedback.Learn(finds{err: broken}, votes, logger, time.Now).Find(t.Context(), gather.Query{TenantID: "alpha"}); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}
