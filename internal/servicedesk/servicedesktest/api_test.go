package servicedesktest_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem)
	if a := b.get("/requests"); a.status != http.StatusOK {
		t.Errorf("authtoken: %s", a.raw)
	}
	req := b.request(http.MethodGet, "/requests", "")
	req.Header.Del("Authtoken")
	req.Header.Set("Technician_key", apiKey)
	req.Header.Del("Accept") // optional on-premises
	if a := b.send(req); a.status != http.StatusOK {
		t.Errorf("TECHNICIAN_KEY: %s", a.raw)
	}
	for _, path := range []string{"/requests", "/nowhere"} {
		req = b.request(http.MethodGet, path, "")
		req.Header.Set("Authtoken", "wrong")
		wantFailure(t, b.send(req), http.StatusUnauthorized, 4022)
	}
}

func TestAnInstanceWithoutCredentialsAcceptsNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem)
	bare := servicedesktest.New(servicedesktest.Options{})
	b.root = serve(t, bare)
	req := b.request(http.MethodGet, "/requests", "")
	req.Header.Set("Authtoken", "")
	wantFailure(t, b.send(req), http.StatusUnauthorized, 4022)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileCloud)
	if a := b.get("/requests"); a.status != http.StatusOK {
		t.Errorf("got %s", a.raw)
	}
	req := b.request(http.MethodGet, "/requests", "")
	req.Header.Del("Accept")
	wantFailure(t, b.send(req), http.StatusNotAcceptable, 4001)
	b.clock.advance(time.Hour)
	wantFailure(t, b.get("/requests"), http.StatusUnauthorized, 4022)
	b.token = part[string](t, b.refresh(), "access_token")
	if a := b.get("/requests"); a.status != http.StatusOK {
		t.Errorf("got %s", a.raw)
	}
	req = b.request(http.MethodGet, "/requests", "")
	req.Header.Set("Authorization", "Bearer "+b.token)
	wantFailure(t, b.send(req), http.StatusUnauthorized, 4022)
}

func TestTokenEndpointRefusesAndLimits(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileCloud)
	b.clock.advance(time.Minute)
	good := url.Values{"grant_type": {"refresh_token"}, "client_id": {account.ClientID}, "client_secret": {account.ClientSecret}, "refresh_token": {account.RefreshToken}}
	for key, want := range map[string]string{
		"grant_type": "unsupported_grant_type", "client_id": "invalid_client", "client_secret": "invalid_client", "refresh_token": "invalid_code",
	} {
		form := maps.Clone(good)
		form.Set(key, "wrong")
		if a := b.tokenFor(form); part[string](t, a, "error") != want {
			t.Errorf("%s: got %s", key, a.raw)
		}
	}
	if a := b.refresh(); a.status != http.StatusOK {
		t.Errorf("the fifth: %s", a.raw)
	}
	if a := b.refresh(); a.status != http.StatusBadRequest || part[string](t, a, "error") != "Access Denied" || a.header.Get("Retry-After") != "" {
		t.Errorf("the sixth: %d %s", a.status, a.raw)
	}
	b.clock.advance(time.Minute)
	if a := b.refresh(); a.status != http.StatusOK || part[float64](t, a, "expires_in") != 3600 {
		t.Errorf("a minute later: %s", a.raw)
	}
	req := b.request(http.MethodPost, "", "%zz")
	req.URL.Path = "/oauth/v2/token"
	if a := b.send(req); a.status != http.StatusBadRequest {
		t.Errorf("a broken form: %d", a.status)
	}
}

func TestRequestShapes(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		empty := b.fake.AddRequest(servicedesktest.Request{})
		full := b.fake.AddRequest(servicedesktest.Request{
			Subject: "S", Description: "<p>A &amp; B</p><p>C</p>", Status: "Open", Resolution: "<p>R</p>", Requester: servicedesktest.Person{Name: "Example Person"},
		})
		a := b.get("/requests/" + empty)
		for _, key := range []string{"subject", "description", "requester", "status", "priority", "resolution", "site"} {
			if v, ok := part[map[string]any](t, a, "request")[key]; !ok || v != nil {
				t.Errorf("%s is %v, want null", key, v)
			}
		}
		if part[string](t, a, "request", "created_time", "value") != "1741064767000" || part[bool](t, a, "request", "has_notes") {
			t.Errorf("got %s", a.raw)
		}
		if part[map[string]any](t, a, "response_status")["status_code"] != 2000.0 {
			t.Errorf("the status of an entity is no object: %s", a.raw)
		}
		a = b.get("/requests/" + full)
		if part[string](t, a, "request", "resolution", "content") != "<p>R</p>" || part[string](t, a, "request", "status", "internal_name") != "Open" {
			t.Errorf("got %s", a.raw)
		}
		if a = b.get("/requests/" + full + "/resolutions"); part[string](t, a, "resolution", "content") != "<p>R</p>" {
			t.Errorf("got %s", a.raw)
		}
		_, hasDisplayID := part[map[string]any](t, b.get("/requests/"+full), "request")["display_id"]
		cloud := b.token != ""
		if hasDisplayID != cloud || cloud != (len(full) >= 18) {
			t.Errorf("id %s, display_id %t", full, hasDisplayID)
		}
		a = b.list("/requests", `{"list_info":{"sort_field":"id","sort_order":"desc"}}`)
		item := items(t, a, "requests")[0]
		if _, has := item["description"]; has || item["short_description"] != "A & B C" || item["resolution"] != nil {
			t.Errorf("list item %v", item)
		}
		if status := part[[]any](t, a, "response_status"); len(status) != 1 {
			t.Errorf("the status of a list is no array: %s", a.raw)
		}
	})
}

