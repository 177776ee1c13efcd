package servicedesktest_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

const byUpdate = `{"list_info":{"row_count":100,"sort_field":"last_updated_time","sort_order":"asc"}}`

func (b *bench) ids(a answer, key string) []string {
	b.t.Helper()
	ids := []string{}
	for _, item := range items(b.t, a, key) {
		id, _ := item["id"].(string)
		ids = append(ids, id)
	}
	return ids
}

func value(t *testing.T, a answer, path ...string) time.Time {
	t.Helper()
	ms, err := strconv.ParseInt(part[string](t, a, append(path, "value")...), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.UnixMilli(ms).UTC()
}

func TestEditsMoveTheLastUpdatedTime(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		created := b.clock.Now()
		first := b.fake.AddRequest(servicedesktest.Request{Subject: "first", Status: "Open"})
		b.clock.advance(time.Minute)
		second := b.fake.AddRequest(servicedesktest.Request{Subject: "second", Status: "Open"})
		if got := b.ids(b.list("/requests", byUpdate), "requests"); !cmp.Equal(got, []string{first, second}) {
			t.Errorf("order %v", got)
		}
		for name, edit := range map[string]func() bool{
			"edit":    func() bool { return b.fake.EditRequest(first, func(r *servicedesktest.Request) { r.Subject = "new" }) },
			"resolve": func() bool { return b.fake.Resolve(first, "<p>done</p>") },
			"reopen":  func() bool { return b.fake.Reopen(first) },
			"trash":   func() bool { return b.fake.TrashRequest(first) },
			"replace": func() bool { return b.fake.AddRequest(servicedesktest.Request{ID: first}) == first },
		} {
			b.clock.advance(time.Minute)
			if !edit() {
				t.Errorf("%s: no such ticket", name)
			}
			if got := value(t, b.get("/requests/"+first), "request", "last_updated_time"); !got.Equal(b.clock.Now()) {
				t.Errorf("%s: last updated %v, want %v", name, got, b.clock.Now())
			}
		}
		if got := b.ids(b.list("/requests", byUpdate), "requests"); !cmp.Equal(got, []string{second, first}) {
			t.Errorf("order after the edits %v", got)
		}
		since := `{"list_info":{"search_criteria":[{"field":"last_updated_time","condition":"gte","value":"` +
			strconv.FormatInt(created.Add(2*time.Minute).UnixMilli(), 10) + `"}]}}`
		if got := b.ids(b.list("/requests", since), "requests"); !cmp.Equal(got, []string{first}) {
			t.Errorf("updated since: %v", got)
		}
		if b.fake.EditRequest("999", func(*servicedesktest.Request) {}) || b.fake.DeleteRequest("999") || b.fake.ArchiveRequest("999") {
			t.Error("a ticket that does not exist was changed")
		}
	})
}

func TestResolveAndReopen(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem)
	id := b.fake.AddRequest(servicedesktest.Request{Status: "Open"})
	if a := b.get("/requests/" + id + "/resolutions"); part[map[string]any](t, a, "resolution")["content"] != nil {
		t.Errorf("an open ticket has a resolution: %s", a.raw)
	}
	b.clock.advance(time.Hour)
	b.fake.Resolve(id, "<p>done</p>")
	a := b.get("/requests/" + id)
	if part[string](t, a, "request", "status", "internal_name") != "Resolved" || part[string](t, a, "request", "resolution", "content") != "<p>done</p>" {
		t.Errorf("got %s", a.raw)
	}
	for _, path := range [][]string{{"request", "resolved_time"}, {"request", "resolution", "submitted_on"}} {
		if got := value(t, a, path...); !got.Equal(b.clock.Now()) {
			t.Errorf("%v is %v", path, got)
		}
	}
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultNoResolution})
	if a := b.get("/requests/" + id); part[map[string]any](t, a, "request")["resolution"] != nil {
		t.Errorf("the fault has no effect: %s", a.raw)
	}
	if a := b.get("/requests/" + id + "/resolutions"); part[string](t, a, "resolution", "content") != "<p>done</p>" {
		t.Errorf("got %s", a.raw)
	}
	b.fake.Reopen(id)
	if a := b.get("/requests/" + id); part[string](t, a, "request", "status", "name") != "Open" {
		t.Errorf("got %s", a.raw)
	}
}

func TestWaysOfDisappearing(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem)
	var ids []string
	for range 5 {
		ids = append(ids, b.fake.AddRequest(servicedesktest.Request{}))
	}
	b.fake.TrashRequest(ids[0])
	b.fake.MergeRequest(ids[1], ids[4])
	b.fake.ArchiveRequest(ids[2])
	b.fake.DeleteRequest(ids[3])
	if got := b.ids(b.list("/requests", byUpdate), "requests"); !cmp.Equal(got, []string{ids[0], ids[4]}) && !cmp.Equal(got, []string{ids[4], ids[0]}) {
		t.Errorf("listed %v", got)
	}
	if !part[bool](t, b.get("/requests/"+ids[0]), "request", "is_trashed") {
		t.Error("the trashed one does not say so")
	}
	for _, id := range ids[1:4] {
		wantFailure(t, b.get("/requests/"+id), http.StatusNotFound, 4007)
	}
	for i, id := range ids {
		a := b.get("/archive_requests/" + id)
		if (a.status == http.StatusOK) != (i == 2) {
			t.Errorf("archive of %d: %s", i, a.raw)
		}
	}
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultNoTrash})
	if got := b.ids(b.list("/requests", byUpdate), "requests"); !cmp.Equal(got, []string{ids[4]}) {
		t.Errorf("without the trash: %v", got)
	}
}

