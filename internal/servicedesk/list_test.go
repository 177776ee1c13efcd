package servicedesk_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

func TestListRequestsByUpdate(t *testing.T) {
	t.Parallel()
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	eachProfile(t, func(t *testing.T, b *bench) {
		b.fake.DeleteRequest(b.ticket)
		for i, updated := range []int{3, 1, 2, 2} {
			b.fake.AddRequest(servicedesktest.Request{
				Subject:     strconv.Itoa(i),
				CreatedTime: start.Add(time.Duration(i) * time.Minute), LastUpdatedTime: start.Add(time.Duration(updated) * time.Hour),
			})
		}
		page, err := b.client.ListRequests(t.Context(), servicedesk.ListQuery{
			ByUpdate: true, UpdatedAfter: start.Add(2 * time.Hour), RowCount: 2, WithTotal: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Requests) != 2 || page.Requests[0].Subject != "2" || page.Requests[1].Subject != "3" || page.Total != 3 || !page.HasMore {
			t.Errorf("got %+v", page)
		}
		if got := page.Requests[0].LastUpdatedTime; !got.Equal(start.Add(2 * time.Hour)) {
			t.Errorf("last updated %v", got)
		}
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultRefuseUpdatedTime})
		for _, q := range []servicedesk.ListQuery{{ByUpdate: true}, {ByUpdate: true, UpdatedAfter: start}} {
			if _, err := b.client.ListRequests(t.Context(), q); !servicedesk.InputRefused(err) || servicedesk.Retryable(err) {
				t.Errorf("%+v: %v, want a refusal of the input", q, err)
			}
		}
		page, err = b.client.ListRequests(t.Context(), servicedesk.ListQuery{})
		if err != nil || page.Total != 0 || len(page.Requests) != 4 {
			t.Errorf("got %+v, %v", page, err)
		}
		for _, q := range []servicedesk.ListQuery{{UpdatedAfter: start}, {ByUpdate: true, CreatedAfter: start, UpdatedAfter: start}} {
			_, err := b.client.ListRequests(t.Context(), q)
			wantError(t, err, servicedesk.KindGiveUp)
		}
	})
}

// A list is asked for what its callers rely on; a server that will not be told is asked without, and found out once.
func TestListsAskForTheirFields(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		b.fake.AddSolution(servicedesktest.Solution{Title: "VPN", ApprovalStatus: "Approved", LastUpdated: time.Unix(1, 0)})
		calls := func() int {
			before := len(b.fake.Calls())
			page, err := b.client.ListRequests(t.Context(), servicedesk.ListQuery{})
			if err != nil || len(page.Requests) != 1 || page.Requests[0].Status != "Open" || page.Requests[0].Subject == "" {
				t.Fatalf("got %+v, %v", page, err)
			}
			solutions, err := b.client.ListSolutions(t.Context(), servicedesk.PageQuery{})
			if err != nil || len(solutions.Solutions) != 1 || solutions.Solutions[0].ApprovalStatus != "Approved" {
				t.Fatalf("got %+v, %v", solutions, err)
			}
			if known := !page.Requests[0].LastUpdatedTime.IsZero(); known == solutions.Solutions[0].LastUpdatedTime.IsZero() {
				t.Errorf("tickets have a time of change: %t, and articles do not agree", known)
			} else if !known {
				return -1
			}
			return len(b.fake.Calls()) - before
		}
		calls() // in the cloud, with one for the token
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultSparseLists})
		if n := calls(); n != 2 {
			t.Errorf("%d calls for two lists, -1 for lists without a time of change", n)
		}
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultRefuseFields}, servicedesktest.Fault{Kind: servicedesktest.FaultRefuseUpdatedTime})
		if _, err := b.client.ListRequests(t.Context(), servicedesk.ListQuery{ByUpdate: true}); !servicedesk.InputRefused(err) {
			t.Errorf("a list that is refused for another reason: %v", err)
		}
		if n := calls(); n != 3 {
			t.Errorf("%d calls, want one to find out and two lists", n)
		}
		if n := calls(); n != 2 {
			t.Errorf("%d calls: it was found out before", n)
		}
	})
}

func TestResolutionAndArchive(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		if got, err := b.client.Resolution(t.Context(), b.ticket); err != nil || got != (servicedesk.Resolution{}) {
			t.Errorf("of an open ticket: %+v, %v", got, err)
		}
		b.fake.Resolve(b.ticket, "<p>rebooted</p>")
		got, err := b.client.Resolution(t.Context(), b.ticket)
		if err != nil || got.Content != "<p>rebooted</p>" || got.SubmittedOn.IsZero() {
			t.Errorf("got %+v, %v", got, err)
		}
		_, err = b.client.ArchivedRequest(t.Context(), b.ticket)
		wantError(t, err, servicedesk.KindNotFound)
		b.fake.ArchiveRequest(b.ticket)
		_, err = b.client.Request(t.Context(), b.ticket)
		wantError(t, err, servicedesk.KindNotFound)
		archived, err := b.client.ArchivedRequest(t.Context(), b.ticket)
		if err != nil || archived.Subject != "Mail is down" || archived.Resolution != "<p>rebooted</p>" {
			t.Errorf("got %+v, %v", archived, err)
		}
	})
}

