package knowledge_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/masking"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/search/plantest"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// seedMirror gives a tenant n articles about vpnTicket.
func seedMirror(t *testing.T, d *gathertest.Database, tenantID string, n int) []string {
	t.Helper()
	var (
		articles []knowledge.Article
		ids      []string
	)
	for i := range n {
		ids = append(ids, fmt.Sprintf("%s-%d", tenantID, i))
		articles = append(articles, knowledge.Article{ID: ids[i], Title: fmt.Sprintf("VPN tunnel drops, part %d", i), Body: "Lower the MTU and reconnect."})
	}
	for i := range 2 * n { // others, so that words have a weight
		articles = append(articles, knowledge.Article{ID: fmt.Sprintf("%s-other-%d", tenantID, i), Title: fmt.Sprintf("Telephone %d", i), Body: "Dial 0 first."})
	}
	if _, err := knowledge.NewStore(d.DB).Put(t.Context(), tenantID, gather.OriginFile, articles); err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestMirrorConformance(t *testing.T) {
	t.Parallel()
	gathertest.Run(t, func(t *testing.T) gathertest.Fixture {
		t.Helper()
		d := gathertest.NewDatabase(t)
		return gathertest.Fixture{
			Source: knowledge.NewMirror(d.DB, knowledge.MirrorOptions{}), Kind: gather.KindArticle, MaxItems: knowledge.MaxArticles,
			Tenant: gathertest.Tenant, Neighbour: gathertest.Neighbour, Ticket: vpnTicket(),
			Seed: func(t *testing.T, tenantID string, n int) []string {
				t.Helper()
				return seedMirror(t, d, tenantID, n)
			},
			Stall: func(t *testing.T) {
				t.Helper()
				d.Lock(t, "kb_articles")
			},
		}
	})
}

func TestMirrorGivesThePassageThatMatched(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	chapter := strings.Repeat("This chapter is about the history of the department. ", 40)
	s.put(gather.OriginFile, gather.Change{Added: 2},
		knowledge.Article{ID: "1", Title: "Handbook", Body: chapter + "\nWhen the scanner hangs, hold the green button for ten seconds.\n" + chapter},
		knowledge.Article{ID: "2", Title: "Telephone", Body: "Dial 0 first."},
	)
	items := s.find(knowledge.MirrorOptions{}, "Scanner hangs")
	if len(items) != 1 {
		t.Fatalf("found %+v", items)
	}
	text := items[0].Text
	if !strings.Contains(text, "hold the green button") || !strings.HasPrefix(text, "… ") || !strings.HasSuffix(text, "…") {
		t.Errorf("the passage is %q", text)
	}
	if n := utf8.RuneCountInString(text); n > knowledge.MaxSummary {
		t.Errorf("the passage has %d characters", n)
	}
	if items[0].Kind != gather.KindArticle || items[0].Title != "Handbook" || items[0].Relevance <= knowledge.MinRelevance || items[0].Relevance > 1 {
		t.Errorf("found %+v", items[0])
	}
}

// A passage begins at a line or a sentence, and what is on the line before may be what tells a password, or half of a number.
func TestMirrorLeavesNoPartOfAValueInThePassage(t *testing.T) {
	t.Parallel()
	chapter := strings.Repeat("This chapter is about the history of the department. ", 40)
	for name, body := range map[string]string{
		"a password on a line of its own": chapter + "\nThe password:\nhunter2-Example\nWhen the scanner hangs, hold the green button.\n" + chapter,
		"a number on two lines":           chapter + "\nCall +49 30 555\n01234567 when the scanner hangs, hold the green button.\n" + chapter,
		"a card at the end":               "When the scanner hangs, hold the green button " + strings.Repeat("x ", (knowledge.MaxSummary-56)/2) + "4111 1111 1111 1111 " + chapter,
		"a card where it is cut before":   strings.Repeat("a ", (50_000-64)/2) + ". When the scanner hangs, hold the green button 4111 1111 1111 1111 " + chapter,
	} {
		s := newShelf(t)
		s.put(gather.OriginFile, gather.Change{Added: 2}, knowledge.Article{ID: "1", Title: "Handbook", Body: body}, knowledge.Article{ID: "2", Title: "Telephone", Body: "Dial 0 first."})
		items := s.find(knowledge.MirrorOptions{}, "Scanner hangs, green button")
		if len(items) != 1 || !strings.Contains(items[0].Text, "green button") {
			t.Fatalf("%s: found %+v", name, items)
		}
		hidden := masking.New(masking.Defaults(), nil).Hide(items[0].Text)
		for _, part := range []string{"hunter2", "01234567", "4111", "1111"} {
			if strings.Contains(hidden, part) {
				t.Errorf("%s: %s is in %q", name, part, hidden)
			}
		}
	}
}

func TestMirrorFindsNothingUnrelated(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	var articles []knowledge.Article
	for i := range 60 {
		articles = append(articles, knowledge.Article{
			ID: strconv.Itoa(i), Title: fmt.Sprintf("How to set up device %d", i), Body: fmt.Sprintf("Open the settings today, choose device %d and have a look at the interface.", i),
		})
	}
	s.put(gather.OriginFile, gather.Change{Added: 60}, articles...)
	s.finds("Payroll export misses the overtime of March: salaries in SAP lack it, have a look at the interface today")
	s.finds("Set up device 42", "42")
}

type reranker struct {
	relevance map[string]float64
	err       error
	before    func()
}

func (r reranker) Rerank(_ context.Context, _ gather.Query, kind gather.Kind, candidates []gather.Candidate) ([]gather.Candidate, error) {
	if r.before != nil {
		r.before()
	}
	for i, c := range candidates {
		candidates[i].Relevance = r.relevance[c.ID]
	}
	if kind != gather.KindArticle {
		return nil, errors.New("of another kind")
	}
	return candidates, r.err
}

func TestMirrorReranks(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	for i := range 10 { // others, so that words have a weight
		s.put(gather.OriginFile, gather.Change{Added: 1}, knowledge.Article{ID: strconv.Itoa(i), Title: fmt.Sprintf("Telephone %d", i), Body: "Dial 0 first."})
	}
	s.put(gather.OriginFile, gather.Change{Added: 4},
		knowledge.Article{ID: "words", Title: "Scanner hangs", Body: "Restart the scanner when it hangs."},
		knowledge.Article{ID: "second", Title: "Scanner hangs often", Body: "Replace the scanner."},
		knowledge.Article{ID: "third", Title: "Scanner hangs rarely", Body: "Wait for the scanner to go on."},
		knowledge.Article{ID: "sense", Title: "Devices that do not respond", Body: "Every department has some. Unplug the scanner for a minute."},
	)
	byWords := s.find(knowledge.MirrorOptions{}, "Scanner hangs")
	if byWords[0].ID != "words" || len(byWords) != knowledge.MaxArticles {
		t.Fatalf("by words %q", idsOf(byWords))
	}
	relevance := map[string]float64{"words": 0.3, "second": 0.2, "third": 0.25, "sense": 0.9}
	got := s.find(knowledge.MirrorOptions{Reranker: reranker{relevance: relevance}}, "Scanner hangs")
	if diff := cmp.Diff([]string{"sense", "words", "third"}, idsOf(got)); diff != "" || got[0].Relevance != 0.9 {
		t.Errorf("by meaning (-want +got):\n%s", diff)
	}
	if !strings.Contains(got[0].Text, "Unplug the scanner") {
		t.Errorf("what the model put first has the text %q", got[0].Text)
	}
	var log bytes.Buffer
	got = s.find(knowledge.MirrorOptions{Reranker: reranker{relevance: relevance, err: errors.New("model down")}, Logger: slog.New(slog.NewTextHandler(&log, nil))}, "Scanner hangs")
	if diff := cmp.Diff(byWords, got); diff != "" || !strings.Contains(log.String(), "model down") {
		t.Errorf("without the model, log %s (-want +got):\n%s", &log, diff)
	}
}

// snapshots counts the transactions that are open.
type snapshots struct {
	*postgres.DB

	open int
}

func (s *snapshots) InTenantSnapshot(ctx context.Context, tenantID string, fn func(postgres.Tx) error) error {
	s.open++
	defer func() { s.open-- }()
	return s.DB.InTenantSnapshot(ctx, tenantID, fn)
}

// While the model is asked, no connection is held: it needs one itself, and all that there are may be waiting for it.
func TestMirrorHoldsNoConnectionWhileItReranks(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	seedMirror(t, s.Database, gathertest.Tenant, 2)
	db, asked := &snapshots{DB: s.DB}, false
	_, err := knowledge.NewMirror(db, knowledge.MirrorOptions{Reranker: reranker{before: func() {
		asked = true
		if db.open != 0 {
			t.Errorf("%d transactions are open", db.open)
		}
	}}}).Find(t.Context(), gather.Query{TenantID: gathertest.Tenant, Ticket: vpnTicket()})
	if err != nil || !asked {
		t.Errorf("asked %t, %v", asked, err)
	}
}

// An article may go, or change, while the model is asked.
func TestMirrorWhileArticlesGo(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	seedMirror(t, s.Database, gathertest.Tenant, 2)
	items := s.find(knowledge.MirrorOptions{Reranker: reranker{
		relevance: map[string]float64{"north-0": 0.9, "north-1": 0.8},
		before: func() {
			if _, err := s.store.Delete(t.Context(), gathertest.Tenant, gather.OriginFile, []string{"north-0"}); err != nil {
				t.Error(err)
			}
		},
	}}, "VPN tunnel drops")
	if diff := cmp.Diff([]string{"north-1"}, idsOf(items)); diff != "" || items[0].Text == "" {
		t.Errorf("found %+v (-want +got):\n%s", items, diff)
	}
}

type articleLinks struct{ err error }

func (l articleLinks) ArticleURL(_ context.Context, tenantID string) (tenant.LinkTemplate, error) {
	return tenant.LinkTemplate("https://kb.example.com/" + tenantID + "/{id}"), l.err
}

func TestMirrorLinks(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.put(gather.OriginFile, gather.Change{Added: 2},
		knowledge.Article{ID: "1", Title: "Scanner hangs", Body: "Scanner hangs"},
		knowledge.Article{ID: "2", Title: "Scanner hangs", Body: "Wait for it", URL: "https://kb.example.com/own"},
	)
	items := s.find(knowledge.MirrorOptions{Links: articleLinks{}}, "Scanner hangs")
	if len(items) != 2 || items[0].URL != "https://kb.example.com/north/1" || items[1].URL != "https://kb.example.com/own" {
		t.Errorf("found %+v", items)
	}
	var log bytes.Buffer
	items = s.find(knowledge.MirrorOptions{Links: articleLinks{errors.New("no settings")}, Logger: slog.New(slog.NewTextHandler(&log, nil))}, "Scanner hangs")
	if len(items) != 2 || items[0].URL != "" || !strings.Contains(log.String(), "no settings") {
		t.Errorf("found %+v, log %s", items, &log)
	}
}

// explained are tenants whose searches are explained and checked.
type explained struct {
	*postgres.DB

	t *testing.T
}

func (e explained) InTenantSnapshot(ctx context.Context, tenantID string, fn func(tx postgres.Tx) error) error {
	return e.DB.InTenantSnapshot(ctx, tenantID, func(tx postgres.Tx) error {
		plans := plantest.Record(e.t, tx)
		err := fn(plans)
		index, columns := "kb_articles_document", []string{"document", "tenant_id"}
		if len(plans.Statements()) == 2 { // the passages
			index, columns = "kb_articles_pkey", []string{"tenant_id", "article_id"}
		} else {
			plans.Check(e.t, plantest.Lookup{Table: "search_postings", Index: "search_postings_pkey", Columns: []string{"tenant_id", "collection", "segment", "key"}})
		}
		plans.Check(e.t, plantest.Lookup{Table: "kb_articles", Index: index, Columns: columns})
		return err
	})
}

func TestMirrorLooksUpByIndex(t *testing.T) {
	t.Parallel()
	for name, analyzeAfter := range map[string]string{
		"known tenant": gathertest.Neighbour, "tenant newer than statistics": gathertest.Tenant, "no statistics": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			for _, tenantID := range []string{gathertest.Tenant, gathertest.Neighbour} {
				seedMirror(t, s.Database, tenantID, knowledge.MaxBatch/2)
				if tenantID == analyzeAfter {
					s.exec("ANALYZE")
				}
			}
			found, err := knowledge.NewMirror(explained{s.DB, t}, knowledge.MirrorOptions{}).Find(t.Context(), gather.Query{
				TenantID: gathertest.Neighbour, Ticket: ticket.Ticket{ID: "1", Subject: "VPN tunnel drops, part 789"},
			})
			if err != nil || len(found.Items) == 0 || found.Items[0].ID != "south-789" {
				t.Fatalf("found %+v, %v", found, err)
			}
		})
	}
}
