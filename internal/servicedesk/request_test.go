package servicedesk_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

func TestRequest(t *testing.T) {
	t.Parallel()
	created := time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC)
	eachProfile(t, func(t *testing.T, b *bench) {
		id := b.fake.AddRequest(servicedesktest.Request{
			DisplayID: "17", Subject: "Grüße aus \"Köln\"", Description: "<p>Mail &amp; web</p>",
			Requester:  servicedesktest.Person{ID: "5", Name: "Example Person", Email: "person@example.com"},
			Technician: "Tech", Priority: "High", Status: "Open", Category: "Mail", Site: "HQ",
			CreatedTime: created, LastUpdatedTime: created.Add(time.Hour), ResolvedTime: created.Add(time.Minute),
			IsTrashed: true, Resolution: "<p>rebooted</p>", ResolutionTime: created.Add(time.Second),
		})
		want := servicedesk.Request{
			ID: id, Subject: "Grüße aus \"Köln\"", Description: "<p>Mail &amp; web</p>",
			Requester:  servicedesk.Requester{ID: "5", Name: "Example Person", Email: "person@example.com"},
			Technician: "Tech", Priority: "High", Status: "Open", StatusInternalName: "Open", Category: "Mail", Site: "HQ",
			CreatedTime: created, LastUpdatedTime: created.Add(time.Hour), ResolvedTime: created.Add(time.Minute),
			IsTrashed: true, Resolution: "<p>rebooted</p>", ResolutionTime: created.Add(time.Second),
		}
		if b.cfg.Profile == servicedesk.ProfileCloud {
			want.DisplayID = "17"
			if len(id) < 18 {
				t.Errorf("id %s is shorter than in the cloud", id)
			}
		}
		got, err := b.client.Request(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRequestThatIsNotThere(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, b *bench) {
		_, err := b.client.Request(t.Context(), "999999")
		if e := wantError(t, err, servicedesk.KindNotFound); e.Code != 4007 || e.ParentID != "" || e.TicketID != "999999" {
			t.Errorf("got %+v", e)
		}
		merged := b.fake.AddRequest(servicedesktest.Request{MergedInto: b.ticket})
		_, err = b.client.Request(t.Context(), merged)
		if e := wantError(t, err, servicedesk.KindNotFound); e.ParentID != b.ticket {
			t.Errorf("got parent %q, want %s", e.ParentID, b.ticket)
		}
		w := b.write("text")
		w.TicketID, w.KnownNoteID = merged, "1"
		_, err = b.client.PutNote(t.Context(), w)
		if e := wantError(t, err, servicedesk.KindNotFound); e.ParentID != b.ticket {
			t.Errorf("PutNote: got parent %q, want %s", e.ParentID, b.ticket)
		}
	})
}

func TestIDsCannotLeaveTheirPlace(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem)
	for _, id := range []string{"", "1/notes", "../solutions", "1%2fnotes", "1?input_data={}", "1 ", "-1", "1e3", strings.Repeat("1", 33)} {
		_, err := b.client.Request(t.Context(), id)
		if e := wantError(t, err, servicedesk.KindGiveUp); e.TicketID != "" {
			t.Errorf("%q is repeated in the error", id)
		}
		_, errArchived := b.client.ArchivedRequest(t.Context(), id)
		_, errResolution := b.client.Resolution(t.Context(), id)
		_, errSolution := b.client.Solution(t.Context(), id)
		_, errAsset := b.client.Workstation(t.Context(), id)
		for _, err := range []error{errArchived, errResolution, errSolution, errAsset} {
			wantError(t, err, servicedesk.KindGiveUp)
		}
	}
	if n := len(b.fake.Calls()); n != 0 {
		t.Errorf("%d calls were made", n)
	}
}