func TestSolutions(t *testing.T) {
	t.Parallel()
	updated := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	eachProfile(t, func(t *testing.T, b *bench) {
		for i := range 120 {
			b.fake.AddSolution(servicedesktest.Solution{Title: strconv.Itoa(i), ApprovalStatus: "Approved"})
		}
		id := b.fake.AddSolution(servicedesktest.Solution{
			Title: "VPN", Description: "<p>text</p>", Topic: "Network", Keywords: "vpn, ike,", IsPublic: true,
			ApprovalStatus: "Approval Pending", LastUpdated: updated,
		})
		page, err := b.client.ListSolutions(t.Context(), servicedesk.PageQuery{WithTotal: true})
		if err != nil || len(page.Solutions) != 100 || !page.HasMore || page.Total != 121 {
			t.Fatalf("%d articles, %v, %d in all, %v", len(page.Solutions), page.HasMore, page.Total, err)
		}
		page, err = b.client.ListSolutions(t.Context(), servicedesk.PageQuery{StartIndex: page.NextStartIndex})
		if err != nil || len(page.Solutions) != 21 || page.HasMore {
			t.Fatalf("%d articles, %v, %v", len(page.Solutions), page.HasMore, err)
		}
		want := servicedesk.Solution{
			ID: id, Title: "VPN", Topic: "Network", Keywords: "vpn, ike", IsPublic: true, ApprovalStatus: "Approval Pending", LastUpdatedTime: updated,
		}
		if diff := cmp.Diff(want, page.Solutions[20]); diff != "" {
			t.Error(diff)
		}
		want.Description = "<p>text</p>"
		got, err := b.client.Solution(t.Context(), id)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
		_, err = b.client.Solution(t.Context(), "999999")
		wantError(t, err, servicedesk.KindNotFound)
	})
}

func TestWorkstationsOfBothBuilds(t *testing.T) {
	t.Parallel()
	for _, newer := range []bool{false, true} {
		fake := servicedesktest.New(servicedesktest.Options{APIKey: apiKey, NewAssets: newer})
		id := fake.AddWorkstation(servicedesktest.Workstation{
			Name: "db1", AssetTag: "A-1", Site: "HQ", State: "In Use", IPAddresses: "192.0.2.1, 2001:db8::1", ProductType: "Server", Account: "Example Clinic",
		})
		want := servicedesk.Workstation{
			ID: id, Name: "db1", AssetTag: "A-1", Site: "HQ", State: "In Use", ProductType: "Server", Account: "Example Clinic",
			Addresses: []string{"192.0.2.1", "2001:db8::1"},
		}
		if newer {
			want.Addresses = want.Addresses[:1]
		}
		client := against(t, fake.ServeHTTP)
		got, err := client.Workstation(t.Context(), id) // before any list
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
		calls := len(fake.Calls())
		page, err := client.ListWorkstations(t.Context(), servicedesk.PageQuery{WithTotal: true})
		if err != nil || len(page.Workstations) != 1 || page.Total != 1 || page.HasMore || len(fake.Calls()) != calls+1 {
			t.Errorf("got %+v, %v after %d calls", page, err, len(fake.Calls())-calls)
		}
		_, err = client.Workstation(t.Context(), "999999")
		wantError(t, err, servicedesk.KindNotFound)
	}
}

