package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

func TestVerify(t *testing.T) {
	const secret = "example-signing-secret"
	body := []byte(`{"tenant_id":"alpha"}`)
	sum := hmac.New(sha256.New, []byte(secret))
	sum.Write(body)
	hexadecimal, base := webhook.Sign(secret, body), base64.StdEncoding.EncodeToString(sum.Sum(nil))
	for name, signature := range map[string]string{
		"hex": hexadecimal, "upper-case hex": strings.ToUpper(hexadecimal), "prefixed": "sha256=" + hexadecimal,
		"base64": base, "padded with space": " " + hexadecimal + "\n",
	} {
		if err := webhook.Verify(secret, body, signature); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, signature := range map[string]string{
		"empty": "", "prefix only": "sha256=", "cut": hexadecimal[:62], "longer": hexadecimal + "00", "not hex": strings.Repeat("z", 64),
		"other secret": webhook.Sign("other", body), "other body": webhook.Sign(secret, append(body, ' ')), "broken base64": "!" + base[1:],
		"base64 with prefix": "sha256=" + base,
	} {
		if err := webhook.Verify(secret, body, signature); !errors.Is(err, webhook.ErrSignature) {
			t.Errorf("%s: %v, want ErrSignature", name, err)
		}
	}
	if err := webhook.Verify("", body, webhook.Sign("", body)); err == nil {
		t.Error("an empty secret verifies")
	}
}

func example() map[string]any {
	return map[string]any{
		"tenant_id": "alpha", "ticket_id": "100000000000031337", "event": "created", "subject": "Printer",
		"description": "It is on fire", "priority": "High", "timestamp": "2026-01-02T03:04:05Z",
		"requester": " Jane\u200b  Example ", "technician": "Front Desk",
	}
}

func parse(t *testing.T, body string) (webhook.Payload, error) {
	t.Helper()
	m, err := webhook.Parse([]byte(body))
	if err != nil {
		return webhook.Payload{}, err
	}
	if _, err := m.TenantID(); err != nil {
		return webhook.Payload{}, err
	}
	return m.Payload(tenant.Preferences{})
}

func TestPayload(t *testing.T) {
	body, err := json.Marshal(example())
	if err != nil {
		t.Fatal(err)
	}
	p, err := parse(t, string(body))
	if err != nil {
		t.Fatal(err)
	}
	if p.TenantID != "alpha" || p.Event != enhancement.EventCreated || p.Ticket.ID != "100000000000031337" ||
		p.Ticket.Description != "It is on fire" || p.Ticket.Subject != "Printer" || p.Ticket.Priority != "High" ||
		!slices.Equal(p.Ticket.People, []string{"Jane Example", "Front Desk"}) {
		t.Errorf("payload %+v", p)
	}
	if !p.Fresh(p.Timestamp.Add(5*time.Minute), 5*time.Minute) || !p.Fresh(p.Timestamp.Add(-5*time.Minute), 5*time.Minute) {
		t.Error("five minutes are too old")
	}
	if p.Fresh(p.Timestamp.Add(5*time.Minute+1), 5*time.Minute) || p.Fresh(p.Timestamp.Add(-5*time.Minute-1), 5*time.Minute) {
		t.Error("more than five minutes are fresh")
	}
	minimal, err := parse(t, `{"tenant_id":"alpha","ticket_id":"1","description":"d","priority":null,"timestamp":"1767323045000"}`)
	if err != nil || minimal.Event != enhancement.EventCreated || !minimal.Timestamp.Equal(p.Timestamp) {
		t.Errorf("the least that is needed: %+v, %v", minimal, err)
	}
}

// A sender that passes on what ServiceDesk Plus has must not fill note and search with markup.
func TestHTMLDescriptionsBecomeText(t *testing.T) {
	for description, want := range map[string]string{
		"<div>It is on&nbsp;fire.<br>Ask <b>Ann</b></div><script>x()</script>": "It is on fire.\nAsk Ann",
		"one <b> in plain text, and <none>":                                    "one <b> in plain text, and <none>",
		"if a < b then List<String> is &lt;empty&gt;":                          "if a < b then List<String> is &lt;empty&gt;",
	} {
		payload := example()
		payload["description"] = description
		body, err := json.Marshal(payload)
		if err != nil {
			t.Fatal(err)
		}
		if p, err := parse(t, string(body)); err != nil || p.Ticket.Description != want {
			t.Errorf("%q became %q, %v; want %q", description, p.Ticket.Description, err, want)
		}
	}
}

func TestInvalidPayloads(t *testing.T) {
	for name, c := range map[string]struct {
		change map[string]any // nil deletes the field
		fields []string
	}{
		"nothing there": {
			map[string]any{"tenant_id": nil, "ticket_id": nil, "description": nil, "timestamp": nil},
			[]string{"description", "tenant_id", "ticket_id", "timestamp"},
		},
		"wrong types":    {map[string]any{"ticket_id": 1e17, "description": []string{"a"}, "priority": true}, []string{"description", "priority", "ticket_id"}},
		"unknown fields": {map[string]any{"Tenant_ID": "beta", "admin": true}, []string{"Tenant_ID", "admin"}},
		"too long": {map[string]any{
			"description": strings.Repeat("é", 10_001), "subject": strings.Repeat("s", 251), "priority": strings.Repeat("p", 51),
			"requester": strings.Repeat("r", 201), "technician": strings.Repeat("t", 201),
		}, []string{"description", "priority", "requester", "subject", "technician"}},
		"ids":         {map[string]any{"tenant_id": "../beta", "ticket_id": "1; DROP TABLE x"}, []string{"tenant_id", "ticket_id"}},
		"event":       {map[string]any{"event": "deleted"}, []string{"event"}},
		"timestamp":   {map[string]any{"timestamp": "yesterday"}, []string{"timestamp"}},
		"empty text":  {map[string]any{"description": " \u200b ", "subject": ""}, []string{"description"}},
		"empty HTML":  {map[string]any{"description": "<p>&nbsp;</p><br>", "subject": ""}, []string{"description"}},
		"empty event": {map[string]any{"event": ""}, []string{"event"}},
	} {
		t.Run(name, func(t *testing.T) {
			payload := example()
			maps.Copy(payload, c.change)
			maps.DeleteFunc(payload, func(_ string, v any) bool { return v == nil })
			body, err := json.Marshal(payload)
			if err != nil {
				t.Fatal(err)
			}
			_, err = parse(t, string(body))
			var invalid *webhook.InvalidError
			if !errors.As(err, &invalid) {
				t.Fatalf("%v, want an InvalidError", err)
			}
			var fields []string
			for _, f := range invalid.Fields {
				fields = append(fields, f.Field)
				if f.Problem == "" || !strings.Contains(err.Error(), f.Field) {
					t.Errorf("%s is named without a problem", f.Field)
				}
			}
			if !slices.Equal(fields, c.fields) {
				t.Errorf("fields %q, want %q", fields, c.fields)
			}
		})
	}
	longest := example()
	longest["description"] = strings.Repeat("é", 10_000)
	body, err := json.Marshal(longest)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parse(t, string(body)); err != nil {
		t.Errorf("10,000 characters: %v", err)
	}
}

func TestAStrangerCannotMakeUsRepeatMuch(t *testing.T) {
	payload := example()
	for i := range 5000 {
		payload[fmt.Sprintf("%s-%d", strings.Repeat("k", 40), i)] = i
	}
	body, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = parse(t, string(body)); err == nil || len(err.Error()) > 2000 || !strings.Contains(err.Error(), "4990 more") {
		t.Errorf("%d bytes of body became an error of %d bytes", len(body), len(fmt.Sprint(err)))
	}
}

func TestBodiesThatAreNoObject(t *testing.T) {
	for _, body := range []string{"", "null", "[]", `"x"`, "{", `{"tenant_id":"alpha"} {}`, "\x00", `{"tenant_id":}`, "<html>"} {
		if _, err := webhook.Parse([]byte(body)); err == nil {
			t.Errorf("%q was taken", body)
		}
	}
}
