package alerting_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/alerting"
	"github.com/ai-agents/ai-agents/e2e/alerting/mailtest"
	"github.com/ai-agents/ai-agents/e2e/alerting/pagerdutytest"
	"github.com/ai-agents/ai-agents/e2e/alerting/slacktest"
)

const (
	mailUser     = "alerts@example.com" // as alertmanager.yaml has it
	mailPassword = "example-not-a-secret"
	// patience is for the whole machine to be slow; nothing waits that long otherwise.
	patience = 2 * time.Minute
)

// desk is an Alertmanager with the configuration that ships, and all whom it tells.
type desk struct {
	*alerting.Program

	t         *testing.T
	dir       string
	slack     *slacktest.Server
	pagerduty *pagerdutytest.Server
	mail      *mailtest.Server
	beats     *atomic.Int64
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{
		t: t, dir: t.TempDir(), slack: slacktest.New(t), pagerduty: pagerdutytest.New(t), mail: mailtest.New(t, mailUser, mailPassword),
		beats: new(atomic.Int64),
	}
	heart := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { d.beats.Add(1) }))
	t.Cleanup(heart.Close)
	config, err := alerting.Alertmanager(filepath.Join(root(t), alerting.AlertmanagerDir), d.dir, alerting.Channels{
		SlackURL: d.slack.URL(), PagerDutyURL: d.pagerduty.URL(), MailAddr: d.mail.Addr(), HeartbeatURL: heart.URL,
		PagerDutyKey: pagerdutytest.RoutingKey, MailPassword: mailPassword,
		GroupWait: time.Second, GroupInterval: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	if d.Program, err = alerting.StartAlertmanager(t.Context(), d.dir, config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		d.Stop()
		if log, err := os.ReadFile(d.Log); err == nil && t.Failed() {
			t.Logf("Alertmanager said:\n%s", log)
		}
	})
	return d
}

// alert is one as Prometheus sends it.
type alert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	EndsAt      *time.Time        `json:"endsAt,omitempty"`
}

// firing makes an alert of pairs of labels, with a text of its name and tenant.
func firing(name, severity string, pairs ...string) alert {
	labels := map[string]string{"alertname": name, "severity": severity}
	for i := 0; i < len(pairs); i += 2 {
		labels[pairs[i]] = pairs[i+1]
	}
	return alert{Labels: labels, Annotations: map[string]string{
		"summary": name + " of " + labels["tenant_id"], "description": "It is an example.",
		"runbook_url": runbooks + "docs/runbooks/monitoring.md", "dashboard_url": "/d/ai-agents-overview",
	}}
}

// line is how Slack is told of it.
func (a alert) line() string {
	return "*" + a.Annotations["summary"] + "* (" + a.Labels["severity"] + ")"
}

func (a alert) over() alert {
	now := time.Now()
	a.EndsAt = &now
	return a
}

func (d *desk) post(alerts ...alert) {
	d.t.Helper()
	body, err := json.Marshal(alerts)
	if err != nil {
		d.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.URL+"/api/v2/alerts", bytes.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if said, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusOK {
		d.t.Fatalf("Alertmanager answers %d %s", answer.StatusCode, said)
	}
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it did not happen within %s: %s", patience, what)
		}
	}
}

// said gives the messages in Slack that have all of the texts.
func (d *desk) said(texts ...string) []slacktest.Attachment {
	var found []slacktest.Attachment
	for _, m := range d.slack.Messages() {
		for _, a := range m.Attachments {
			if containsAll(a.Title+"\n"+a.Text, texts) {
				found = append(found, a)
			}
		}
	}
	return found
}

// paged gives the incidents whose latest event has all of the texts.
func (d *desk) paged(texts ...string) []pagerdutytest.Incident {
	var found []pagerdutytest.Incident
	for _, i := range d.pagerduty.Incidents() {
		p := i.Events[0].Payload
		if containsAll(p.Summary+"\n"+p.Details["firing"], texts) {
			found = append(found, i)
		}
	}
	return found
}

// mailed gives the mails that have all of the texts.
func (d *desk) mailed(texts ...string) []mailtest.Mail {
	var found []mailtest.Mail
	for _, m := range d.mail.Mails() {
		if containsAll(m.Subject+"\n"+m.Text, texts) {
			found = append(found, m)
		}
	}
	return found
}

func containsAll(text string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}