func TestAServerWithoutAssets(t *testing.T) {
	t.Parallel()
	client := against(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"response_status":{"status_code":4000,"messages":[{"status_code":4007,"message":"Invalid URL"}],"status":"failed"}}`))
	})
	_, err := client.ListWorkstations(t.Context(), servicedesk.PageQuery{})
	wantError(t, err, servicedesk.KindNotFound)
	_, err = client.Workstation(t.Context(), "1")
	wantError(t, err, servicedesk.KindNotFound)
}

// Every field may be null, of another type, or missing; and nothing that is not a list is an empty one.
func TestIrregularAnswersOfLists(t *testing.T) {
	t.Parallel()
	answers := map[string]string{
		"/requests": `{"requests":[{"id":123456789012345678,"subject":7,"status":null,"created_time":null,"last_updated_time":"1600000000000",
			"resolution":"<p>x</p>","is_trashed":"true"},null],"list_info":{"has_more_rows":"true","total_count":"2"},"response_status":[{"status_code":2000}]}`,
		"/solutions": `{"solutions":[{"id":1,"title":null,"keywords":["a",null,"b, c"],"approval_status":"Approved","last_updated_time":{"value":1600000000000}}],
			"list_info":null,"response_status":[{"status":"success"}]}`,
		"/workstations":           `{"workstations":[{"id":1,"name":"db1","ip_addresses":["192.0.2.1",null],"primary_ip":"192.0.2.1","site":"HQ","state":[]}],"response_status":{"status":"success"}}`,
		"/requests/1/resolutions": `{"resolution":null,"response_status":{"status":"success"}}`,
	}
	client := against(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(answers[strings.TrimPrefix(r.URL.Path, "/api/v3")]))
	})
	requests, err := client.ListRequests(t.Context(), servicedesk.ListQuery{})
	if err != nil || len(requests.Requests) != 2 || !requests.HasMore || requests.Total != 2 {
		t.Fatalf("got %+v, %v", requests, err)
	}
	if r := requests.Requests[0]; r.ID != "123456789012345678" || r.Subject != "7" || r.LastUpdatedTime.UnixMilli() != 1600000000000 || r.Resolution != "<p>x</p>" || !r.IsTrashed {
		t.Errorf("got %+v", r)
	}
	solutions, err := client.ListSolutions(t.Context(), servicedesk.PageQuery{})
	if err != nil || len(solutions.Solutions) != 1 || solutions.HasMore {
		t.Fatalf("got %+v, %v", solutions, err)
	}
	if s := solutions.Solutions[0]; s.ID != "1" || s.Keywords != "a, b, c" || s.ApprovalStatus != "Approved" || s.LastUpdatedTime.IsZero() {
		t.Errorf("got %+v", s)
	}
	assets, err := client.ListWorkstations(t.Context(), servicedesk.PageQuery{})
	if err != nil || len(assets.Workstations) != 1 || !cmp.Equal(assets.Workstations[0].Addresses, []string{"192.0.2.1"}) || assets.Workstations[0].Site != "HQ" {
		t.Errorf("got %+v, %v", assets, err)
	}
	if got, err := client.Resolution(t.Context(), "1"); err != nil || got.Content != "" {
		t.Errorf("got %+v, %v", got, err)
	}
	clear(answers)
	for path := range map[string]bool{"/requests": true, "/solutions": true, "/workstations": true, "/requests/1/resolutions": true} {
		answers[path] = `{}`
	}
	for name, call := range map[string]func() error{
		"requests":     func() error { _, err := client.ListRequests(t.Context(), servicedesk.ListQuery{}); return err },
		"solutions":    func() error { _, err := client.ListSolutions(t.Context(), servicedesk.PageQuery{}); return err },
		"workstations": func() error { _, err := client.ListWorkstations(t.Context(), servicedesk.PageQuery{}); return err },
		"resolution":   func() error { _, err := client.Resolution(t.Context(), "1"); return err },
	} {
		if err := call(); !servicedesk.Retryable(err) {
			t.Errorf("%s: an answer without anything gives %v", name, err)
		}
	}
}

func TestRateLimitsAreTold(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultThrottle})
		_, err := b.client.ListRequests(t.Context(), servicedesk.ListQuery{})
		if wantError(t, err, servicedesk.KindRetry); !servicedesk.RateLimited(err) {
			t.Errorf("not recognised: %v", err)
		}
		for _, other := range []servicedesktest.FaultKind{
			servicedesktest.FaultAlways500, servicedesktest.FaultUnauthorized, servicedesktest.FaultHTMLErrorPage, servicedesktest.FaultSuccessThatFailed,
		} {
			b.faults(servicedesktest.Fault{Kind: other})
			if _, err := b.client.ListRequests(t.Context(), servicedesk.ListQuery{}); err == nil || servicedesk.RateLimited(err) {
				t.Errorf("%s is taken for a rate limit: %v", other, err)
			}
		}
	})
	client := against(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"response_status":{"status":"failed","messages":[{"status_code":4015}]}}`))
	})
	if _, err := client.Request(t.Context(), "1"); !servicedesk.RateLimited(err) || !servicedesk.Retryable(err) {
		t.Errorf("code 4015 in a 200: %v", err)
	}
}

func TestWhereAClientCalls(t *testing.T) {
	t.Parallel()
	client := newClient(t, servicedesk.Config{BaseURL: "https://sdp.example.com:8080/api/v3", Profile: servicedesk.ProfileOnPrem, APIKey: apiKey})
	if client.Host() != "sdp.example.com:8080" || client.Profile() != servicedesk.ProfileOnPrem {
		t.Errorf("got %s, %s", client.Host(), client.Profile())
	}
}

// What is young or old on a server is told by its own clock.
func TestAListTellsTheServersTime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header []string
		want   time.Time
	}{
		"said":     {[]string{"Mon, 02 Mar 2026 10:00:07 GMT"}, time.Date(2026, 3, 2, 10, 0, 7, 0, time.UTC)},
		"not said": {nil, time.Time{}},
		"nonsense": {[]string{"yesterday"}, time.Time{}},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Date"] = c.header
			_, _ = w.Write([]byte(`{"requests":[],"response_status":[{"status":"success"}]}`))
		}))
		client := newClient(t, servicedesk.Config{BaseURL: server.URL + "/api/v3", Profile: servicedesk.ProfileOnPrem, APIKey: apiKey})
		page, err := client.ListRequests(t.Context(), servicedesk.ListQuery{})
		server.Close()
		if err != nil || !page.At.Equal(c.want) {
			t.Errorf("%s: %v, %v; want %v", name, page.At, err, c.want)
		}
	}
}