func TestListRequestsPages(t *testing.T) {
	t.Parallel()
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	eachProfile(t, func(t *testing.T, b *bench) {
		b.faults(servicedesktest.Fault{Kind: servicedesktest.FaultDateCriteriaStrict})
		for i := range 250 {
			b.fake.AddRequest(servicedesktest.Request{
				Subject: strconv.Itoa(i), Description: "<p>text</p>", CreatedTime: start.Add(time.Duration(i) * time.Minute),
			})
		}
		var subjects []string
		q := servicedesk.ListQuery{CreatedAfter: start.Add(20 * time.Minute)}
		for pages := 1; ; pages++ {
			page, err := b.client.ListRequests(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Requests {
				subjects = append(subjects, r.Subject)
			}
			if r := page.Requests[0]; r.ID == "" || !r.CreatedTime.Equal(r.LastUpdatedTime) || r.Description != "" {
				t.Errorf("a list item is %+v", r)
			}
			if !page.HasMore {
				if pages != 3 {
					t.Errorf("%d pages, want 3", pages)
				}
				break
			}
			q.StartIndex = page.NextStartIndex
		}
		if len(subjects) != 231 || subjects[0] != "20" || subjects[229] != "249" { // and the ticket of the bench
			t.Errorf("got %d requests: %v", len(subjects), subjects)
		}
		page, err := b.client.ListRequests(t.Context(), servicedesk.ListQuery{RowCount: 7})
		if err != nil || len(page.Requests) != 7 || !page.HasMore || page.NextStartIndex != 8 {
			t.Errorf("got %d requests, %+v, %v", len(page.Requests), page, err)
		}
	})
}

func TestFailuresOfReads(t *testing.T) {
	t.Parallel()
	faults := map[servicedesktest.FaultKind]servicedesk.Kind{
		servicedesktest.FaultAlways500:         servicedesk.KindRetry,
		servicedesktest.FaultHTMLErrorPage:     servicedesk.KindRetry,
		servicedesktest.FaultThrottle:          servicedesk.KindRetry,
		servicedesktest.FaultSuccessThatFailed: servicedesk.KindRetry,
		servicedesktest.FaultResetConnection:   servicedesk.KindRetry,
		servicedesktest.FaultHang:              servicedesk.KindRetry,
		servicedesktest.FaultUnauthorized:      servicedesk.KindUnauthorized,
	}
	for kind, want := range faults {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			eachProfile(t, func(t *testing.T, b *bench) {
				b.faults(servicedesktest.Fault{Kind: kind})
				_, err := b.client.Request(t.Context(), b.ticket)
				wantError(t, err, want)
				_, err = b.client.ListRequests(t.Context(), servicedesk.ListQuery{})
				wantError(t, err, want)
				b.faults()
				if _, err := b.client.Request(t.Context(), b.ticket); err != nil {
					t.Errorf("after the fault: %v", err)
				}
			}, impatient)
		})
	}
}

func TestWrongKey(t *testing.T) {
	t.Parallel()
	b := newBench(t, servicedesk.ProfileOnPrem, func(c *servicedesk.Config) { c.APIKey = "EXAMPLE-WRONG" })
	_, err := b.client.Request(t.Context(), b.ticket)
	if e := wantError(t, err, servicedesk.KindUnauthorized); e.Code != 4022 || strings.Contains(err.Error(), "EXAMPLE-WRONG") {
		t.Errorf("got %v", err)
	}
}

func TestOversizeAndIncompleteAnswers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want servicedesk.Kind
	}{
		"oversize":       {`{"request":{"id":"1","description":"` + strings.Repeat("x", 5<<20) + `"}}`, servicedesk.KindGiveUp},
		"cut":            {`{"request":{"id":"1","description":"customer data`, servicedesk.KindRetry},
		"no request":     {`{"response_status":{"status":"success"}}`, servicedesk.KindRetry},
		"something else": {`[]`, servicedesk.KindRetry},
	}
	for name, tt := range tests {
		client := against(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(tt.body)) })
		_, err := client.Request(t.Context(), "1")
		if wantError(t, err, tt.want); strings.Contains(err.Error(), "customer data") || len(err.Error()) > 400 {
			t.Errorf("%s: the error quotes the answer: %v", name, err)
		}
		_, err = client.PutNote(t.Context(), servicedesk.NoteWrite{TicketID: "1", KnownNoteID: "2", Marker: "m1", Body: "m1"})
		wantError(t, err, tt.want)
	}
	client := against(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{}`)) })
	_, err := client.PutNote(t.Context(), servicedesk.NoteWrite{TicketID: "1", Marker: "m1", Body: "m1"})
	wantError(t, err, servicedesk.KindRetry)
}

func TestALookupThatNeverEndsIsGivenUp(t *testing.T) {
	t.Parallel()
	client := against(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		_, _ = w.Write([]byte(`{"notes":[{"id":"1","description":"x"}],"list_info":{"has_more_rows":true},"response_status":[{"status":"success"}]}`))
	})
	_, err := client.PutNote(t.Context(), servicedesk.NoteWrite{TicketID: "1", Marker: "m1", Body: "m1"})
	wantError(t, err, servicedesk.KindGiveUp)
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	var stolen bool
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen = true }))
	t.Cleanup(elsewhere.Close)
	mux := http.NewServeMux()
	client := against(t, mux.ServeHTTP)
	mux.Handle("/api/v3/requests/1", http.RedirectHandler(elsewhere.URL, http.StatusFound))
	mux.Handle("/api/v3/requests/2", http.RedirectHandler("/api/v3/requests/3", http.StatusFound))
	mux.Handle("/api/v3/requests/4", http.RedirectHandler("/api/v3/requests/4", http.StatusFound))
	mux.HandleFunc("/api/v3/requests/3", func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"request":{"id":"3","subject":%q}}`, r.Header.Get("Authtoken"))
	})
	_, err := client.Request(t.Context(), "1")
	wantError(t, err, servicedesk.KindGiveUp)
	if stolen {
		t.Error("the redirect to another host was followed")
	}
	if r, err := client.Request(t.Context(), "2"); err != nil || r.Subject != apiKey {
		t.Errorf("on the same host: %+v, %v", r, err)
	}
	_, err = client.Request(t.Context(), "4")
	wantError(t, err, servicedesk.KindGiveUp)
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	client := newClient(t, servicedesk.Config{BaseURL: srv.URL + "/api/v3", Profile: servicedesk.ProfileOnPrem, APIKey: apiKey})
	_, err := client.Request(t.Context(), "1")
	if e := wantError(t, err, servicedesk.KindRetry); e.HTTPStatus != 0 {
		t.Errorf("got %+v", e)
	}
}

