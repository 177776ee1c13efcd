package pagerdutytest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/alerting/fault"
	"github.com/ai-agents/ai-agents/e2e/alerting/pagerdutytest"
)

func send(t *testing.T, s *pagerdutytest.Server, event string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL(), strings.NewReader(event))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
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

func event(action, dedup, more string) string {
	return `{"routing_key":"` + pagerdutytest.RoutingKey + `","event_action":"` + action + `","dedup_key":"` + dedup + `"` + more + `}`
}

const payload = `,"payload":{"summary":"broken","source":"example","severity":"critical","custom_details":{"firing":"it"}}`

func TestAnIncidentIsTriggeredAndResolved(t *testing.T) {
	s := pagerdutytest.New(t)
	for _, e := range []string{
		event("trigger", "a", payload), event("trigger", "a", payload), event("trigger", "b", payload), event("resolve", "a", ""),
		event("resolve", "unknown", ""), event("trigger", "a", payload), event("acknowledge", "b", ""),
	} {
		if status, answer := send(t, s, e); status != http.StatusAccepted || !strings.Contains(answer, `"status":"success"`) {
			t.Fatalf("%s: got %d %s", e, status, answer)
		}
	}
	got := s.Incidents()
	if len(got) != 3 {
		t.Fatalf("got %d incidents, want 3: %+v", len(got), got)
	}
	for i, want := range []struct {
		key    string
		open   bool
		events int
	}{{"a", false, 3}, {"b", true, 2}, {"a", true, 1}} {
		if g := got[i]; g.Key != want.key || g.Open != want.open || len(g.Events) != want.events {
			t.Errorf("incident %d: got %+v, want %+v", i, g, want)
		}
	}
	if details := got[0].Events[0].Payload.Details["firing"]; details != "it" {
		t.Errorf("details: got %q", details)
	}
}

func TestWhatIsNoEventIsRefused(t *testing.T) {
	s := pagerdutytest.New(t)
	for name, test := range map[string]struct{ event, says string }{
		"no JSON":           {"{", "invalid event"},
		"another key":       {strings.Replace(event("trigger", "a", payload), "0000", "1111", 1), "Invalid routing key"},
		"another action":    {event("explode", "a", payload), "event_action"},
		"no key to resolve": {event("resolve", "", ""), "dedup_key"},
		"no payload":        {event("trigger", "a", ""), "payload.summary"},
		"no source":         {event("trigger", "a", strings.Replace(payload, "example", "", 1)), "payload.source"},
		"another severity":  {event("trigger", "a", strings.Replace(payload, `"critical"`, `"none"`, 1)), "payload.severity"},
		"a long summary":    {event("trigger", "a", strings.Replace(payload, "broken", strings.Repeat("x", 1025), 1)), "too long"},
		"a huge event":      {event("trigger", "a", strings.Replace(payload, `"it"`, `"`+strings.Repeat("x", 513<<10)+`"`, 1)), "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			if status, answer := send(t, s, test.event); status != http.StatusBadRequest || !strings.Contains(answer, test.says) {
				t.Errorf("got %d %s, want it to say %q", status, answer, test.says)
			}
		})
	}
	if got := s.Incidents(); len(got) != 0 {
		t.Errorf("kept %+v", got)
	}
}

func TestAFaultTakesNoEvent(t *testing.T) {
	s := pagerdutytest.New(t)
	s.Faults.Fail(1, fault.Answer{Status: http.StatusTooManyRequests})
	if status, _ := send(t, s, event("trigger", "a", payload)); status != http.StatusTooManyRequests || len(s.Incidents()) != 0 {
		t.Errorf("got %d and kept %+v", status, s.Incidents())
	}
}
