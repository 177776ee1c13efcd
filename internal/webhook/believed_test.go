package webhook_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/internal/ticket/tickettest"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

// read is parse for a tenant with preferences.
func read(t *testing.T, body []byte, prefs tenant.Preferences) (webhook.Payload, error) {
	t.Helper()
	m, err := webhook.Parse(body)
	if err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	if _, err := m.TenantID(); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	return m.Payload(prefs)
}

func encoded(t *testing.T, change map[string]any) []byte {
	t.Helper()
	fields := example()
	for key, value := range change {
		fields[key] = value
		if value == nil {
			delete(fields, key)
		}
	}
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestABodyThatIsNotUTF8IsRefused(t *testing.T) {
	windows1252 := []byte(strings.Replace(string(encoded(t, nil)), "It is on fire", "Es l\xe4uft", 1))
	_, err := read(t, windows1252, tenant.Preferences{})
	var invalid *webhook.InvalidError
	if !errors.As(err, &invalid) || len(invalid.Fields) != 1 || invalid.Fields[0].Field != "(body)" || !strings.Contains(err.Error(), "UTF-8") {
		t.Errorf("error %v", err)
	}
	// A half of a pair is one character that the sender has lost, and no reason to lose the ticket.
	half := []byte(strings.Replace(string(encoded(t, nil)), "It is on fire", `fire \ud83d`, 1))
	if p, err := read(t, half, tenant.Preferences{}); err != nil || p.Ticket.Description != "fire \uFFFD" {
		t.Errorf("%+v, %v", p, err)
	}
	// Where the texts are not believed, it does not matter how they are written.
	if p, err := read(t, windows1252, tenant.Preferences{WebhookAuth: tenant.AuthStatic}); err != nil || p.Ticket.Description != "" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestAJobOfAWebhookHoldsNothingDeceptive(t *testing.T) {
	text := strings.ReplaceAll(tickettest.Deceptive, "\xff", "") // the body is UTF-8
	for _, description := range []string{text, "<p>" + text + "</p>"} {
		p, err := read(t, encoded(t, map[string]any{"subject": text, "description": description, "priority": text[:40]}), tenant.Preferences{})
		if err != nil {
			t.Fatal(err)
		}
		job := p.Job("c")
		tickettest.CheckDeceptive(t, "the subject", job.Ticket.Subject)
		tickettest.CheckDeceptive(t, "the description", job.Ticket.Description)
		tickettest.Check(t, "the priority", job.Ticket.Priority)
	}
}

func TestWhatIsNotBelievedIsNotTaken(t *testing.T) {
	static := tenant.Preferences{WebhookAuth: tenant.AuthStatic, LongDescriptions: tenant.LongTruncated}
	for name, change := range map[string]map[string]any{
		"as it should be": {"subject": nil, "description": nil, "priority": nil, "timestamp": nil, "event": nil},
		"with texts":      {},
		"with nonsense":   {"subject": 1, "description": []string{"x"}, "priority": strings.Repeat("p", 99)},
		"too long":        {"subject": strings.Repeat("s", 999), "description": strings.Repeat("d", 20_000)},
	} {
		p, err := read(t, encoded(t, change), static)
		want := ticket.Ticket{ID: "100000000000031337"}
		if err != nil || p.Believed || !reflect.DeepEqual(p.Ticket, want) || p.TenantID != "alpha" || p.Event != enhancement.EventCreated {
			t.Errorf("%s: %+v, %v", name, p, err)
			continue
		}
		if job := p.Job("c"); !job.Refetch || !reflect.DeepEqual(job.Ticket, want) || job.ID != enhancement.JobID("alpha", enhancement.EventCreated, want) {
			t.Errorf("%s: job %+v", name, job)
		}
	}
	for name, change := range map[string]map[string]any{
		"ticket_id": {"ticket_id": "1/../2"}, "event": {"event": "deleted"}, "timestamp": {"timestamp": 5}, "evnt": {"evnt": "updated"},
	} {
		if _, err := read(t, encoded(t, change), static); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFreshnessOfWhatIsNotBelieved(t *testing.T) {
	static, now := tenant.Preferences{WebhookAuth: tenant.AuthStatic}, time.Now()
	for name, c := range map[string]struct {
		timestamp any
		prefs     tenant.Preferences
		fresh     bool
	}{
		"none":                     {nil, static, true},
		"now":                      {now.Format(time.RFC3339), static, true},
		"long ago":                 {now.Add(-time.Hour).Format(time.RFC3339), static, false},
		"the first moment, signed": {"0001-01-01T00:00:00Z", tenant.Preferences{}, false},
	} {
		p, err := read(t, encoded(t, map[string]any{"timestamp": c.timestamp}), c.prefs)
		if err != nil || p.Fresh(now, 5*time.Minute) != c.fresh {
			t.Errorf("%s: fresh %t, %v", name, p.Fresh(now, 5*time.Minute), err)
		}
	}
}

func TestTruncatedDescriptions(t *testing.T) {
	truncate := tenant.Preferences{LongDescriptions: tenant.LongTruncated}
	for name, c := range map[string]struct{ description, begins, ends string }{
		"text":               {strings.Repeat("some word ", 2_000), "some word some", "more characters]"},
		"long markup":        {"<p>" + strings.Repeat("<b></b>", 4_000) + "short</p>", "short", "short"},
		"not inside of tags": {strings.Repeat("<p>some</p><p>word</p>", 1_500), "some\n\nword", "more characters]"},
		"just enough":        {strings.Repeat("é", 10_000), "é", "é"},
	} {
		p, err := read(t, encoded(t, map[string]any{"description": c.description}), truncate)
		if got := p.Ticket.Description; err != nil || utf8.RuneCountInString(got) > 10_000 || !strings.HasPrefix(got, c.begins) || !strings.HasSuffix(got, c.ends) || strings.Contains(got, "<") {
			t.Errorf("%s: %d characters, %v: %.40q", name, utf8.RuneCountInString(got), err, got)
		}
	}
	// The same text is the same update, however often it is cut.
	first, err := read(t, encoded(t, map[string]any{"description": strings.Repeat("word ", 4_000), "event": "updated"}), truncate)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := read(t, encoded(t, map[string]any{"description": strings.Repeat("word ", 4_000), "event": "updated"}), truncate); err != nil || again.Job("a").ID != first.Job("b").ID {
		t.Errorf("another job: %v", err)
	}
	if other, err := read(t, encoded(t, map[string]any{"description": strings.Repeat("word ", 4_001), "event": "updated"}), truncate); err != nil || other.Job("a").ID == first.Job("b").ID {
		t.Errorf("one that is longer in what was cut is the same job: %v", err)
	}
}

func TestVerifySecret(t *testing.T) {
	const secret = "example-signing-secret"
	if err := webhook.VerifySecret(secret, secret); err != nil {
		t.Error(err)
	}
	for _, given := range []string{"", " ", secret + " ", secret[:21], strings.ToUpper(secret), webhook.Sign(secret, nil)} {
		if err := webhook.VerifySecret(secret, given); !errors.Is(err, webhook.ErrSignature) {
			t.Errorf("%q: %v", given, err)
		}
	}
	if webhook.VerifySecret("", "") == nil {
		t.Error("no secret is taken for no secret")
	}
}

func TestProve(t *testing.T) {
	const secret = "example-signing-secret"
	signed, static := http.Header{}, http.Header{}
	webhook.Prove(signed, "signature", secret, []byte("body"))
	webhook.Prove(static, tenant.AuthStatic, secret, []byte("body"))
	if len(signed) != 1 || len(static) != 1 || webhook.Verify(secret, []byte("body"), signed.Get(webhook.SignatureHeader)) != nil ||
		webhook.VerifySecret(secret, static.Get(webhook.SecretHeader)) != nil {
		t.Errorf("%v, %v", signed, static)
	}
}
