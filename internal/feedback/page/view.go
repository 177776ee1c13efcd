package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"time"

	"github.com/ai-agents/ai-agents/internal/feedback"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var style string

// view is what the page shows.
type view struct {
	Status  int
	Title   string
	Message string
	Role    string // how a screen reader takes the message: status or alert
	Form    bool
	Reasons []reason
	Parts   []part
	Comment string
	Invalid bool
	// RetryAfter in seconds goes into the header of that name; 0 for none.
	RetryAfter int
}

type reason struct {
	Value  feedback.Reason
	Text   string
	Chosen bool
}

const question = "Did this note help?"

// form asks for a vote. What was said before is shown, but for the comment: whoever has the link may see the page.
func form(before *feedback.Vote) view {
	v := view{Status: http.StatusOK, Title: question, Form: true}
	chosen := feedback.ReasonNone
	if before != nil {
		chosen = before.Reason
		v.Message = "The vote so far: " + said(*before)
	}
	return v.offering(chosen)
}

func (v view) offering(chosen feedback.Reason) view {
	texts := map[feedback.Reason]string{
		feedback.ReasonWrong: "Something in it is wrong", feedback.ReasonOffTopic: "It is about something else",
		feedback.ReasonIncomplete: "Something is missing", feedback.ReasonOutdated: "It is outdated",
	}
	for _, r := range feedback.Reasons() {
		v.Reasons = append(v.Reasons, reason{Value: r, Text: texts[r], Chosen: r == chosen})
	}
	return v
}

// thanks says what was recorded, and lets the reader think again.
func thanks(v feedback.Vote) view {
	shown := view{
		Status: http.StatusOK, Title: question, Form: true, Role: "status", Message: "Thank you. Recorded: " + said(v) + " You can close this page.",
	}
	return shown.offering(v.Reason)
}

func said(v feedback.Vote) string {
	text := "it helped"
	if v.Value == feedback.Down {
		text = "it did not help"
	}
	return text + " (" + v.ChangedAt.UTC().Format("2006-01-02 15:04") + " UTC)."
}

// again asks anew after what was not a vote.
func again(given feedback.Vote, message string) view {
	v := view{
		Status: http.StatusBadRequest, Title: question, Form: true, Role: "alert", Message: message, Comment: given.Comment, Invalid: true,
	}
	return v.offering(given.Reason)
}

// plain is a page without a form. It tells nothing of a note or a tenant.
func plain(status int, title, message string) view {
	return view{Status: status, Title: title, Message: message}
}

// pages renders views.
type pages struct {
	template *template.Template
	policy   string
}

func newPages() (pages, error) {
	parsed, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return pages{}, fmt.Errorf("read the page for feedback: %w", err)
	}
	sum := sha256.Sum256([]byte(style))
	return pages{
		template: parsed,
		// Nothing is loaded and nothing runs; the only style is the page's own, known by its digest.
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	}, nil
}

func (p pages) html(v view) ([]byte, error) {
	var b bytes.Buffer
	err := p.template.Execute(&b, struct {
		view

		Style      template.CSS
		MaxComment int
	}{v, template.CSS(style), feedback.MaxComment}) //nolint:gosec // the style is a constant
	if err != nil {
		return nil, fmt.Errorf("render the page for feedback: %w", err)
	}
	return b.Bytes(), nil
}

// write answers with v. The address holds the token, so it must get into no cache, no index, and no other site's log.
func (p pages) write(w http.ResponseWriter, v view) error {
	body, err := p.html(v)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", p.policy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if v.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(v.RetryAfter))
	}
	w.WriteHeader(v.Status)
	_, _ = w.Write(body) // the reader has gone when this fails
	return nil
}

// seconds is d in whole seconds, at least one.
func seconds(d time.Duration) int { return max(1, int((d+time.Second-1)/time.Second)) }
