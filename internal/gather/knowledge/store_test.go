package knowledge_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/gathertest"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/internal/ticket/tickettest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// shelf is a mirror with what its tests need to look at.
type shelf struct {
	*gathertest.Database

	t     *testing.T
	store *knowledge.Store
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	d := gathertest.NewDatabase(t)
	return &shelf{Database: d, t: t, store: knowledge.NewStore(d.DB)}
}

func (s *shelf) put(origin gather.Origin, want gather.Change, articles ...knowledge.Article) {
	s.t.Helper()
	got, err := s.store.Put(s.t.Context(), gathertest.Tenant, origin, articles)
	if err != nil || got != want {
		s.t.Fatalf("Put = %+v, %v; want %+v", got, err, want)
	}
}

func (s *shelf) exec(sql string, args ...any) {
	s.t.Helper()
	if _, err := s.Admin.Exec(s.t.Context(), sql, args...); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
}

// find asks a Mirror.
func (s *shelf) find(opts knowledge.MirrorOptions, words string) []gather.Item {
	s.t.Helper()
	result, err := knowledge.NewMirror(s.DB, opts).Find(s.t.Context(), gather.Query{TenantID: gathertest.Tenant, Ticket: ticket.Ticket{ID: "1", Subject: words}})
	if err != nil {
		s.t.Fatal(err)
	}
	return result.Items
}

func (s *shelf) finds(words string, want ...string) {
	s.t.Helper()
	got := idsOf(s.find(knowledge.MirrorOptions{}, words))
	slices.Sort(got)
	if !slices.Equal(got, want) {
		s.t.Errorf("%q finds %q, want %q", words, got, want)
	}
}

func idsOf(items []gather.Item) (all []string) {
	for _, item := range items {
		all = append(all, item.ID)
	}
	return all
}

func (s *shelf) written(id string) (by string) {
	s.t.Helper()
	if err := s.Admin.QueryRow(s.t.Context(), "SELECT xmin::text FROM kb_articles WHERE article_id = $1", id).Scan(&by); err != nil {
		s.t.Fatal(err)
	}
	return by
}

func TestStore(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	vpn := knowledge.Article{ID: "1", Title: "VPN tunnel drops", Body: "Lower the MTU.", URL: " https://kb.example.com/1 ", UpdatedAt: time.Date(2026, 1, 2, 3, 4, 5, 6789, time.UTC)}
	mail := knowledge.Article{ID: "2", Title: "Outlook profile", Body: "Repair the profile."}
	s.put(gather.OriginFile, gather.Change{Added: 2}, vpn, mail)
	before := s.written("1")
	s.put(gather.OriginFile, gather.Change{Unchanged: 2}, vpn, mail)
	if after := s.written("1"); after != before {
		t.Error("an article that says nothing new was written")
	}
	vpn.Title = "Scanner hangs"
	s.put(gather.OriginServiceDesk, gather.Change{Changed: 1, Unchanged: 1}, mail, vpn, vpn, knowledge.Article{ID: "2", Title: "Outlook profile", Body: "Repair the profile."})
	s.finds("tunnel drops")
	s.finds("scanner hangs", "1")
	if items := s.find(knowledge.MirrorOptions{}, "scanner hangs"); items[0].URL != "https://kb.example.com/1" {
		t.Errorf("the link is %q", items[0].URL)
	}
	versions, err := s.store.Versions(t.Context(), gathertest.Tenant, []string{"1", "2", "3"})
	if diff := cmp.Diff(map[string]time.Time{"1": vpn.UpdatedAt.Truncate(time.Microsecond), "2": {}}, versions); diff != "" || err != nil {
		t.Errorf("versions, %v (-want +got):\n%s", err, diff)
	}
	if ids, err := s.store.IDs(t.Context(), gathertest.Tenant, gather.OriginServiceDesk, "1", 9); err != nil || !slices.Equal(ids, []string{"2"}) {
		t.Errorf("ids %q, %v", ids, err)
	}
	if n, err := s.store.Delete(t.Context(), gathertest.Tenant, gather.OriginFile, []string{"1", "2"}); n != 0 || err != nil {
		t.Errorf("deleted %d as from a file, %v", n, err)
	}
	if n, err := s.store.Delete(t.Context(), gathertest.Tenant, gather.OriginServiceDesk, []string{"1", "9"}); n != 1 || err != nil {
		t.Errorf("deleted %d, %v", n, err)
	}
	s.finds("scanner hangs outlook profile", "2")
}

func TestStoredArticlesHoldNothingDeceptive(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.put(gather.OriginServiceDesk, gather.Change{Added: 1}, knowledge.Article{ID: "1", Title: tickettest.Deceptive, Body: tickettest.Deceptive})
	var title, body string
	if err := s.Admin.QueryRow(t.Context(), "SELECT title, body FROM kb_articles").Scan(&title, &body); err != nil {
		t.Fatal(err)
	}
	tickettest.CheckDeceptive(t, "a title", title)
	tickettest.CheckDeceptive(t, "a body", body)
}

func TestPutIsAllOrNone(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	good := knowledge.Article{ID: "1", Title: "Printer burns", Body: "Call the fire brigade."}
	for _, bad := range []knowledge.Article{
		{Title: "no id"}, {ID: "2"}, {ID: "3", Title: " \u200b"}, {ID: "4\x00", Title: "t"}, {ID: "5", Title: "t", URL: "javascript:alert(1)"}, {ID: "6", Title: "t", URL: "/relative"},
	} {
		_, err := s.store.Put(t.Context(), gathertest.Tenant, gather.OriginFile, []knowledge.Article{good, bad})
		if err == nil || !strings.Contains(err.Error(), "article") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	s.exec(`ALTER TABLE kb_articles ADD CONSTRAINT fails CHECK (article_id <> '7')`)
	if _, err := s.store.Put(t.Context(), gathertest.Tenant, gather.OriginFile, []knowledge.Article{good, {ID: "7", Title: "t"}}); err == nil {
		t.Error("what the database refuses was put")
	}
	s.finds("printer burns")
	// Not even bytes that are no text keep the others out.
	s.put(gather.OriginFile, gather.Change{Added: 2}, good, knowledge.Article{ID: "8", Title: "Caf\xe9", Body: "a\x00b", URL: "https://kb.example.com/\xe9"})
	s.finds("printer burns", "1")
}

func TestReindex(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.exec(`INSERT INTO kb_articles (tenant_id, article_id, title, body) VALUES ($1, '1', 'VPN tunnel drops', 'Lower the MTU.')`, gathertest.Tenant)
	for _, want := range []int{1, 0} {
		if n, err := s.store.Reindex(t.Context(), gathertest.Tenant); n != want || err != nil {
			t.Errorf("Reindex = %d, %v; want %d", n, err, want)
		}
	}
	s.finds("tunnel drops", "1")
	if n, err := s.store.Rebuild(t.Context(), gathertest.Tenant); n != 1 || err != nil {
		t.Errorf("Rebuild = %d, %v; want 1", n, err)
	}
	s.finds("tunnel drops", "1")
}
