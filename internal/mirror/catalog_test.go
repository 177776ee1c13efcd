package mirror

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/inventory"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

func (b *bench) texts(query string) map[string]string {
	b.t.Helper()
	found, err := b.store.Database.Admin.Query(b.t.Context(), query)
	if err != nil {
		b.t.Fatal(err)
	}
	texts := map[string]string{}
	var id, text string
	_, err = pgx.ForEachRow(found, []any{&id, &text}, func() error {
		texts[id] = text
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return texts
}

func (b *bench) articlesInStep() {
	b.t.Helper()
	want := map[string]string{}
	for _, a := range b.sdp.Solutions() {
		if a.ApprovalStatus == approved && a.Title != "" {
			want[a.ID] = a.Title + "|" + plain(a.Description)
		}
	}
	if diff := cmp.Diff(want, b.texts("SELECT article_id, title || '|' || body FROM kb_articles WHERE origin = 'servicedesk'")); diff != "" {
		b.t.Error(diff)
	}
}

func TestArticlesFollow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var ids []string
	for i := range 130 {
		status := approved
		if i%13 == 12 {
			status = "UnApproved"
		}
		ids = append(ids, b.sdp.AddSolution(servicedesktest.Solution{
			Title: fmt.Sprintf("How to restart %d", i), Description: fmt.Sprintf("<p>Restart %d</p>", i), ApprovalStatus: status,
		}))
	}
	b.sdp.AddSolution(servicedesktest.Solution{ApprovalStatus: approved}) // without a title
	sum := b.do(FeedArticles, Options{})
	if sum.Added != 120 || sum.Skipped != 10 || sum.Rejected != 1 || sum.Read != 131 {
		t.Errorf("got %+v", sum)
	}
	b.articlesInStep()
	before := 0
	b.calls(&before)
	if sum := b.refresh(FeedArticles); sum.Unchanged != 120 || b.calls(&before) != 2 {
		t.Errorf("nothing had changed: %+v", sum)
	}
	b.clock.advance(time.Minute)
	b.sdp.EditSolution(ids[0], func(a *servicedesktest.Solution) { a.Title = "edited" })
	b.sdp.EditSolution(ids[1], func(a *servicedesktest.Solution) { a.ApprovalStatus = "Expired" })
	b.sdp.EditSolution(ids[12], func(a *servicedesktest.Solution) { a.ApprovalStatus = approved })
	b.sdp.DeleteSolution(ids[2])
	b.calls(&before)
	sum = b.refresh(FeedArticles)
	if sum.Changed != 1 || sum.Added != 1 || sum.Removed != 2 {
		t.Errorf("got %+v", sum)
	}
	if n := b.calls(&before); n != 2+2+1 {
		t.Errorf("%d calls", n)
	}
	b.articlesInStep()
	if sum := b.do(FeedArticles, Options{Since: b.clock.Now().Add(-time.Second)}); sum.Read != 130 || sum.Unchanged > 2 || sum.Removed != 0 {
		t.Errorf("since: %+v", sum)
	}
}

func TestArticlesInSteps(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.StepCalls = 30 })
	for i := range 100 {
		b.sdp.AddSolution(servicedesktest.Solution{Title: strconv.Itoa(i), ApprovalStatus: approved})
	}
	steps := 0
	for ; len(b.texts("SELECT article_id, title FROM kb_articles")) < 100 && steps < 10; steps++ {
		b.refresh(FeedArticles)
	}
	if steps != 4 {
		t.Errorf("%d steps", steps)
	}
	b.articlesInStep()
}

func TestArticlesAreNotWiped(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 60 {
		b.sdp.AddSolution(servicedesktest.Solution{Title: strconv.Itoa(i), ApprovalStatus: approved})
		b.sdp.AddWorkstation(servicedesktest.Workstation{Name: fmt.Sprintf("db%d", i), AssetTag: strconv.Itoa(i)})
	}
	for _, feed := range []Feed{FeedArticles, FeedAssets} {
		b.faults()
		b.do(feed, Options{})
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultTruncatedList})
		if _, err := b.Refresh(t.Context(), alpha, feed); err == nil || !strings.Contains(err.Error(), "not complete") {
			t.Errorf("%s: %v", feed, err)
		}
		if _, err := b.Import(t.Context(), alpha, feed, Options{}); err == nil {
			t.Errorf("%s: the import says nothing", feed)
		}
	}
	if a, s := len(b.texts("SELECT article_id, title FROM kb_articles")), len(b.texts("SELECT system_id, hostname FROM systems")); a != 60 || s != 60 {
		t.Errorf("%d articles and %d systems are left", a, s)
	}
	b.faults()
	for _, a := range b.sdp.Solutions() {
		b.sdp.DeleteSolution(a.ID)
	}
	if _, err := b.Refresh(t.Context(), alpha, FeedArticles); err == nil || len(b.texts("SELECT article_id, title FROM kb_articles")) != 48 {
		t.Errorf("all articles are gone from the server: %v", err)
	}
	if sum := b.refresh(FeedArticles); sum.Removed != 0 {
		t.Errorf("it goes on: %+v", sum)
	}
	b.do(FeedArticles, Options{})
	b.articlesInStep()
}

