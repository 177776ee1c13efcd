package servicedesk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/ticket/tickettest"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status int
		body   string
		want   Kind
		code   int
	}{
		{500, failedWith(4004), KindRetry, 4004},
		{500, `<html>`, KindRetry, 0},
		{502, ``, KindRetry, 0},
		{503, `{"response_status":{"status":"failed"}}`, KindRetry, 0},
		{429, failedWith(4015), KindRetry, 4015},
		{429, `<html>`, KindRetry, 0},
		{200, failedWith(4015), KindRetry, 4015},
		{400, `<html>URL blocked as Maximum Access Limit exceeded</html>`, KindRetry, 0},
		{403, `{"response_status":{"status":"failed","messages":[{"message":"URL blocked as maximum access limit for the page is exceeded"}]}}`, KindRetry, 0},
		{408, ``, KindRetry, 0},
		{404, `<html>nginx</html>`, KindRetry, 0},
		{200, `<html>login</html>`, KindRetry, 0},
		{200, `{"response_status":{"status":"warning","status_code":3000,"messages":[{"status_code":4003}]}}`, KindRetry, 4003},
		{200, `{"response_status":[{"status_code":"2000","status":"success"},{"status_code":"4000","status":"failed"}]}`, KindRetry, 4000},
		{200, failedWith(4001), KindGiveUp, 4001},
		{400, failedWith(4001), KindGiveUp, 4001},
		{400, `{"response_status":{"status":"failed","messages":[{"message":"Extra key found in JSON"}]}}`, KindGiveUp, 0},
		{403, failedWith(4002), KindGiveUp, 4002},
		{403, `<html>`, KindGiveUp, 0},
		{400, failedWith(7001), KindGiveUp, 7001},
		{418, failedWith(9999), KindGiveUp, 9999},
		{500, failedWith(9999), KindRetry, 9999},
		{400, failedWith(4012), KindGiveUp, 4012},
		{302, ``, KindGiveUp, 0},
		{401, failedWith(4022), KindUnauthorized, 4022},
		{401, failedWith(4002), KindUnauthorized, 4002},
		{401, `<html>`, KindUnauthorized, 0},
		{400, failedWith(4022), KindUnauthorized, 4022},
		{404, failedWith(4007), KindNotFound, 4007},
		{400, failedWith(4007), KindNotFound, 4007},
		{404, `{"response_status":{"status":"failed"}}`, KindNotFound, 0},
		{410, `{"response_status":{"status":"failed"}}`, KindNotFound, 0},
	}
	for _, tt := range tests {
		_, got := interpret(tt.status, []byte(tt.body))
		if got == nil || got.Kind != tt.want || got.Code != tt.code || got.HTTPStatus != tt.status {
			t.Errorf("HTTP %d %s: got %+v, want %s with code %d", tt.status, tt.body, got, tt.want, tt.code)
		}
	}
}

func failedWith(code int) string {
	return fmt.Sprintf(`{"response_status":{"status_code":4000,"messages":[{"status_code":%d,"type":"failed","message":"Example"}],"status":"failed"}}`, code)
}

func TestDecodingIsLiberal(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1593000300533).UTC()
	tests := map[string]Request{
		`{"id":132000000000001001,"created_time":{"value":"1593000300533"}}`:              {ID: "132000000000001001", CreatedTime: at},
		`{"id":"1","created_time":1593000300533,"is_trashed":"true","priority":"High"}`:   {ID: "1", CreatedTime: at, IsTrashed: true, Priority: "High"},
		`{"id":"1","created_time":null,"requester":null,"status":null,"resolution":null}`: {ID: "1"},
		`{"id":"1","created_time":{"value":null},"category":[],"site":{"name":7}}`:        {ID: "1", Site: "7"},
		`{"id":"1","subject":{"odd":1},"created_time":"soon","status":{"name":"Offen","internal_name":"Open"}}`: {
			ID: "1", Status: "Offen", StatusInternalName: "Open",
		},
	}
	for source, want := range tests {
		env, failed := interpret(200, []byte("\xef\xbb\xbf {\"request\":"+source+"}"))
		if failed != nil {
			t.Errorf("%s: %v", source, failed)
			continue
		}
		if diff := cmp.Diff(want, env.Request.request()); diff != "" {
			t.Errorf("%s: %s", source, diff)
		}
	}
	for _, source := range []string{
		`{"request":{"id":"1","priority":{"name":"\ud800"}}}`, `{"response_status":{"status_code":2000}}`, `{"response_status":"ok"}`,
	} {
		if _, failed := interpret(200, []byte(source)); failed != nil {
			t.Errorf("%s: %v", source, failed)
		}
	}
}

