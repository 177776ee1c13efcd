package slacktest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/alerting/fault"
	"github.com/ai-agents/ai-agents/e2e/alerting/slacktest"
)

const message = `{"channel":"#example","attachments":[{"title":"[CRITICAL] example","text":"*broken*","color":"danger"}]}`

func post(t *testing.T, method, url, contentType, body string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

func TestAMessageIsTaken(t *testing.T) {
	s := slacktest.New(t)
	if status, answer := post(t, http.MethodPost, s.URL(), "application/json", message); status != http.StatusOK || answer != "ok" {
		t.Fatalf("got %d %q", status, answer)
	}
	got := s.Messages()
	if len(got) != 1 || got[0].Channel != "#example" || got[0].Attachments[0].Text != "*broken*" || got[0].Attachments[0].Color != "danger" {
		t.Errorf("got %+v", got)
	}
}

func TestWhatIsNoMessageIsRefused(t *testing.T) {
	s := slacktest.New(t)
	for name, test := range map[string]struct {
		method, url, contentType, body string
		status                         int
		answer                         string
	}{
		"another secret":  {http.MethodPost, s.URL() + "x", "application/json", message, 404, "no_service"},
		"GET":             {http.MethodGet, s.URL(), "application/json", message, 400, "invalid_payload"},
		"a form":          {http.MethodPost, s.URL(), "application/x-www-form-urlencoded", message, 400, "invalid_payload"},
		"no JSON":         {http.MethodPost, s.URL(), "application/json", "{", 400, "invalid_payload"},
		"nothing in it":   {http.MethodPost, s.URL(), "application/json", `{"channel":"#example"}`, 400, "no_text"},
		"too much in it":  {http.MethodPost, s.URL(), "application/json", `{"attachments":[` + strings.Repeat("{},", 100) + `{}]}`, 400, "too_many_attachments"},
		"endless nothing": {http.MethodPost, s.URL(), "application/json", strings.Repeat(" ", 1<<20) + message, 400, "invalid_payload"},
	} {
		t.Run(name, func(t *testing.T) {
			if status, answer := post(t, test.method, test.url, test.contentType, test.body); status != test.status || answer != test.answer {
				t.Errorf("got %d %q, want %d %q", status, answer, test.status, test.answer)
			}
		})
	}
	if got := s.Messages(); len(got) != 0 {
		t.Errorf("kept %+v", got)
	}
}

func TestAFaultTakesNoMessage(t *testing.T) {
	s := slacktest.New(t)
	s.Faults.Fail(1, fault.Answer{Status: http.StatusTooManyRequests})
	if status, _ := post(t, http.MethodPost, s.URL(), "application/json", message); status != http.StatusTooManyRequests || len(s.Messages()) != 0 {
		t.Errorf("got %d and kept %+v", status, s.Messages())
	}
}