func TestNotFound(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		id := b.fake.AddRequest(servicedesktest.Request{})
		gone := b.fake.AddRequest(servicedesktest.Request{MergedInto: id})
		for _, path := range []string{"/requests/1", "/requests/x", "/requests/1/notes", "/requests/" + id + "/notes/1", "/solutions/1", "/nowhere", "/requests/" + id + "/nowhere"} {
			wantFailure(t, b.get(path), http.StatusNotFound, 4007)
		}
		wantFailure(t, b.send(b.request(http.MethodDelete, "/requests/"+id, "")), http.StatusNotFound, 4007)
		wantFailure(t, b.write(http.MethodPut, "/requests/"+id+"/notes/1", `{"description":"x"}`), http.StatusNotFound, 4007)
		wantFailure(t, b.send(b.request(http.MethodDelete, "/requests/"+id+"/notes/1", "")), http.StatusNotFound, 4007)
		a := b.get("/requests/" + gone)
		wantFailure(t, a, http.StatusNotFound, 4007)
		if !strings.Contains(a.raw, "merged with request "+id) {
			t.Errorf("the parent is not named: %s", a.raw)
		}
		wantFailure(t, b.write(http.MethodPost, "/requests/"+gone+"/notes", `{"description":"x"}`), http.StatusNotFound, 4007)
	})
}

func TestLists(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem)
	start := b.clock.Now()
	for i := range 120 {
		status := "Open"
		if i%2 == 1 {
			status = "Closed"
		}
		b.fake.AddRequest(servicedesktest.Request{Subject: fmt.Sprintf("s%03d", i), Status: status, CreatedTime: start.Add(time.Duration(i) * time.Second)})
	}
	at := func(i int) string { return strconv.FormatInt(start.Add(time.Duration(i)*time.Second).UnixMilli(), 10) }
	tests := []struct {
		list  string
		rows  int
		more  bool
		first string
	}{
		{`{}`, 10, true, "s119"},
		{`{"row_count":100,"sort_field":"created_time","sort_order":"asc"}`, 100, true, "s000"},
		{`{"row_count":500,"start_index":0,"sort_field":"subject","sort_order":"asc"}`, 100, true, "s000"},
		{`{"row_count":100,"start_index":101,"sort_order":"asc"}`, 20, false, "s100"},
		{`{"row_count":20,"start_index":101,"sort_order":"asc"}`, 20, false, "s100"},
		{`{"start_index":121}`, 0, false, ""},
		{`{"sort_order":"asc","search_criteria":[{"field":"created_time","condition":"gte","value":"` + at(115) + `"}]}`, 5, false, "s115"},
		{`{"sort_order":"asc","search_criteria":{"field":"created_time","condition":"gt","value":"` + at(115) + `"}}`, 4, false, "s116"},
		{`{"search_criteria":[{"field":"created_time","condition":"lt","value":"` + at(2) + `"}]}`, 2, false, "s001"},
		{`{"search_criteria":[{"field":"created_time","condition":"lte","value":"` + at(2) + `"},{"field":"status.name","condition":"is","value":"Closed","logical_operator":"and"}]}`, 1, false, "s001"},
		{`{"row_count":100,"search_criteria":[{"field":"status.name","condition":"is not","values":["Open"]}]}`, 60, false, "s119"},
		{`{"search_criteria":[{"field":"subject","condition":"contains","value":"S11"}],"get_total_count":true}`, 10, false, "s119"},
		{`{"search_criteria":null}`, 10, true, "s119"},
	}
	for _, tt := range tests {
		a := b.list("/requests", `{"list_info":`+tt.list+`}`)
		if a.status != http.StatusOK {
			t.Errorf("%s: %s", tt.list, a.raw)
			continue
		}
		got := items(t, a, "requests")
		var first any = ""
		if len(got) > 0 {
			first = got[0]["subject"]
		}
		if len(got) != tt.rows || first != tt.first || part[bool](t, a, "list_info", "has_more_rows") != tt.more {
			t.Errorf("%s: %d items from %s, %v", tt.list, len(got), first, a.body["list_info"])
		}
	}
	if a := b.get("/requests"); len(part[[]any](t, a, "requests")) != 10 {
		t.Error("the default is not 10 rows")
	}
	for _, bad := range []string{
		`{"rows":1}`, `{"row_count":"x"}`, `{"row_count":0}`, `{"start_index":-1}`, `{"sort_field":"colour"}`, `{"search_criteria":7}`,
		`{"search_criteria":[{"field":"colour","condition":"is","value":"1"}]}`, `{"search_criteria":[{"field":"subject","condition":"smells","value":"1"}]}`,
		`{"search_criteria":[{"field":"created_time","condition":"gte","value":"yesterday"}]}`, `{"search_criteria":[{"field":"created_time","condition":"is","value":"1"}]}`,
		`{"search_criteria":[{"fields":"x"}]}`,
	} {
		wantFailure(t, b.list("/requests", `{"list_info":`+bad+`}`), http.StatusBadRequest, 4001)
	}
	wantFailure(t, b.list("/requests", `{"list_info":`), http.StatusBadRequest, 4001)
	wantFailure(t, b.list("/requests", `{"lists":{}}`), http.StatusBadRequest, 4001)
}

