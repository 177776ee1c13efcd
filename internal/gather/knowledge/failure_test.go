package knowledge_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge"
	"github.com/ai-agents/ai-agents/internal/gather/knowledge/knowledgetest"
)

func isPermanent(err error) bool {
	_, ok := errors.AsType[*gather.PermanentError](err)
	return ok
}

// checkDiscreet fails when text holds what must not be written anywhere.
func checkDiscreet(t *testing.T, what, text string) {
	t.Helper()
	for _, secret := range []string{apiKey, "secretword", "Secretword", "VPN"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s gives away %q: %s", what, secret, text)
		}
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		faults    knowledgetest.Faults
		permanent bool
	}{
		"key refused":   {knowledgetest.Faults{Status: http.StatusUnauthorized}, true},
		"forbidden":     {knowledgetest.Faults{Status: http.StatusForbidden}, true},
		"not there":     {knowledgetest.Faults{Status: http.StatusNotFound}, true},
		"too many":      {knowledgetest.Faults{Status: http.StatusTooManyRequests}, false},
		"broken":        {knowledgetest.Faults{Status: http.StatusInternalServerError}, false},
		"no content":    {knowledgetest.Faults{Status: http.StatusNoContent}, false},
		"malformed":     {knowledgetest.Faults{Malformed: true}, false},
		"oversize":      {knowledgetest.Faults{Oversize: true}, false},
		"wrong content": {knowledgetest.Faults{WrongContent: true}, false},
		"lies":          {knowledgetest.Faults{FailureInside: true}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(vpnArticle())
			w.setFaults(t, tc.faults)
			_, err := w.find(t.Context(), "north")
			if err == nil || isPermanent(err) != tc.permanent || !strings.Contains(err.Error(), "north") {
				t.Fatalf("Find: %v (permanent %t), want an error that names the tenant, permanent %t", err, isPermanent(err), tc.permanent)
			}
			checkDiscreet(t, "the error", err.Error())
			// Nothing of a failure is remembered.
			w.setFaults(t, knowledgetest.Faults{})
			if got := w.mustFind(t, "north"); len(got.Items) != 1 || got.Note != "" {
				t.Errorf("after the failure: %+v", got)
			}
			checkDiscreet(t, "the log", w.log.String())
		})
	}
}

func TestWrongSettings(t *testing.T) {
	t.Parallel()
	for name, endpoint := range map[string]knowledge.Endpoint{
		"no scheme":        {BaseURL: "kb.example.com/api"},
		"other scheme":     {BaseURL: "ftp://kb.example.com"},
		"no host":          {BaseURL: "https:///api"},
		"not a URL":        {BaseURL: "https://kb.example.com:port/" + apiKey},
		"password inside":  {BaseURL: "https://bob:" + apiKey + "@kb.example.com"},
		"query inside":     {BaseURL: "https://kb.example.com/?key=" + apiKey},
		"key with newline": {BaseURL: "https://kb.example.com", APIKey: apiKey + "\n"},
	} {
		source := knowledge.NewLive(endpoints{"north": endpoint}, &mapCache{}, knowledge.Options{Transport: http.DefaultTransport})
		_, err := source.Find(t.Context(), gather.Query{TenantID: "north", Ticket: vpnTicket()})
		if !isPermanent(err) {
			t.Errorf("%s: %v, want a permanent error", name, err)
			continue
		}
		checkDiscreet(t, "the error", err.Error())
	}
}

func TestConnectionRefused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	source := knowledge.NewLive(endpoints{"north": {BaseURL: server.URL, APIKey: apiKey}}, &mapCache{}, knowledge.Options{Transport: http.DefaultTransport})
	_, err := source.Find(t.Context(), gather.Query{TenantID: "north", Ticket: vpnTicket()})
	if err == nil || isPermanent(err) {
		t.Fatalf("Find: %v, want an error that may pass", err)
	}
	checkDiscreet(t, "the error", err.Error())
}

func TestAnswerThatBreaksOff(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.source = w.sourceWith(w.cache, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
	}))
	_, err := w.find(t.Context(), "north")
	if err == nil || isPermanent(err) || errors.Is(err, io.EOF) {
		t.Errorf("Find on an empty body: %v, want an error of ours that may pass", err)
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(vpnArticle())
		remembered := w.mustFind(t, "north")
		w.now = w.now.Add(2 * time.Hour)
		w.setFaults(t, knowledgetest.Faults{Hang: true})
		for tenantID, known := range map[string]bool{"north": true, "south": false} {
			start := time.Now()
			result, err := w.find(t.Context(), tenantID)
			if took := time.Since(start); took != 10*time.Second {
				t.Errorf("%s: gave up after %s, want 10 s", tenantID, took)
			}
			if known != (err == nil) || known != (result.Note != "") || isPermanent(err) {
				t.Errorf("%s: result %+v, error %v; want a copy with a note if there is one", tenantID, result, err)
			}
			if known && result.Items[0].ID != remembered.Items[0].ID {
				t.Errorf("%s: %+v is not the older answer", tenantID, result.Items)
			}
		}
		w.setFaults(t, knowledgetest.Faults{})
	})
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	base := knowledgetest.New(knowledgetest.Options{APIKey: apiKey, Articles: []knowledgetest.Article{vpnArticle()}})
	elsewhere := httptest.NewServer(base)
	t.Cleanup(elsewhere.Close)
	mux := http.NewServeMux()
	mux.Handle("/new/", http.StripPrefix("/new", base))
	mux.HandleFunc("/old/", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/new/search?"+r.URL.RawQuery, http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/away/", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+"/search?"+r.URL.RawQuery, http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/loop/", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.String(), http.StatusTemporaryRedirect)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	for path, followed := range map[string]bool{"/old": true, "/away": false, "/loop": false} {
		source := knowledge.NewLive(endpoints{"north": {BaseURL: server.URL + path, APIKey: apiKey}}, &mapCache{}, knowledge.Options{Transport: http.DefaultTransport})
		result, err := source.Find(t.Context(), gather.Query{TenantID: "north", Ticket: vpnTicket()})
		if followed != (err == nil && len(result.Items) == 1) {
			t.Errorf("%s: %d items, error %v; want it followed: %t", path, len(result.Items), err, followed)
		}
		if err != nil {
			checkDiscreet(t, "the error", err.Error())
		}
	}
	if calls := base.Calls(); len(calls) != 1 {
		t.Errorf("%d calls arrived, want the one on the same host", len(calls))
	}
}

func TestEachCallIsLoggedWithoutItsWords(t *testing.T) {
	t.Parallel()
	w := newWorld(vpnArticle())
	w.mustFind(t, "north")
	w.mustFind(t, "north") // from the cache
	for _, want := range []string{`msg="knowledge base call"`, "level=INFO", "tenant_id=north", "call=search", "host=kb.example.com", "http_status=200", "articles=1", "duration="} {
		if strings.Count(w.log.String(), want) != 1 {
			t.Errorf("%s is not there once: %s", want, w.log.String())
		}
	}
	w.setFaults(t, knowledgetest.Faults{Status: http.StatusBadGateway})
	if _, err := w.find(t.Context(), "south"); err == nil {
		t.Fatal("no error")
	}
	if !strings.Contains(w.log.String(), "level=WARN") || !strings.Contains(w.log.String(), "http_status=502") {
		t.Errorf("the log says %s", w.log.String())
	}
	checkDiscreet(t, "the log", w.log.String())
}
