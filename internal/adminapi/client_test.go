package adminapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/gather/history"
)

// dial makes a client of a console that answers as handle does. Waits between attempts are short.
func dial(t *testing.T, handle http.HandlerFunc, with ...func(*Options)) *Client {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	opts := Options{BaseURL: server.URL, Token: "example-token", pause: time.Millisecond}
	for _, set := range with {
		set(&opts)
	}
	c, err := NewClient(opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func answer(w http.ResponseWriter, status int, body any) {
	kind := "application/json"
	if status >= http.StatusBadRequest {
		kind = ProblemType
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func TestATokenDoesNotTravelUnencrypted(t *testing.T) {
	t.Parallel()
	for address, fine := range map[string]bool{
		"http://127.0.0.1:8083": true, "http://[::1]:8083": true, "http://localhost:8083": true, "http://127.9.9.9": true,
		"https://console.example.com": true, "http://console.example.com": false, "http://192.0.2.1:8083": false,
		"http://localhost.example.com": false, "http://0.0.0.0:8083": false,
	} {
		if _, err := NewClient(Options{BaseURL: address}); (err == nil) != fine || !fine && !errors.Is(err, ErrPlainHTTP) {
			t.Errorf("%s: %v", address, err)
		}
		if _, err := NewClient(Options{BaseURL: address, AllowPlainHTTP: true}); err != nil {
			t.Errorf("%s, allowed: %v", address, err)
		}
	}
}

func TestTheConsolesAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://console.example.com/": "https://console.example.com", "https://example.com/console/": "https://example.com/console",
		"https://console.example.com/api/v1": "https://console.example.com",
		"":                                   "", "console.example.com": "", "127.0.0.1:8083": "", "ftp://example.com": "", "https://": "", "https://u:p@example.com": "", "https://example.com?x=1": "", "https://example.com#x": "", "https://%zz": "",
	} {
		c, err := NewClient(Options{BaseURL: address})
		if (err == nil) != (want != "") || err == nil && c.Address() != want {
			t.Errorf("%q: %v, %v", address, c, err)
		}
		if err != nil && strings.Contains(err.Error(), "u:p") {
			t.Errorf("the error repeats a password: %v", err)
		}
	}
}

func TestWhatIsSent(t *testing.T) {
	t.Parallel()
	type seen struct{ Method, URI, Token, Match, Kind, Body string }
	var got seen
	c := dial(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = seen{r.Method, r.RequestURI, r.Header.Get("Authorization"), r.Header.Get("If-Match"), r.Header.Get("Content-Type"), strings.TrimSpace(string(body))}
		answer(w, http.StatusOK, Tenant{TenantID: "alpha", Version: 8})
	}, func(o *Options) { o.BaseURL += "/console/" })
	tenant, err := c.UpdateTenant(t.Context(), "../a b?", Tenant{Version: 7}.ETag(), UpdateTenant{TenantSpec: TenantSpec{Name: "<Example> & more"}})
	if err != nil || tenant.ETag() != `"8"` {
		t.Errorf("%+v, %v", tenant, err)
	}
	want := seen{
		http.MethodPut, "/console/api/v1/tenants/..%2Fa%20b%3F", "Bearer example-token", `"7"`, "application/json",
		`{"name":"<Example> & more","servicedesk_url":"","servicedesk_profile":"","enhancement_prefs":{}}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := c.EnableTenant(t.Context(), "alpha", ""); err != nil {
		t.Error(err)
	}
	if want := (seen{Method: http.MethodPost, URI: "/console/api/v1/tenants/alpha/enable", Token: "Bearer example-token"}); got != want {
		t.Errorf("sent %+v", got)
	}
}

// TestNoRedirectIsFollowed: the token would go where the redirect leads.
func TestNoRedirectIsFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the redirect was followed, with %q", r.Header.Get("Authorization"))
	}))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		c := dial(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, status) })
		if _, err := c.WhoAmI(t.Context()); err == nil || !strings.Contains(err.Error(), elsewhere.URL) {
			t.Errorf("%d: %v", status, err)
		}
		if _, err := c.Reindex(t.Context(), "alpha", Reindex{}); err == nil || !strings.Contains(err.Error(), elsewhere.URL) {
			t.Errorf("%d, of a stream: %v", status, err)
		}
	}
}

func TestWhatIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status, failures, want int
		call                   func(context.Context, *Client) error
	}{
		"a look, restarting": {503, 2, 3, look}, "a look, behind a proxy": {502, 3, 4, look}, "a look, for good": {503, 99, attempts, look},
		"a look, broken": {500, 1, 1, look}, "a look, forbidden": {403, 1, 1, look}, "a look, too fast": {429, 2, 3, look},
		"an upload": {503, 1, 2, func(ctx context.Context, c *Client) error {
			_, err := c.PutTickets(ctx, "alpha", []history.PastTicket{{ID: "1"}})
			return err
		}},
		"a change": {503, 1, 1, func(ctx context.Context, c *Client) error { _, err := c.DisableTenant(ctx, "alpha", ""); return err }},
		"a token":  {502, 1, 1, func(ctx context.Context, c *Client) error { _, err := c.CreateToken(ctx, CreateToken{}); return err }},
	} {
		var calls atomic.Int32
		client := dial(t, func(w http.ResponseWriter, _ *http.Request) {
			if int(calls.Add(1)) <= c.failures {
				answer(w, c.status, Problem{Detail: "example"})
				return
			}
			answer(w, http.StatusOK, Identity{})
		})
		err := c.call(t.Context(), client)
		if int(calls.Load()) != c.want || (err == nil) != (c.want > c.failures) {
			t.Errorf("%s: %d calls, %v; want %d", name, calls.Load(), err, c.want)
		}
	}
}

func look(ctx context.Context, c *Client) error { _, err := c.WhoAmI(ctx); return err }

func TestAConsoleThatIsNotThere(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := NewClient(Options{BaseURL: address, pause: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.WhoAmI(t.Context())
	unreachable, is := errors.AsType[*UnreachableError](err)
	if !is || unreachable.Address != address || strings.Count(err.Error(), address) != 1 || !strings.Contains(err.Error(), "refused") {
		t.Errorf("%v", err)
	}
	if _, err := c.Import(t.Context(), "alpha", StartImport{}, nil); !errors.As(err, &unreachable) {
		t.Errorf("of a stream: %v", err)
	}
}

func TestAConsoleThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	waiting := make(chan struct{})
	c := dial(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-waiting:
		case <-r.Context().Done():
		}
	}, func(o *Options) { o.callTimeout, o.silence = 50*time.Millisecond, 50*time.Millisecond })
	t.Cleanup(func() { close(waiting) })
	if err := look(t.Context(), c); err == nil || !strings.Contains(err.Error(), "no answer within 50ms") {
		t.Errorf("%v", err)
	}
	if _, err := c.Import(t.Context(), "alpha", StartImport{}, nil); !errors.Is(err, ErrCutOff) || !strings.Contains(err.Error(), "nothing was heard for 50ms") {
		t.Errorf("of a stream: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := look(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who has had enough: %v", err)
	}
}

func TestAnswersThatAreNotTheConsoles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind, body, want string
		status           int
	}{
		"a web page":  {"text/html; charset=utf-8", "<html>", "give the console's address", 200},
		"torn JSON":   {"application/json", `{"subject": "a`, "cannot be read", 200},
		"a wrong one": {"text/plain", "404 page not found", "may not be the console", 404},
		"a proxy":     {"text/html", "<h1>Forbidden</h1>", "Forbidden (HTTP 403)", 403},
	} {
		client := dial(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", c.kind)
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		if err := look(t.Context(), client); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "<h") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if _, err := client.Reindex(t.Context(), "alpha", Reindex{}); err == nil || errors.Is(err, ErrCutOff) {
			t.Errorf("%s, of a stream: %v", name, err)
		}
	}
	endless := dial(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for block := make([]byte, 1<<20); r.Context().Err() == nil; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	if err := look(t.Context(), endless); err == nil || !strings.Contains(err.Error(), "larger than 64 MiB") {
		t.Errorf("an answer without an end: %v", err)
	}
	torn := dial(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "{}")
	})
	if err := look(t.Context(), torn); err == nil || !strings.Contains(err.Error(), "broke off") {
		t.Errorf("an answer that breaks off: %v", err)
	}
}