func TestMorePages(t *testing.T) {
	t.Parallel()
	tests := []struct {
		says text
		got  int
		want bool
	}{{"true", 100, true}, {"true", 0, false}, {"false", 100, false}, {"", 100, true}, {"", 99, false}, {"1", 3, true}}
	for _, tt := range tests {
		if got := (envelope{ListInfo: listInfo{HasMoreRows: tt.says}}).more(tt.got, 100); got != tt.want {
			t.Errorf("%+v: got %t", tt, got)
		}
	}
	if list := (envelope{RequestNotes: []wireNote{{ID: "1"}}}).noteList(); len(list) != 1 {
		t.Errorf("request_notes: got %v", list)
	}
}

func TestShowsMarker(t *testing.T) {
	t.Parallel()
	const marker = "Ref: A & B-12"
	shown := []string{
		`<p>Ref: A &amp; B-12</p>`, "Ref:&nbsp;A\n&#38;   B-12.", `x<br>Ref: A &#x26; B-12<br>y`, `(<b>Ref:</b> A <i>&amp;</i> B-<u>12</u>)`,
		"Ref: A\u200b & B-12", `Ref: A & B-123 Ref: A & B-12`, `<style>p{}</style>Ref: A & B-12`, `<script>if (a<b)</script>Ref: A & B-12`,
	}
	for _, source := range shown {
		if !showsMarker(source, marker) {
			t.Errorf("not found in %q, which reads %q", source, visibleText(source))
		}
	}
	for _, source := range []string{
		``, `Ref: A & B-123`, `xRef: A & B-12`, `Ref: A & B-12-1`, `<!-- Ref: A &amp; B-12 -->`, `<a title="Ref: A &amp; B-12">x</a>`,
		`<script>Ref: A & B-12</script>`, `Ref: A & B - 12`,
	} {
		if showsMarker(source, marker) {
			t.Errorf("found in %q", source)
		}
	}
}

func TestSameReading(t *testing.T) {
	t.Parallel()
	if !sameReading(`<p class="a">x <b>y</b></p><!-- c -->`, "<p>x\n<b>y</b></p>") {
		t.Error("classes, comments and white space make a difference")
	}
	for _, other := range []string{`<p>x</p><p>z</p>`, `<p>x</p><a href="https://e.example/2">y</a>`, `<p>x</p><a>y</a>`} {
		if sameReading(`<p>x</p><a href="https://e.example/1">y</a>`, other) {
			t.Errorf("the same as %s", other)
		}
	}
}

func TestMergedInto(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"Request 17 has been merged with request 12":       "12",
		"This request was merged into #132000000000001001": "132000000000001001",
		"MERGED. Parent: 17, 12":                           "12",
		"Invalid URL 12":                                   "",
		"merged":                                           "",
	}
	for said, want := range tests {
		if got := mergedInto(said, "17"); got != want {
			t.Errorf("%q: got %q, want %q", said, got, want)
		}
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	err := error(&Error{Op: "add_note", TicketID: "7", Kind: KindGiveUp, HTTPStatus: 400, Code: 4001, Message: "Invalid Input", err: cause})
	if want := "servicedesk: add_note ticket 7: HTTP 400: code 4001: Invalid Input: cause"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
	if Retryable(err) || Retryable(nil) || Retryable(cause) || !Retryable(fmt.Errorf("wrapped: %w", &Error{Kind: KindRetry})) {
		t.Error("Retryable is wrong")
	}
	if got := forTicket(cause, "7"); !errors.Is(got, cause) {
		t.Errorf("got %v", got)
	}
	if got := excerpt(strings.Repeat("ä ", 500)); len([]rune(got)) != 201 {
		t.Errorf("%d characters", len([]rune(got)))
	}
	if withhold("key=abc", "", "abc", "") != "key=[withheld]" || withhold("no m1", "m1") != withheld {
		t.Error("withhold is wrong")
	}
}

