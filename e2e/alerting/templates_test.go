package alerting_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/e2e/alerting/pagerdutytest"
)

// What others have named is shown as text, cut, and cannot ring anybody.
func TestHostileLabelsStayText(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	hostile := `<!channel> & <https://example.net|click> <script>x</script> ` + "\u202e" + strings.Repeat("long ", 400) + "the end"
	a := firing("TicketsLeftOut", "critical", "tenant_id", hostile)
	d.post(a)
	until(t, "all channels are told", func() bool {
		return len(d.slack.Messages()) == 1 && len(d.pagerduty.Incidents()) == 1 && len(d.mail.Mails()) == 1
	})
	slack := d.slack.Messages()[0].Attachments[0]
	for _, text := range []string{slack.Title, slack.Fallback, strings.SplitN(slack.Text, "\n", 2)[0]} {
		if strings.ContainsAny(text, "<>\u202e") || strings.Contains(text, "the end") {
			t.Errorf("Slack is told %s", text)
		}
	}
	if !strings.Contains(slack.Text, "&lt;!channel&gt; &amp; &lt;https://example.net|click&gt;") {
		t.Errorf("Slack is told %s", slack.Text)
	}
	if html := d.mail.Mails()[0].HTML; strings.Contains(html, "<script>") || !strings.Contains(html, "&lt;script&gt;") || strings.Contains(html, "the end") {
		t.Errorf("the mail is %s", html)
	}
	if strings.ContainsAny(d.mail.Mails()[0].Subject, "\r\n") || strings.Contains(d.mail.Mails()[0].Subject, "the end") {
		t.Errorf("the subject is %q", d.mail.Mails()[0].Subject)
	}
	if p := d.pagerduty.Incidents()[0].Events[0].Payload; strings.Contains(p.Summary+p.Details["firing"], "the end") {
		t.Errorf("PagerDuty is told %+v", p)
	}
}

// A day on which everything breaks is still one message that can be read.
func TestManyAlertsAreAMessageThatCanBeRead(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var many []alert
	for i := range 60 {
		many = append(many, firing(fmt.Sprintf("Example%02d", i), "critical", "tenant_id", clinic))
	}
	d.post(many...)
	until(t, "all channels are told", func() bool {
		return len(d.said("60 in all; the first 10 are shown.")) == 1 && len(d.paged("60 in all; the first 20 are shown.")) == 1 && len(d.mailed("60 in all; the first 20 are shown.")) == 1
	})
	if text := d.slack.Messages()[0].Attachments[0].Text; strings.Count(text, "|Silence>") != 10 || utf8.RuneCountInString(text) > 8000 {
		t.Errorf("Slack's message has %d characters: %s", utf8.RuneCountInString(text), text)
	}
	links := d.pagerduty.Incidents()[0].Events[0].Links
	want := []pagerdutytest.Link{
		{Href: runbooks + "docs/runbooks/monitoring.md", Text: "Runbook"},
		{Href: "https://grafana.example.com/d/ai-agents-overview", Text: "Dashboard"},
	}
	if len(links) != 2 || links[0] != want[0] || links[1] != want[1] {
		t.Errorf("PagerDuty's links are %+v, want %+v", links, want)
	}
}
