package knowledgetest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/gather/knowledge/knowledgetest"
)

const key = "example-key"

func newServer(t *testing.T) *knowledgetest.Server {
	t.Helper()
	return knowledgetest.New(knowledgetest.Options{
		APIKey: key,
		Clock:  func() time.Time { return time.Date(2025, time.March, 1, 10, 12, 0, 0, time.UTC) },
		Articles: []knowledgetest.Article{
			{ID: "kb-1", Title: "VPN drops", Summary: "Lower the MTU of the tunnel.", URL: "https://kb.example.com/1"},
			{ID: "kb-2", Title: "VPN client installation", Summary: "Where to get it.", URL: "https://kb.example.com/2"},
			{ID: "kb-3", Title: "Printers", Summary: "Clean <b>them</b>.", Keywords: []string{"toner", "jam", "paper"}},
		},
	})
}

func get(ctx context.Context, s http.Handler, target, apiKey string) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	req.Header.Set("Authorization", "Bearer "+apiKey)
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, req)
	return rec
}

func found(t *testing.T, rec *httptest.ResponseRecorder) []string {
	t.Helper()
	var body struct {
		Articles []struct {
			ID    string  `json:"id"`
			Score float64 `json:"score"`
		} `json:"articles"`
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil {
		t.Fatalf("answer %d %q: %v", rec.Code, rec.Body, err)
	}
	ids := []string{}
	for _, a := range body.Articles {
		if a.Score <= 0 || a.Score > 1 {
			t.Errorf("%s has score %v", a.ID, a.Score)
		}
		ids = append(ids, a.ID)
	}
	return ids
}

func TestSearch(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	tests := map[string]struct {
		target string
		want   []string
	}{
		"best first":        {"/search?q=vpn+drops+daily&limit=3", []string{"kb-1", "kb-2"}},
		"limit":             {"/search?q=vpn+drops+daily&limit=1", []string{"kb-1"}},
		"plural, keywords":  {"/search?q=paper+jam+printer&limit=3", []string{"kb-3"}},
		"keywords alone":    {"/search?q=toner+jam+paper&limit=3", []string{"kb-3"}},
		"too little":        {"/search?q=toner&limit=3", []string{}},
		"no word in common": {"/search?q=mailbox&limit=3", []string{}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, found(t, get(t.Context(), s, tc.target, key))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.target, diff)
			}
		})
	}
}

func TestSearchRefuses(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, tc := range []struct {
		target, key string
		want        int
	}{
		{"/search?q=vpn&limit=3", "another-key", http.StatusUnauthorized},
		{"/search?q=vpn", key, http.StatusBadRequest},
		{"/search?q=+&limit=3", key, http.StatusBadRequest},
		{"/elsewhere", key, http.StatusNotFound},
	} {
		if got := get(t.Context(), s, tc.target, tc.key).Code; got != tc.want {
			t.Errorf("%s with key %q: status %d, want %d", tc.target, tc.key, got, tc.want)
		}
	}
}

func TestAddArticle(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.AddArticle(knowledgetest.Article{ID: "kb-9", Title: "Mailbox quota"})
	s.AddArticle(knowledgetest.Article{ID: "kb-1", Title: "Mailbox moved"})
	got := found(t, get(t.Context(), s, "/search?q=mailbox+quota&limit=3", key))
	if diff := cmp.Diff([]string{"kb-9", "kb-1"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := found(t, get(t.Context(), s, "/search?q=drops&limit=3", key)); len(got) != 0 {
		t.Errorf("the replaced article is still found: %q", got)
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	if body := get(t.Context(), s, "/articles/kb-3", "").Body.String(); !strings.Contains(body, "Clean &lt;b&gt;") {
		t.Errorf("the page does not show its text, escaped: %q", body)
	}
	if got := get(t.Context(), s, "/articles/kb-0", "").Code; got != http.StatusNotFound {
		t.Errorf("status %d of a page that is not there", got)
	}
}

func TestCalls(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	get(t.Context(), s, "/search?q=vpn&limit=3", key)
	get(t.Context(), s, "/search?q=toner&limit=2", "another-key")
	at := time.Date(2025, time.March, 1, 10, 12, 0, 0, time.UTC)
	want := []knowledgetest.Call{
		{At: at, Query: "vpn", Limit: 3, Authorized: true, Status: http.StatusOK},
		{At: at, Query: "toner", Limit: 2, Status: http.StatusUnauthorized},
	}
	if diff := cmp.Diff(want, s.Calls()); diff != "" {
		t.Errorf("Calls (-want +got):\n%s", diff)
	}
	const many = 1200
	for range many {
		get(t.Context(), s, "/search?q=printer&limit=1", key)
	}
	if calls := s.Calls(); len(calls) >= many || calls[0].Query != "printer" {
		t.Errorf("%d calls remembered from %q on, want the newest only", len(calls), calls[0].Query)
	}
	if !slices.IsSortedFunc(s.Calls(), func(a, b knowledgetest.Call) int { return a.At.Compare(b.At) }) {
		t.Error("the calls are not in order")
	}
}
