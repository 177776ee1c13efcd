package simulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
)

const hostile = `<script>alert(1)</script><img src=x onerror=alert(2)>"'><a href="javascript:alert(3)">x</a>`

func TestPagesShowTicketsAndNotes(t *testing.T) {
	t.Parallel()
	r := start(t)
	e := r.open(onPrem, map[string]any{"subject": "Printer & toner", "description": "One\nTwo", "priority": "High", "emit": "none"})
	path := strings.TrimPrefix(e.PageURL, r.url)
	before := r.send(http.MethodGet, path, "").body
	mustContain(t, before, "Printer &amp; toner", "One<br>Two", "No note yet", `http-equiv="refresh"`)

	r.note(onPrem, servicedesk.ProfileOnPrem, e.TicketID, `<h3>Similar Tickets</h3><p>See <a href="https://kb.example.com/1">here</a></p>`)
	after := r.send(http.MethodGet, path, "").body
	mustContain(t, after, "<h3>Similar Tickets</h3>", `href="https://kb.example.com/1"`, "noreferrer", ">private<")
	mustNotContain(t, after, "No note yet", "http-equiv=\"refresh\"", "<pre")

	r.note(onPrem, servicedesk.ProfileOnPrem, e.TicketID, `<p>changed</p>`)
	edited := r.send(http.MethodGet, path, "").body
	mustContain(t, edited, "edited once")

	index := r.send(http.MethodGet, "/", "").body
	mustContain(t, index, onPrem, cloud, e.PageURL, "1 note", "Printer &amp; toner", "No open tickets")
}

func TestNotesWithoutMarkupKeepTheirLines(t *testing.T) {
	t.Parallel()
	r := start(t)
	e := r.open(cloud, map[string]any{"subject": "Gateway", "emit": "none"})
	r.note(cloud, servicedesk.ProfileCloud, e.TicketID, "### Similar Tickets\n\n- first &lt;tag&gt;\n- second")
	page := r.send(http.MethodGet, "/tickets/"+cloud+"/"+e.TicketID, "").body
	mustContain(t, page, `<pre class="text">### Similar Tickets`, "\n- first &lt;tag&gt;\n- second")
}

func TestPagesAreSafeWithHostileContent(t *testing.T) {
	t.Parallel()
	r := start(t)
	e := r.open(onPrem, map[string]any{
		"subject": hostile, "description": hostile, "priority": hostile, "emit": "none",
		"requester": map[string]any{"name": hostile},
	})
	r.note(onPrem, servicedesk.ProfileOnPrem, e.TicketID, "<p>ok</p>"+hostile)
	for _, path := range []string{"/", "/tickets/" + onPrem + "/" + e.TicketID} {
		got := r.send(http.MethodGet, path, "")
		page := got.body
		mustNotContain(t, page, "<script", "<img", `href="javascript`, "alert(1)</script>")
		mustContain(t, page, "&lt;script&gt;")
		policy := got.header.Get("Content-Security-Policy")
		mustContain(t, policy, "default-src 'none'", "style-src 'self'", "frame-ancestors 'none'")
		mustNotContain(t, policy, "script-src", "unsafe")
		if got.header.Get("X-Content-Type-Options") != "nosniff" || got.header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: headers %v", path, got.header)
		}
	}
}

func TestTheStyleSheetIsServed(t *testing.T) {
	t.Parallel()
	got := start(t).send(http.MethodGet, "/style.css", "")
	if !strings.HasPrefix(got.header.Get("Content-Type"), "text/css") {
		t.Errorf("content type %s", got.header.Get("Content-Type"))
	}
	mustContain(t, got.body, "prefers-color-scheme: dark")
}

func mustContain(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in:\n%s", part, text)
		}
	}
}

func mustNotContain(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Errorf("%q is found in:\n%s", part, text)
		}
	}
}
