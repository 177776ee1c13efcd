package servicedesktest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

const apiKey = "EXAMPLE-KEY-0001"

var account = servicedesk.OAuth{ClientID: "1000.CLIENT", ClientSecret: "example-secret", RefreshToken: "1000.refresh"}

// bench speaks plain HTTP to a fake, as no well-behaved client would.
type bench struct {
	t     *testing.T
	fake  *servicedesktest.Server
	root  string
	clock *fakeClock
	token string
	http  *http.Client
}

func newBench(t *testing.T, profile servicedesk.Profile) *bench {
	t.Helper()
	clock := &fakeClock{now: time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC)}
	fake := servicedesktest.New(servicedesktest.Options{Profile: profile, APIKey: apiKey, OAuth: account, Clock: clock.Now})
	srv := httptest.NewServer(fake)
	t.Cleanup(func() {
		fake.Close()
		srv.Close()
	})
	b := &bench{t: t, fake: fake, root: srv.URL, clock: clock, http: srv.Client()}
	if profile == servicedesk.ProfileCloud {
		b.token = part[string](t, b.refresh(), "access_token")
	}
	return b
}

func eachProfile(t *testing.T, test func(t *testing.T, b *bench)) {
	t.Helper()
	for _, profile := range []servicedesk.Profile{servicedesk.ProfileOnPrem, servicedesk.ProfileCloud} {
		t.Run(string(profile), func(t *testing.T) {
			t.Parallel()
			test(t, newBench(t, profile))
		})
	}
}

// answer is what came back; body is nil unless it was a JSON object.
type answer struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

func (b *bench) send(req *http.Request) answer {
	b.t.Helper()
	resp, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &a.body)
	return a
}

func (b *bench) request(method, path, form string) *http.Request {
	b.t.Helper()
	target := b.root + b.fake.BasePath() + path
	var body io.Reader
	if form != "" {
		body = strings.NewReader(form)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, target, body)
	if err != nil {
		b.t.Fatal(err)
	}
	if form != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Accept", "application/vnd.manageengine.sdp.v3+json")
	if b.token != "" {
		req.Header.Set("Authorization", "Zoho-oauthtoken "+b.token)
	} else {
		req.Header.Set("Authtoken", apiKey)
	}
	return req
}

func (b *bench) get(path string) answer {
	b.t.Helper()
	return b.send(b.request(http.MethodGet, path, ""))
}

func (b *bench) list(path, input string) answer {
	b.t.Helper()
	return b.get(path + "?" + inputData(input))
}

// write sends the fields of a note in the wrapper of the edition.
func (b *bench) write(method, path, fields string) answer {
	b.t.Helper()
	key := "note"
	if b.token != "" {
		key = "request_note"
	}
	return b.send(b.request(method, path, inputData(`{"`+key+`":`+fields+`}`)))
}

func (b *bench) refresh() answer {
	b.t.Helper()
	return b.tokenFor(url.Values{
		"grant_type": {"refresh_token"}, "client_id": {account.ClientID},
		"client_secret": {account.ClientSecret}, "refresh_token": {account.RefreshToken},
	})
}

func (b *bench) tokenFor(form url.Values) answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.root+"/oauth/v2/token", strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.send(req)
}

func inputData(json string) string { return url.Values{"input_data": {json}}.Encode() }

// wantFailure fails unless a is a failure with these HTTP status and inner code.
func wantFailure(t *testing.T, a answer, status, code int) {
	t.Helper()
	outer, _ := a.body["response_status"].(map[string]any)
	messages, _ := outer["messages"].([]any)
	if a.status != status || len(messages) != 1 || outer["status"] != "failed" || outer["status_code"] != 4000.0 {
		t.Fatalf("got HTTP %d %s, want %d with code %d", a.status, a.raw, status, code)
	}
	if inner, ok := messages[0].(map[string]any); !ok || inner["status_code"] != float64(code) {
		t.Fatalf("got %s, want code %d", a.raw, code)
	}
}

// part digs a value out of a JSON body.
func part[T any](t *testing.T, a answer, path ...string) T {
	t.Helper()
	var v any = a.body
	for _, key := range path {
		m, ok := v.(map[string]any)
		if !ok {
			t.Fatalf("no %v in %s", path, a.raw)
		}
		v = m[key]
	}
	got, ok := v.(T)
	if !ok {
		t.Fatalf("%v is a %T in %s", path, v, a.raw)
	}
	return got
}

// items are the elements of a list.
func items(t *testing.T, a answer, key string) []map[string]any {
	t.Helper()
	list := part[[]any](t, a, key)
	out := make([]map[string]any, len(list))
	for i, v := range list {
		item, ok := v.(map[string]any)
		if !ok {
			t.Fatalf("%s[%d] is a %T", key, i, v)
		}
		out[i] = item
	}
	return out
}

type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
