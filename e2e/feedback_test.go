package e2e_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/feedback"
)

// A technician follows the link in the note, says that it did not help, thinks again, and operators see it. What only looks at
// links votes on nothing.
func TestATechnicianVotesThroughTheNotesLink(t *testing.T) {
	t.Parallel()
	eachDesk(t, "feedback", func(t *testing.T, l livingNote) {
		note := l.one(l.ticket().Notes)
		link := regexp.MustCompile(`http://[^"\s)]+` + feedback.Path + `[A-Za-z0-9_-]+`).FindString(note.Description)
		if link == "" {
			t.Fatalf("no link in\n%s", note.Description)
		}
		said := func() (vote feedback.Value, comment string) {
			t.Helper()
			for job, err := range users.Admin().Jobs(t.Context(), l.tenantID, adminapi.JobQuery{TicketID: l.ticketID}) {
				if err != nil {
					t.Fatal(err)
				}
				shown, err := users.Admin().Job(t.Context(), l.tenantID, job.JobID)
				if err != nil {
					t.Fatal(err)
				}
				if f := shown.Feedback; f != nil {
					return f.Vote, f.Comment
				}
			}
			return "", ""
		}
		if status, body := browse(t, http.MethodGet, link, nil); status != http.StatusOK || !strings.Contains(body, "Did this note help?") {
			t.Fatalf("%d: %s", status, body)
		}
		if vote, _ := said(); vote != "" {
			t.Errorf("looking at the page votes %s", vote)
		}
		down := url.Values{"vote": {"down"}, "reason": {"incomplete"}, "comment": {"The switch is missing."}}
		if status, body := browse(t, http.MethodPost, link, down); status != http.StatusOK || !strings.Contains(body, "it did not help") {
			t.Fatalf("%d: %s", status, body)
		}
		if vote, comment := said(); vote != feedback.Down || comment != "The switch is missing." {
			t.Errorf("operators see %q, %q", vote, comment)
		}
		if status, _ := browse(t, http.MethodPost, link, url.Values{"vote": {"up"}}); status != http.StatusOK {
			t.Errorf("thinking again: %d", status)
		}
		if vote, comment := said(); vote != feedback.Up || comment != "" {
			t.Errorf("operators see %q, %q", vote, comment)
		}
		if status, _ := browse(t, http.MethodPost, link[:len(link)-2], down); status != http.StatusNotFound {
			t.Errorf("a forged link: %d", status)
		}
	})
}

func browse(t *testing.T, method, link string, form url.Values) (status int, page string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, link, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}