func TestNotesLifeCycle(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		notes := "/requests/" + b.fake.AddRequest(servicedesktest.Request{}) + "/notes"
		key, by, created := "note", "added_by", http.StatusCreated
		if b.token != "" {
			key, by, created = "request_note", "created_by", http.StatusOK
		}
		a := b.write(http.MethodPost, notes, `{"description":"<p>Grüße</p>","show_to_requester":true,"mark_first_response":false,"add_to_linked_requests":false}`)
		if a.status != created || part[string](t, a, key, "description") != "<p>Grüße</p>" || part[string](t, a, key, by, "id") != "4" || !part[bool](t, a, key, "show_to_requester") {
			t.Fatalf("HTTP %d %s", a.status, a.raw)
		}
		one := notes + "/" + part[string](t, a, key, "id")
		if a = b.write(http.MethodPut, one, `{"description":"<p>new</p>"}`); a.status != http.StatusOK || !part[bool](t, a, key, "show_to_requester") {
			t.Errorf("HTTP %d %s", a.status, a.raw)
		}
		if a = b.get(one); part[string](t, a, key, "description") != "<p>new</p>" {
			t.Errorf("got %s", a.raw)
		}
		if a = b.get(notes); len(part[[]any](t, a, "notes")) != 1 || part[bool](t, a, "list_info", "has_more_rows") {
			t.Errorf("got %s", a.raw)
		}
		wantFailure(t, b.list(notes, `{"list_info":{"search_criteria":[{"field":"id","condition":"is","value":"1"}]}}`), http.StatusBadRequest, 4001)
		if a = b.send(b.request(http.MethodDelete, one, "")); a.status != http.StatusOK {
			t.Errorf("HTTP %d %s", a.status, a.raw)
		}
		wantFailure(t, b.get(one), http.StatusNotFound, 4007)
	})
}

func TestNotesInputIsStrict(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		id := b.fake.AddRequest(servicedesktest.Request{})
		notes := "/requests/" + id + "/notes"
		own, foreign := "note", "request_note"
		if b.token != "" {
			own, foreign = foreign, own
		}
		bad := map[string]int{
			`{"` + own + `":{"description":"x","colour":"red"}}`:        4001,
			`{"` + own + `":{"description":"x"},"more":1}`:              4001,
			`{"` + foreign + `":{"description":"x"}}`:                   4001,
			`{"` + own + `":{"description":"x"}`:                        4001,
			`{"` + own + `":{"description":"x"}} x`:                     4001,
			`null`:                                                      4001,
			`{"` + own + `":{"description":"x","show_to_requester":7}}`: 4001,
			`{"` + own + `":[]}`:                                        4001,
			`{}`:                                                        4012,
			`{"` + own + `":{"show_to_requester":false}}`:               4012,
			`{"` + own + `":{"description":""}}`:                        4012,
		}
		for input, code := range bad {
			wantFailure(t, b.send(b.request(http.MethodPost, notes, inputData(input))), http.StatusBadRequest, code)
		}
		wantFailure(t, b.send(b.request(http.MethodPost, notes, "other=1")), http.StatusBadRequest, 4012)
		wantFailure(t, b.send(b.request(http.MethodPost, notes, "input_data=%zz")), http.StatusBadRequest, 4001)
		wantFailure(t, b.send(b.request(http.MethodPost, notes, inputData(strings.Repeat("x", 2<<20)))), http.StatusBadRequest, 4001)
		req := b.request(http.MethodPost, notes, `{"`+own+`":{"description":"x"}}`)
		req.Header.Set("Content-Type", "application/json")
		wantFailure(t, b.send(req), http.StatusBadRequest, 4001)
		if got := b.fake.Notes(id); len(got) != 0 {
			t.Errorf("notes were stored: %+v", got)
		}
		a := b.write(http.MethodPost, notes, `{"description":"x","notify_technician":false}`)
		if cloud := b.token != ""; cloud != (a.status == http.StatusOK) {
			t.Errorf("notify_technician: HTTP %d %s", a.status, a.raw)
		}
		mine := b.fake.AddNote(id, servicedesktest.Note{Description: "x"})
		wantFailure(t, b.write(http.MethodPut, notes+"/"+mine, `{"description":""}`), http.StatusBadRequest, 4012)
	})
}