func TestConfigValidate(t *testing.T) {
	t.Parallel()
	onprem := Config{BaseURL: "https://sdp.example.com:8080/api/v3/", Profile: ProfileOnPrem, APIKey: "EXAMPLE-KEY", TechnicianID: "4"}
	cloud := Config{BaseURL: "https://sdp.example.com/app/itdesk/api/v3", Profile: ProfileCloud, OAuth: OAuth{
		AccountsURL: "https://accounts.example.com", ClientID: "a", ClientSecret: "b", RefreshToken: "c",
	}}
	for _, good := range []Config{onprem, cloud} {
		if client, err := New(good, nil); err != nil || client.cfg.Timeout != 10*time.Second {
			t.Errorf("%s: %v", good, err)
		}
	}
	tests := map[string]func(*Config){
		"base_url: missing":       func(c *Config) { c.BaseURL = "" },
		"base_url: not a URL":     func(c *Config) { c.BaseURL = "https://user:hush@[" },
		"must start with https":   func(c *Config) { c.BaseURL = "ftp://example.com/api/v3" },
		"has no host":             func(c *Config) { c.BaseURL = "https:///api/v3" },
		"not carry credentials":   func(c *Config) { c.BaseURL = "https://user:hush@example.com/api/v3" },
		"query or a fragment":     func(c *Config) { c.BaseURL = "https://example.com/api/v3?key=hush" },
		"must end with /api/v3":   func(c *Config) { c.BaseURL = "https://example.com" },
		"profile: must be":        func(c *Config) { c.Profile = "msp" },
		"api_key: missing":        func(c *Config) { c.APIKey = "" },
		"api_key: contains":       func(c *Config) { c.APIKey = "hush\r\nX: y" },
		"technician_id: must":     func(c *Config) { c.TechnicianID = "4a" },
		"timeout: must not":       func(c *Config) { c.Timeout = -1 },
		"oauth.accounts_url: mis": func(c *Config) { *c = Config{Profile: ProfileCloud} },
		"oauth.client_id: missin": func(c *Config) { *c = Config{Profile: ProfileCloud} },
		"oauth.client_secret: mi": func(c *Config) { *c = Config{Profile: ProfileCloud} },
		"oauth.refresh_token: mi": func(c *Config) { *c = Config{Profile: ProfileCloud} },
	}
	for want, spoil := range tests {
		c := onprem
		spoil(&c)
		_, err := New(c, nil)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for _, c := range []Config{onprem, cloud} {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "config", c, "oauth", c.OAuth)
		text := log.String() + fmt.Sprintf("%v %+v %s", c, c, c.OAuth)
		if strings.Contains(text, "EXAMPLE-KEY") || !strings.Contains(text, "sdp.example.com") {
			t.Errorf("got %s", text)
		}
	}
}

func TestLocksAreForgotten(t *testing.T) {
	t.Parallel()
	var locks ticketLocks
	release, err := locks.acquire(t.Context(), opPut, "1")
	if err != nil {
		t.Fatal(err)
	}
	if other, err := locks.acquire(t.Context(), opPut, "2"); err != nil {
		t.Errorf("another ticket: %v", err)
	} else {
		other()
	}
	release()
	if len(locks.held) != 0 {
		t.Errorf("%d locks are kept", len(locks.held))
	}
}

