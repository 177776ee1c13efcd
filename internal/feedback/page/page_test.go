package page_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/ai-agents/ai-agents/internal/feedback"
	"github.com/ai-agents/ai-agents/internal/feedback/page"
)

var update = flag.Bool("update", false, "write the pages to testdata/pages instead of comparing them")

const jobID = "7d444840-9dc0-41d1-b245-5ffdce74fad2"

var at = time.Date(2026, 6, 8, 9, 14, 0, 0, time.UTC)

// desk is a page whose tokens are words, and whose votes are in memory.
type desk struct {
	votes map[feedback.Note]feedback.Vote
	parts []feedback.Part
	told  []string // what was voted
	reads int
	err   error
	from  string
	log   bytes.Buffer
	page  *page.Handler
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{votes: map[feedback.Note]feedback.Vote{}, from: "192.0.2.1"}
	p, err := page.New(page.Deps{
		Tokens: d, Votes: d, Now: func() time.Time { return at }, Logger: slog.New(slog.NewTextHandler(&d.log, nil)),
		Client: func(*http.Request) netip.Addr { return netip.MustParseAddr(d.from) },
		Voted:  func(tenantID, vote string) { d.told = append(d.told, tenantID+" "+vote) },
	})
	if err != nil {
		t.Fatal(err)
	}
	d.page = p
	return d
}

func (*desk) Open(token string) (feedback.Note, error) {
	tenantID, known := strings.CutPrefix(token, "token-of-")
	switch {
	case token == "old":
		return feedback.Note{}, feedback.ErrExpired
	case !known:
		return feedback.Note{}, feedback.ErrForged
	}
	return feedback.Note{TenantID: tenantID, JobID: jobID}, nil
}

func (d *desk) Vote(_ context.Context, n feedback.Note) (*feedback.Vote, error) {
	d.reads++
	if v, ok := d.votes[n]; ok {
		return &v, d.err
	}
	return nil, d.err
}

func (d *desk) Parts(context.Context, feedback.Note) ([]feedback.Part, error) { return d.parts, d.err }

func (d *desk) Record(_ context.Context, n feedback.Note, v feedback.Vote, on ...feedback.PartVote) (feedback.Vote, error) {
	if !v.Value.Valid() || !v.Reason.Valid() || len(v.Comment) > feedback.MaxComment {
		return feedback.Vote{}, feedback.ErrInvalid
	}
	if d.err != nil {
		return feedback.Vote{}, d.err
	}
	v.FirstAt, v.ChangedAt = at, at
	d.votes[n] = v
	for _, vote := range on {
		for i := range d.parts {
			if d.parts[i].Key() == vote.Key {
				d.parts[i].Vote = vote.Value
			}
		}
	}
	return v, nil
}

func (d *desk) get(t *testing.T, token string) *httptest.ResponseRecorder {
	t.Helper()
	return d.do(t, http.MethodGet, token, nil)
}

func (d *desk) post(t *testing.T, token string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	return d.do(t, http.MethodPost, token, form)
}

func (d *desk) do(t *testing.T, method, token string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, feedback.Path+token, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	d.page.ServeHTTP(rec, req)
	d.inert(t, rec)
	return rec
}

// inert wants every answer to be a page that runs nothing, loads nothing and is kept nowhere.
func (d *desk) inert(t *testing.T, rec *httptest.ResponseRecorder) {
	t.Helper()
	for header, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		"X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex, nofollow", "Set-Cookie": "", "Location": "",
	} {
		if got := rec.Header().Get(header); got != want {
			t.Errorf("%s is %q", header, got)
		}
	}
	policy := rec.Header().Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'", "style-src 'sha256-"} {
		if !strings.Contains(policy, part) || strings.Contains(policy, "unsafe") {
			t.Errorf("the policy is %q", policy)
		}
	}
	root, err := html.Parse(rec.Body)
	if err != nil {
		t.Fatal(err)
	}
	for node := range root.Descendants() {
		for _, a := range node.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "style" || a.Key == "href" || a.Key == "action" {
				t.Errorf("<%s %s=%q>", node.Data, a.Key, a.Val)
			}
		}
		if node.Type == html.ElementNode && (node.Data == "script" || node.Data == "img" || node.Data == "link" || node.Data == "iframe") {
			t.Errorf("<%s>", node.Data)
		}
	}
}

func TestLookingDoesNotVote(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		rec := d.do(t, method, "token-of-alpha?vote=down&comment=x", nil)
		if rec.Code != http.StatusOK || len(d.votes) != 0 {
			t.Errorf("%s: %d, votes %v", method, rec.Code, d.votes)
		}
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodOptions, "TRACE"} {
		if rec := d.do(t, method, "token-of-alpha", url.Values{"vote": {"up"}}); rec.Code != http.StatusMethodNotAllowed || len(d.votes) != 0 || rec.Header().Get("Allow") == "" {
			t.Errorf("%s: %d, votes %v", method, rec.Code, d.votes)
		}
	}
}

