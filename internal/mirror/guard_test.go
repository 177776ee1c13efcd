package mirror

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// have stores n records as if they had been mirrored.
func (b *bench) have(feed Feed, n int) {
	b.t.Helper()
	articles, systems := make([]knowledge.Article, n), make([]inventory.System, n)
	for i := range n {
		id := strconv.Itoa(100_000 + i)
		articles[i] = knowledge.Article{ID: id, Title: "a", Body: "b"}
		systems[i] = inventory.System{ID: id, Hostname: "db" + id + ".example.com"}
	}
	var err error
	if feed == FeedArticles {
		_, err = b.articles.Put(b.t.Context(), alpha, gather.OriginServiceDesk, articles)
	} else {
		_, err = b.systems.Put(b.t.Context(), alpha, gather.OriginServiceDesk, systems)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) count(feed Feed) (n int) {
	b.t.Helper()
	b.scan("SELECT count(*) FROM "+map[Feed]string{FeedArticles: "kb_articles", FeedAssets: "systems"}[feed], &n)
	return n
}

// The key has lost its rights, and one step cannot look up all that seem to be gone.
func TestTheGuardHoldsAcrossSteps(t *testing.T) {
	t.Parallel()
	for _, feed := range []Feed{FeedArticles, FeedAssets} {
		b := newBench(t, func(c *Config) { c.StepCalls = 0 }) // the default
		b.have(feed, 510)
		var said error
		for step := range 6 {
			if step == 1 { // a step that cannot go on changes nothing
				b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultThrottle, Remaining: 1})
			}
			if _, err := b.Refresh(t.Context(), alpha, feed); err != nil && step != 1 && said == nil {
				said = err
			}
			b.clock.advance(time.Hour)
		}
		if said == nil || !strings.Contains(said.Error(), "agentctl import "+string(feed)) {
			t.Errorf("%s: the schedule says %v", feed, said)
		}
		if n := b.count(feed); n != 408 {
			t.Errorf("%s: %d of 510 are left, want 408", feed, n)
		}
	}
}

func TestTheGuardOfSmallFeeds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for had, left := range map[int]int{2: 0, 3: 1, 9: 7, 50: 40} {
		b.exec("DELETE FROM mirror_feeds")
		b.exec("DELETE FROM kb_articles")
		b.have(FeedArticles, had)
		if _, err := b.Refresh(t.Context(), alpha, FeedArticles); (err == nil) != (left == 0) || b.count(FeedArticles) != left {
			t.Errorf("of %d, %d are left, want %d: %v", had, b.count(FeedArticles), left, err)
		}
	}
}

func TestACutListIsNoticedAcrossSteps(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.StepCalls = 15 })
	for range 60 {
		b.sdp.AddSolution(servicedesktest.Solution{Title: "a", ApprovalStatus: approved})
	}
	b.do(FeedArticles, Options{})
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultTruncatedList})
	b.refresh(FeedArticles) // its calls are used up before there are too many
	if _, err := b.Refresh(t.Context(), alpha, FeedArticles); err == nil || !strings.Contains(err.Error(), "not complete") {
		t.Errorf("got %v", err)
	}
}

// Comparisons that are given up add up: the limit is not one for each.
func TestTheGuardHoldsAcrossComparisons(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := make([]string, 100)
	for i := range ids {
		ids[i] = b.sdp.AddSolution(servicedesktest.Solution{ID: strconv.Itoa(100_000 + i), Title: "a", ApprovalStatus: approved})
	}
	b.do(FeedArticles, Options{})
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultTruncatedList})
	for i, want := range []string{"not complete", "agentctl import kb"} {
		for _, id := range ids[i*15 : (i+1)*15] {
			b.sdp.DeleteSolution(id)
		}
		if _, err := b.Refresh(t.Context(), alpha, FeedArticles); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("comparison %d: %v", i, err)
		}
	}
	if n := b.count(FeedArticles); n != 80 {
		t.Errorf("%d of 100 are left, want 80", n)
	}
	b.faults()
	b.do(FeedArticles, Options{})
	b.sdp.DeleteSolution(ids[99])
	b.refresh(FeedArticles) // the import has cleared the account
	b.articlesInStep()
}