func TestSanitiser(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem)
	id := b.fake.AddRequest(servicedesktest.Request{})
	tests := map[string]string{
		`<h1>a</h1><p>b<br>c</p><ul><li><b>d</b></li></ul>`:                       `<h1>a</h1><p>b<br>c</p><ul><li><b>d</b></li></ul>`,
		`<table><tr><td>1</td></tr></table><pre><code>x</code></pre>`:             `<table><tr><td>1</td></tr></table><pre><code>x</code></pre>`,
		`<p class="x" style="color:red" onclick="y()">a</p><!-- c -->`:            `<p>a</p>`,
		`a<script>alert(1)</script>b<img src=x onerror=y>`:                        `ab`,
		`<a href="https://e.example/1">k</a> <a href="javascript:alert(1)">j</a>`: `<a href="https://e.example/1">k</a> j`,
	}
	for source, want := range tests {
		note := b.fake.AddNote(id, servicedesktest.Note{Description: source})
		for _, n := range b.fake.Notes(id) {
			if n.ID == note && n.Description != want {
				t.Errorf("%s became %s, want %s", source, n.Description, want)
			}
		}
	}
}

func TestSolutionsAndWorkstations(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		id := b.fake.AddSolution(servicedesktest.Solution{Title: "Reset a printer", Description: "<p>Off, on</p>", ApprovalStatus: "Approved", IsPublic: true})
		if a := b.get("/solutions/" + id); part[string](t, a, "solution", "description") != "<p>Off, on</p>" {
			t.Errorf("got %s", a.raw)
		}
		a := b.get("/solutions")
		if item := items(t, a, "solutions")[0]; item["title"] != "Reset a printer" || item["description"] != nil {
			t.Errorf("got %s", a.raw)
		}
		b.fake.AddWorkstation(servicedesktest.Workstation{Name: "ws-1", Site: "HQ", State: "In Use", IPAddresses: "192.0.2.1, 192.0.2.2"})
		if a = b.get("/workstations"); items(t, a, "workstations")[0]["ip_addresses"] != "192.0.2.1, 192.0.2.2" {
			t.Errorf("got %s", a.raw)
		}
		for _, path := range []string{"/solutions", "/workstations"} {
			wantFailure(t, b.list(path, `{"list_info":{"search_criteria":{"field":"x"}}}`), http.StatusBadRequest, 4001)
		}
	})
}

func TestSnapshotsAreCopies(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem)
	id := b.fake.AddRequest(servicedesktest.Request{Subject: "before"})
	b.fake.AddNote(id, servicedesktest.Note{Description: "before"})
	b.fake.Requests()[0].Subject = "after"
	b.fake.Notes(id)[0].Description = "after"
	if b.fake.Requests()[0].Subject != "before" || b.fake.Notes(id)[0].Description != "before" {
		t.Error("the snapshots share memory with the server")
	}
	if b.fake.AddRequest(servicedesktest.Request{ID: id, Subject: "replaced"}) != id || len(b.fake.Requests()) != 1 {
		t.Error("a ticket with a known id is added a second time")
	}
	for range 1100 {
		b.get("/nowhere")
	}
	calls := b.fake.Calls()
	if len(calls) != 1000 || calls[999].Status != http.StatusNotFound || calls[999].Path != "/api/v3/nowhere" || calls[999].Method != http.MethodGet {
		t.Errorf("%d calls, the last %+v", len(calls), calls[len(calls)-1])
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		id := b.fake.AddRequest(servicedesktest.Request{})
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				b.write(http.MethodPost, "/requests/"+id+"/notes", `{"description":"x"}`)
				b.get("/requests/" + id + "/notes")
				b.fake.SetFaults(servicedesktest.Faults{})
				b.fake.Faults()
				b.fake.Notes(id)
			})
		}
		wg.Wait()
		if n := len(b.fake.Notes(id)); n != 16 {
			t.Errorf("%d notes, want 16", n)
		}
	})
}