func TestAVoteIsRecordedAndCanBeChanged(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	note := feedback.Note{TenantID: "alpha", JobID: jobID}
	given := url.Values{"vote": {"down"}, "reason": {"outdated"}, "comment": {"The gateway\r\nwas replaced."}}
	if rec := d.post(t, "token-of-alpha", given); rec.Code != http.StatusOK {
		t.Fatalf("%d", rec.Code)
	}
	want := feedback.Vote{Value: feedback.Down, Reason: feedback.ReasonOutdated, Comment: "The gateway\nwas replaced.", FirstAt: at, ChangedAt: at}
	if d.votes[note] != want {
		t.Errorf("recorded %+v", d.votes[note])
	}
	body := d.body(t, http.MethodGet, "token-of-alpha", nil)
	if !strings.Contains(body, "The vote so far: it did not help (") || !strings.Contains(body, `value="outdated" selected`) {
		t.Errorf("the page does not tell of the vote:\n%s", body)
	}
	if strings.Contains(body, "replaced.") || strings.Contains(body, "alpha") || strings.Contains(body, jobID) {
		t.Errorf("the page tells more than the vote:\n%s", body)
	}
	if body := d.body(t, http.MethodPost, "token-of-alpha", url.Values{"vote": {"up"}}); !strings.Contains(body, "Thank you. Recorded: it helped (") {
		t.Errorf("says\n%s", body)
	}
	if d.votes[note].Value != feedback.Up || !slices.Equal(d.told, []string{"alpha down", "alpha up"}) {
		t.Errorf("recorded %+v, told %v", d.votes[note], d.told)
	}
	if log := d.log.String(); !strings.Contains(log, "feedback recorded") || strings.Contains(log, "replaced") || strings.Contains(log, "token-of") {
		t.Errorf("the log says %s", log)
	}
}

// body is an answer whose body has not been read.
func (d *desk) body(t *testing.T, method, token string, form url.Values) string {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, feedback.Path+token, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	d.page.ServeHTTP(rec, req)
	return rec.Body.String()
}

func TestWhatIsNoVoteIsAskedForAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for name, form := range map[string]url.Values{
		"nothing": {}, "another word": {"vote": {"sideways"}}, "another reason": {"vote": {"up"}, "reason": {"x"}},
		"a long comment": {"vote": {"up"}, "comment": {strings.Repeat("x", feedback.MaxComment+1)}},
		"a huge one":     {"vote": {"up"}, "comment": {strings.Repeat("x", 1<<20)}},
	} {
		if rec := d.post(t, "token-of-alpha", form); rec.Code != http.StatusBadRequest || len(d.votes) != 0 {
			t.Errorf("%s: %d, votes %v", name, rec.Code, d.votes)
		}
	}
	long := strings.Repeat("mine ", 300) + `</textarea><script>alert(1)</script>`
	if body := d.body(t, http.MethodPost, "token-of-alpha", url.Values{"vote": {"up"}, "comment": {long}}); !strings.Contains(body, strings.Repeat("mine ", 300)) || strings.Contains(body, "<script>") {
		t.Errorf("what was written is lost, or runs:\n%s", body)
	}
}

// Sections and sources are voted on with the note: what was said shows again, another note's part is refused, and titles run nothing.
func TestPartsAreVotedOn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.parts = []feedback.Part{
		{Kind: feedback.KindSection, Name: "recommendations"},
		{Kind: feedback.KindTicket, Name: "#1001"},
		{Kind: feedback.KindArticle, Name: `"><script>alert(1)</script>`, Vote: feedback.Down},
	}
	body := d.body(t, http.MethodGet, "token-of-alpha", nil)
	fields := regexp.MustCompile(`name="(part-[0-9a-f]{16})" value="up"`).FindAllStringSubmatch(body, -1)
	if len(fields) != 3 || !strings.Contains(body, "<legend>Section Recommendations</legend>") || !strings.Contains(body, "Past ticket #1001") || strings.Contains(body, "<script>") {
		t.Fatalf("offers\n%s", body)
	}
	if !strings.Contains(body, `name="`+fields[2][1]+`" value="down" checked`) {
		t.Errorf("does not show what was said:\n%s", body)
	}
	form := url.Values{"vote": {"up"}, fields[0][1]: {"up"}, fields[1][1]: {"down"}, fields[2][1]: {""}}
	body = d.body(t, http.MethodPost, "token-of-alpha", form)
	if !strings.Contains(body, `name="`+fields[1][1]+`" value="down" checked`) || !strings.Contains(body, "Recorded: it helped") {
		t.Errorf("answers\n%s", body)
	}
	if d.parts[0].Vote != feedback.Up || d.parts[1].Vote != feedback.Down || d.parts[2].Vote != "" {
		t.Errorf("recorded %+v", d.parts)
	}
	d.votes = map[feedback.Note]feedback.Vote{}
	if rec := d.post(t, "token-of-alpha", url.Values{"vote": {"up"}, "part-0000000000000000": {"up"}}); rec.Code != http.StatusBadRequest || len(d.votes) != 0 {
		t.Errorf("another note's part: %d, %v", rec.Code, d.votes)
	}
}

func TestADeadLinkTellsNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if rec := d.get(t, "old"); rec.Code != http.StatusGone {
		t.Errorf("expired: %d", rec.Code)
	}
	forged := d.body(t, http.MethodGet, "forged", nil)
	for _, token := range []string{"forged", "", "a/b", "%2e%2e", "token%2Dof%2Dalpha", strings.Repeat("x", 3000)} {
		if rec := d.get(t, token); rec.Code != http.StatusNotFound || d.reads != 0 {
			t.Errorf("%q: %d after %d reads", token, rec.Code, d.reads)
		}
		if rec := d.post(t, token, url.Values{"vote": {"up"}}); rec.Code != http.StatusNotFound || len(d.votes) != 0 {
			t.Errorf("%q: %d, votes %v", token, rec.Code, d.votes)
		}
	}
	d.err = feedback.ErrNoNote
	if gone := d.body(t, http.MethodGet, "token-of-gone", nil); gone != forged {
		t.Errorf("a tenant that is gone shows as\n%s\na forged token as\n%s", gone, forged)
	}
	d.err = errors.New("dial tcp 10.9.9.9:5432: refused")
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		if rec := d.do(t, method, "token-of-alpha", url.Values{"vote": {"up"}}); rec.Code != http.StatusServiceUnavailable {
			t.Errorf("%s: %d", method, rec.Code)
		}
		if body := d.body(t, method, "token-of-alpha", url.Values{"vote": {"up"}}); strings.Contains(body, "10.9.9.9") {
			t.Errorf("tells of our inside:\n%s", body)
		}
	}
}

// An address is heard so often, and a note voted on so often, whoever asks: the clock of these tests stands still.
func TestRequestsAreLimited(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	count := func(wanted int, ask func(i int) int) (n int) {
		for i := range 1000 {
			if ask(i) != wanted {
				return i
			}
		}
		return 1000
	}
	if n := count(http.StatusNotFound, func(int) int { return d.get(t, "forged").Code }); n != 120 {
		t.Errorf("%d guesses from an address", n)
	}
	if rec := d.get(t, "token-of-alpha"); rec.Code != http.StatusTooManyRequests || rec.Header().Get("Retry-After") != "1" {
		t.Errorf("%d, to come again after %s", rec.Code, rec.Header().Get("Retry-After"))
	}
	d.from = "192.0.2.2"
	if rec := d.get(t, "token-of-alpha"); rec.Code != http.StatusOK {
		t.Errorf("another address: %d", rec.Code)
	}
	d.from = "2001:db8::1"
	if n := count(http.StatusNotFound, func(i int) int {
		d.from = fmt.Sprintf("2001:db8::%x", i+1)
		return d.get(t, "forged").Code
	}); n != 120 {
		t.Errorf("%d guesses from a network of addresses", n)
	}
	up := url.Values{"vote": {"up"}}
	if n := count(http.StatusOK, func(i int) int {
		d.from = fmt.Sprintf("198.51.100.%d", i+1)
		return d.post(t, "token-of-alpha", up).Code
	}); n != 20 {
		t.Errorf("%d votes on a note", n)
	}
	if rec := d.get(t, "token-of-alpha"); rec.Code != http.StatusOK {
		t.Errorf("looking at it: %d", rec.Code)
	}
	if rec := d.post(t, "token-of-beta", up); rec.Code != http.StatusOK {
		t.Errorf("another note: %d", rec.Code)
	}
}

// The pages as files, of which make note-snapshots takes pictures.
func TestPagesLookAsBefore(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"parts":   withParts(newDesk(t)).body(t, http.MethodGet, "token-of-alpha", nil),
		"ask":     newDesk(t).body(t, http.MethodGet, "token-of-alpha", nil),
		"thanks":  newDesk(t).body(t, http.MethodPost, "token-of-alpha", url.Values{"vote": {"down"}, "reason": {"outdated"}}),
		"expired": newDesk(t).body(t, http.MethodGet, "old", nil),
	} {
		path := filepath.Join("testdata", "pages", name+".html")
		if *update {
			if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(before) != body {
			t.Errorf("%s is not as it was; if it is better, run make note-snapshots:\n%s", path, body)
		}
	}
}

func withParts(d *desk) *desk {
	d.parts = []feedback.Part{
		{Kind: feedback.KindSection, Name: "similar_tickets"},
		{Kind: feedback.KindSection, Name: "recommendations"},
		{Kind: feedback.KindTicket, Name: "#1001", Vote: feedback.Up},
		{Kind: feedback.KindArticle, Name: "Printers & queues"},
	}
	return d
}