func TestErrorsAndLogsKeepSecrets(t *testing.T) {
	t.Parallel()
	const private = "the root password of the file server is on the yellow paper"
	answers := []string{
		`{"response_status":{"status":"failed","status_code":4000,"messages":[{"status_code":4001,"message":"Extra key in %s"}]}}`,
		`<html><body>Request blocked: %s</body></html>`,
	}
	for _, answer := range answers {
		var log bytes.Buffer
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				_, _ = w.Write([]byte(noNotes))
				return
			}
			body := make([]byte, 4096)
			n, _ := r.Body.Read(body)
			form, _ := url.ParseQuery(string(body[:n]))
			w.WriteHeader(http.StatusBadRequest)
			input := form.Get("input_data")
			_, _ = fmt.Fprintf(w, answer, strings.ReplaceAll(input, `"`, `'`)+r.Header.Get("Authtoken"))
		}))
		t.Cleanup(srv.Close)
		client := newClient(t, servicedesk.Config{
			BaseURL: srv.URL + "/api/v3", Profile: servicedesk.ProfileOnPrem, APIKey: apiKey,
			Logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		_, err := client.PutNote(t.Context(), servicedesk.NoteWrite{TicketID: "12", Marker: "m1", Body: "<p>" + private + " m1</p>"})
		wantError(t, err, servicedesk.KindGiveUp)
		for _, text := range []string{err.Error(), log.String()} {
			if strings.Contains(text, "yellow") || strings.Contains(text, apiKey) {
				t.Errorf("secrets in %s", text)
			}
		}
		for _, want := range []string{`"ticket_id":"12"`, `"call":"add_note"`, `"host":"127.0.0.1:`, `"http_status":400`, `"level":"WARN"`, `"duration"`, `"call":"list_notes"`, `"level":"DEBUG"`} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log lacks %s: %s", want, log.String())
			}
		}
	}
}

func TestAWrongTechnicianIDIsNoticed(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	b := newBench(t, servicedesk.ProfileOnPrem, func(c *servicedesk.Config) {
		c.TechnicianID = "55"
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	b.put(t, b.write("text"))
	if !strings.Contains(log.String(), "is not the technician of the key") {
		t.Errorf("the log says %s", log.String())
	}
}

func TestWritesAreLoggedAtInfoAndReadsAtDebug(t *testing.T) {
	t.Parallel()
	for _, profile := range []servicedesk.Profile{servicedesk.ProfileOnPrem, servicedesk.ProfileCloud} {
		var log bytes.Buffer
		b := newBench(t, profile, func(c *servicedesk.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		b.put(t, b.write("text"))
		if !strings.Contains(log.String(), "call=add_note host=127.0.0.1:") || !strings.Contains(log.String(), "http_status=20") || strings.Contains(log.String(), "call=list_notes") {
			t.Errorf("the log says %s", log.String())
		}
	}
}