func TestServersThatDoNotKnowTheLastUpdatedTime(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem)
	b.fake.AddRequest(servicedesktest.Request{})
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultRefuseUpdatedTime}, servicedesktest.Fault{Kind: servicedesktest.FaultNoUpdatedTime})
	wantFailure(t, b.list("/requests", byUpdate), http.StatusBadRequest, 4001)
	wantFailure(t, b.list("/requests", `{"list_info":{"search_criteria":[{"field":"last_updated_time","condition":"gte","value":"1"}]}}`), http.StatusBadRequest, 4001)
	a := b.list("/requests", `{"list_info":{"sort_field":"created_time"}}`)
	if item := items(t, a, "requests")[0]; a.status != http.StatusOK || item["last_updated_time"] != nil {
		t.Errorf("got %s", a.raw)
	}
}

func TestListsAndTheFieldsThatAreAskedFor(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem)
	b.fake.AddRequest(servicedesktest.Request{Subject: "a", Status: "Open"})
	b.fake.AddSolution(servicedesktest.Solution{Title: "a", LastUpdated: time.Unix(1, 0)})
	const asked = `{"list_info":{"fields_required":["status","approval_status","last_updated_time"]}}`
	for _, folder := range []string{"requests", "solutions"} {
		b.faults()
		if item := items(t, b.list("/"+folder, asked), folder)[0]; len(item) != 3 || item["id"] == nil || item["last_updated_time"] == nil {
			t.Errorf("asked for three fields of %s: %v", folder, item)
		}
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultSparseLists})
		if item := items(t, b.list("/"+folder, asked), folder)[0]; item["last_updated_time"] == nil {
			t.Errorf("a sparse list of %s lacks what was asked for: %v", folder, item)
		}
		if item := items(t, b.list("/"+folder, `{"list_info":{}}`), folder)[0]; item["last_updated_time"] != nil || len(item) < 4 {
			t.Errorf("a sparse list of %s: %v", folder, item)
		}
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultRefuseFields})
		wantFailure(t, b.list("/"+folder, asked), http.StatusBadRequest, 4001)
		if a := b.list("/"+folder, `{"list_info":{}}`); a.status != http.StatusOK {
			t.Errorf("without fields: %s", a.raw)
		}
	}
}

func TestTruncatedList(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem)
	for range 5 {
		b.fake.AddRequest(servicedesktest.Request{})
	}
	b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultTruncatedList, Limit: 3})
	a := b.list("/requests", byUpdate)
	if len(items(t, a, "requests")) != 3 || part[bool](t, a, "list_info", "has_more_rows") {
		t.Errorf("got %s", a.raw)
	}
}

func TestSolutionsChangeAndGo(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem)
	one := b.fake.AddSolution(servicedesktest.Solution{Title: "one", ApprovalStatus: "Approved"})
	two := b.fake.AddSolution(servicedesktest.Solution{Title: "two", ApprovalStatus: "UnApproved"})
	b.clock.advance(time.Minute)
	if !b.fake.EditSolution(one, func(a *servicedesktest.Solution) { a.Title = "new" }) {
		t.Error("no such article")
	}
	a := b.get("/solutions/" + one)
	if part[string](t, a, "solution", "title") != "new" || !value(t, a, "solution", "last_updated_time").Equal(b.clock.Now()) {
		t.Errorf("got %s", a.raw)
	}
	if !b.fake.DeleteSolution(two) || b.fake.DeleteSolution(two) {
		t.Error("deleting it did not work once")
	}
	if again := b.fake.AddSolution(servicedesktest.Solution{}); again == two {
		t.Error("the id of a deleted article is given out again")
	}
	wantFailure(t, b.get("/solutions/"+two), http.StatusNotFound, 4007)
}

func TestAssetsOfBothBuilds(t *testing.T) {
	t.Parallel()
	for _, newer := range []bool{false, true} {
		fake := servicedesktest.New(servicedesktest.Options{APIKey: apiKey, NewAssets: newer})
		b := &bench{t: t, fake: fake, root: serve(t, fake), http: http.DefaultClient}
		id := fake.AddWorkstation(servicedesktest.Workstation{Name: "db1", IPAddresses: "192.0.2.1, 192.0.2.2", ProductType: "Server"})
		gone := fake.AddWorkstation(servicedesktest.Workstation{Name: "db2"})
		fake.DeleteWorkstation(gone)
		fake.EditWorkstation(id, func(w *servicedesktest.Workstation) { w.Account = "Example Clinic" })
		folder, key, other, field, want := "/workstations", "workstation", "/asset_assets", "ip_addresses", "192.0.2.1, 192.0.2.2"
		if newer {
			folder, key, other, field, want = "/asset_assets", "asset_asset", "/workstations", "primary_ip", "192.0.2.1"
		}
		a := b.get(folder + "/" + id)
		if part[string](t, a, key, field) != want || part[string](t, a, key, "account", "name") != "Example Clinic" {
			t.Errorf("got %s", a.raw)
		}
		if got := b.ids(b.get(folder), key+"s"); !cmp.Equal(got, []string{id}) {
			t.Errorf("listed %v", got)
		}
		wantFailure(t, b.get(folder+"/"+gone), http.StatusNotFound, 4007)
		wantFailure(t, b.get(other), http.StatusNotFound, 4007)
	}
}