func TestAssetsFollow(t *testing.T) {
	t.Parallel()
	for _, newer := range []bool{false, true} {
		b := newBench(t)
		b.sdp = b.serve(alpha, servicedesktest.Options{NewAssets: newer})
		var ids []string
		for i := range 130 {
			ids = append(ids, b.sdp.AddWorkstation(servicedesktest.Workstation{
				Name: fmt.Sprintf("db%d.example.com", i), IPAddresses: fmt.Sprintf("192.0.2.%d, DHCP,0.0.0.0, 2001:db8::%x", i, i), Site: "HQ", ProductType: "Server",
			}))
		}
		b.sdp.EditWorkstation(ids[5], func(w *servicedesktest.Workstation) { w.Name = "" })
		sum := b.do(FeedAssets, Options{})
		if sum.Added != 129 || sum.Rejected != 1 || sum.Read != 130 {
			t.Errorf("got %+v", sum)
		}
		want := 2
		if newer {
			want = 1 // the primary one
		}
		var addresses int
		var location, role string
		b.scan("SELECT location, role, (SELECT count(*) FROM system_addresses a WHERE a.system_id = s.system_id) FROM systems s WHERE hostname = 'db7.example.com'", &location, &role, &addresses)
		if addresses != want || location != "HQ" || role != "Server" {
			t.Errorf("%d addresses, %s, %s", addresses, location, role)
		}
		b.sdp.EditWorkstation(ids[0], func(w *servicedesktest.Workstation) { w.Site = "Branch" })
		b.sdp.EditWorkstation(ids[1], func(w *servicedesktest.Workstation) { w.State = "Disposed" })
		b.sdp.DeleteWorkstation(ids[2])
		sum = b.refresh(FeedAssets)
		if sum.Changed != 1 || sum.Removed != 2 || sum.Unchanged != 126 {
			t.Errorf("got %+v", sum)
		}
		b.sdp.AddWorkstation(servicedesktest.Workstation{Name: "fresh.example.com"})
		if sum := b.do(FeedAssets, Options{DryRun: true}); sum.Added != 1 || sum.Unchanged != 127 || sum.Rejected != 1 {
			t.Errorf("dry: %+v", sum)
		}
		if n := len(b.texts("SELECT system_id, hostname FROM systems")); n != 127 {
			t.Errorf("%d systems are left", n)
		}
	}
}

// They are looked at each time, so one line has to do for all.
func TestAssetsWithoutANameAreTold(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	b := newBench(t)
	b.Mirror = b.another(func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	for range 5 {
		b.sdp.AddWorkstation(servicedesktest.Workstation{AssetTag: "A-1"})
	}
	if sum := b.refresh(FeedAssets); sum.Rejected != 5 || len(sum.Rejections) != 5 {
		t.Errorf("got %+v", sum)
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 1 || !strings.Contains(log.String(), "count=5") {
		t.Errorf("%d warnings in %s", n, log.String())
	}
}

func TestSystemsFromFilesStay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.systems.Put(t.Context(), alpha, gather.OriginFile, []inventory.System{{ID: "f1", Hostname: "router1.example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	if sum := b.do(FeedAssets, Options{}); sum.Removed != 0 || len(b.texts("SELECT system_id, hostname FROM systems")) != 1 {
		t.Errorf("got %+v", sum)
	}
}

func TestSystem(t *testing.T) {
	t.Parallel()
	got := system(servicedesk.Workstation{
		ID: "1", Name: "db1", AssetTag: "A-1", Site: "HQ", ProductType: "Server", Account: "Example Clinic",
		Addresses: []string{" 192.0.2.1 ", "::ffff:192.0.2.2", "fe80::1%eth0", "127.0.0.1", "::", "n/a", "192.0.2.0/24"},
	})
	want := inventory.System{
		ID: "1", Hostname: "db1", AssetTag: "A-1", Location: "HQ", Role: "Server", Client: "Example Clinic", Address: "192.0.2.1, 192.0.2.2, fe80::1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
