package knowledge_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge/knowledgetest"
)

// Of what is seeded, one part is mirrored and the other live.
func TestCombinedConformance(t *testing.T) {
	t.Parallel()
	gathertest.Run(t, func(t *testing.T) gathertest.Fixture {
		t.Helper()
		d := gathertest.NewDatabase(t)
		bases, known := map[string]*knowledgetest.Server{}, endpoints{}
		for _, tenantID := range []string{gathertest.Tenant, gathertest.Neighbour} {
			bases[tenantID] = knowledgetest.New(knowledgetest.Options{APIKey: apiKey})
			server := httptest.NewServer(bases[tenantID])
			t.Cleanup(server.Close)
			known[tenantID] = knowledge.Endpoint{BaseURL: server.URL, APIKey: apiKey}
		}
		return gathertest.Fixture{
			Source: knowledge.New(knowledge.NewMirror(d.DB, knowledge.MirrorOptions{}), knowledge.NewLive(known, &mapCache{}, knowledge.Options{Transport: http.DefaultTransport})),
			Kind:   gather.KindArticle, MaxItems: knowledge.MaxArticles,
			Tenant: gathertest.Tenant, Neighbour: gathertest.Neighbour, Ticket: vpnTicket(),
			Seed: func(t *testing.T, tenantID string, n int) []string {
				t.Helper()
				ids := seedMirror(t, d, tenantID, (n+1)/2)
				for i := range n / 2 {
					a := vpnArticle()
					a.ID, a.Title = fmt.Sprintf("%s-live-%d", tenantID, i), fmt.Sprintf("VPN drops %d", i)
					a.URL = "https://kb.example.com/" + a.ID
					bases[tenantID].AddArticle(a)
					ids = append(ids, a.ID)
				}
				return ids
			},
			Stall: func(t *testing.T) {
				t.Helper()
				for _, base := range bases {
					if err := base.SetFaults(knowledgetest.Faults{Hang: true}); err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { _ = base.SetFaults(knowledgetest.Faults{}) })
				}
				d.Lock(t, "kb_articles")
			},
		}
	})
}

// place is one of the two places, with an answer that is settled.
type place struct {
	result gather.Result
	err    error
	asked  *int
}

func (p place) Kind() gather.Kind { return gather.KindArticle }

func (p place) Find(context.Context, gather.Query) (gather.Result, error) {
	if p.asked != nil {
		*p.asked++
	}
	return p.result, p.err
}

func item(id string, relevance float64) gather.Item {
	return gather.Item{Kind: gather.KindArticle, ID: id, Title: "Title " + id, Relevance: relevance}
}

func result(note string, items ...gather.Item) gather.Result {
	return gather.Result{Items: items, Note: note}
}

func TestCombinedSparesTheLiveOne(t *testing.T) {
	t.Parallel()
	for mirrored, want := range map[int]int{0: 1, 2: 1, 3: 0} {
		var items []gather.Item
		for i := range mirrored {
			items = append(items, item(fmt.Sprint("m", i), 0.5))
		}
		asked := 0
		got, err := knowledge.New(place{result: result("", items...)}, place{result: result("", item("l", 0.9)), asked: &asked}).Find(t.Context(), gather.Query{})
		if err != nil || asked != want || len(got.Items) != mirrored+want {
			t.Errorf("with %d mirrored: asked %d times, want %d; got %+v, %v", mirrored, asked, want, got, err)
		}
	}
}

func TestCombined(t *testing.T) {
	t.Parallel()
	linked := func(i gather.Item, url string) gather.Item {
		i.URL = url
		return i
	}
	titled := func(i gather.Item, title string) gather.Item {
		i.Title = title
		return i
	}
	down := errors.New("down")
	const mirrorDown, liveDown = "The imported articles could not be searched.", "The knowledge base could not be asked; these are imported articles."
	for name, c := range map[string]struct {
		mirror, live place
		ids          string
		note         string
	}{
		"nothing":                 {},
		"merged, best first":      {place{result: result("", item("m1", 0.8), item("m2", 0.3))}, place{result: result("", item("l1", 0.9), item("l2", 0.1))}, "l1 m1 m2", ""},
		"of equals the mirror's":  {place{result: result("", item("m1", 0.5))}, place{result: result("", item("l1", 0.5))}, "m1 l1", ""},
		"one link, once":          {place{result: result("", linked(item("m1", 0.2), "https://x/1"))}, place{result: result("", linked(item("l1", 0.9), "https://x/1"))}, "m1", ""},
		"one title, once":         {place{result: result("", titled(item("m1", 0.2), "How to VPN"))}, place{result: result("", titled(item("l1", 0.9), "HOW TO VPN"), item("l2", 0.1))}, "m1 l2", ""},
		"one id, once":            {place{result: result("", titled(item("7", 0.2), "VPN"))}, place{result: result("", item("7", 0.9))}, "7", ""},
		"no link is not one link": {place{result: result("", item("m1", 0.2))}, place{result: result("", item("l1", 0.9))}, "l1 m1", ""},
		"live fails":              {place{result: result("", item("m1", 0.8))}, place{err: down}, "m1", liveDown},
		"mirror fails":            {place{err: down}, place{result: result("", item("l1", 0.8))}, "l1", mirrorDown},
		"live from its cache":     {place{result: result("", item("m1", 0.8))}, place{result: result("From 10:12.", item("l1", 0.7))}, "m1 l1", "From 10:12."},
		"mirror fails, live from its cache": {
			place{err: down}, place{result: result("From 10:12.", item("l1", 0.8))}, "l1", mirrorDown + " From 10:12.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := knowledge.New(c.mirror, c.live).Find(t.Context(), gather.Query{})
			if err != nil || strings.Join(idsOf(got.Items), " ") != c.ids || got.Note != c.note {
				t.Errorf("got %q with the note %q, %v; want %q with %q", idsOf(got.Items), got.Note, err, c.ids, c.note)
			}
		})
	}
}

func TestCombinedFails(t *testing.T) {
	t.Parallel()
	down, wrong := errors.New("down"), &gather.PermanentError{Err: errors.New("wrong key")}
	for name, c := range map[string]struct {
		mirror, live place
		says         string
		permanent    bool
	}{
		"both":                                 {place{err: down}, place{err: errors.New("timeout")}, "down; timeout", false},
		"the mirror, and the other is empty":   {place{err: down}, place{}, "down", false},
		"the live one, and nothing mirrored":   {place{}, place{err: errors.New("timeout")}, "timeout", false},
		"its settings, and nothing mirrored":   {place{}, place{err: wrong}, "wrong key", true},
		"its settings, and the mirror fails":   {place{err: down}, place{err: wrong}, "down; wrong key", false},
		"the deadline, which callers look for": {place{err: context.DeadlineExceeded}, place{err: context.DeadlineExceeded}, "deadline", false},
	} {
		got, err := knowledge.New(c.mirror, c.live).Find(t.Context(), gather.Query{})
		if err == nil || !strings.Contains(err.Error(), c.says) || isPermanent(err) != c.permanent || c.mirror.err != nil && !errors.Is(err, c.mirror.err) {
			t.Errorf("%s: %v, permanent %t; want %q, permanent %t", name, err, isPermanent(err), c.says, c.permanent)
		}
		if diff := cmp.Diff(gather.Result{}, got); diff != "" {
			t.Errorf("%s: an error and a result (-want +got):\n%s", name, diff)
		}
	}
}