func TestALateCallerGetsTheTokenOthersHaveFetched(t *testing.T) {
	t.Parallel()
	tokens := &tokenSource{clock: time.Now, token: "new", expires: time.Now().Add(time.Hour)} // without a way to fetch another
	if got, err := tokens.renew(t.Context(), "refused"); got != "new" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestWhatAServerSaysIsFitForALog(t *testing.T) {
	t.Parallel()
	said, err := json.Marshal(tickettest.Deceptive)
	if err != nil {
		t.Fatal(err)
	}
	_, failed := interpret(http.StatusBadRequest, []byte(`{"response_status":{"status_code":4000,"status":"failed","messages":[{"message":`+string(said)+`}]}}`))
	if failed == nil {
		t.Fatal("taken for a success")
	}
	tickettest.CheckDeceptive(t, "the message", failed.Message)
}

// Not parallel: it looks at what this process allocates.
//
//nolint:paralleltest // see above
func TestAnAnswerCannotFillTheMemory(t *testing.T) {
	const mostAllocated = 64 << 20 // of a body of four megabytes; two gigabytes, when lists had no bound
	for name, c := range map[string]struct{ begin, repeated, end string }{
		"rows":      {`{"requests":[{}`, `,{}`, `],"response_status":{"status":"success"}}`},
		"notes":     {`{"notes":[null`, `,{}`, `]}`},
		"statuses":  {`{"response_status":[{}`, `,{}`, `]}`},
		"messages":  {`{"response_status":{"status":"failed","messages":[{}`, `,{}`, `]}}`},
		"addresses": {`{"asset":{"ip_addresses":"a`, `,a`, `"}}`},
		"depth":     {`{"requests":`, `[`, `]}`},
	} {
		body := []byte(c.begin + strings.Repeat(c.repeated, (maxBody-100)/len(c.repeated)) + c.end)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, failed := interpret(http.StatusOK, body)
		runtime.ReadMemStats(&after)
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > mostAllocated {
			t.Errorf("%s: %d MB allocated", name, allocated>>20)
		}
		if failed == nil || failed.Kind != KindRetry {
			t.Errorf("%s: %v", name, failed)
		}
	}
}

func FuzzDecodeResponse(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `[]`, `null`, `{"response_status":null}`, `<html><body>502</body></html>`, failedWith(4007),
		`{"note":{"id":"337","description":"<p>x</p>","added_by":{"id":"4"}},"response_status":{"status_code":2000,"status":"success"}}`,
		`{"request_note":{"id":132000000000001001,"created_by":{"id":4}},"response_status":{"status":"success"}}`,
		`{"notes":[{"id":"1"},null],"list_info":{"has_more_rows":true},"response_status":[{"status_code":2000,"status":"success"}]}`,
		`{"request":{"id":"1","created_time":{"value":"1593000300533"},"priority":null,"resolution":{"content":"x"}}}`,
		`{"requests":[{"id":1,"status":"Open","created_time":5}],"response_status":[{"status_code":"2000"}]}`,
		`{"response_status":{"status_code":3000,"status":"warning","messages":{"status_code":"4003","message":"x"}}}`,
	} {
		f.Add(http.StatusOK, []byte(seed))
	}
	f.Fuzz(func(t *testing.T, httpStatus int, body []byte) {
		env, failed := interpret(httpStatus, body)
		if failed != nil {
			if failed.Kind == "" || len([]rune(failed.Message)) > excerptLength+1 {
				t.Errorf("got %+v", failed)
			}
			return
		}
		if httpStatus < 200 || httpStatus > 299 {
			t.Errorf("HTTP %d was taken for a success", httpStatus)
		}
		for _, n := range env.noteList() {
			_ = n.author()
		}
		if max(len(env.Requests), len(env.Notes), len(env.Status), len(env.Solutions), len(env.Assets)) > maxRows {
			t.Error("a list without a bound")
		}
		for _, r := range env.Requests {
			if got := r.request(); got.ID != string(r.ID) {
				t.Errorf("got id %q, want %q", got.ID, r.ID)
			}
		}
		if note := env.note(); note != nil && note.Description != nil {
			_ = showsMarker(string(*note.Description), "m")
			if !sameReading(string(*note.Description), string(*note.Description)) {
				t.Error("a note does not read like itself")
			}
		}
	})
}
