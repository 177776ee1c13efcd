package sender_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk/sender"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

const (
	exampleTenant = "example-clinic"
	// awkwardSecret has all that a form has to escape.
	awkwardSecret = `an "awkward" \secret, <with> $HOME & 'marks'`
)

func setup(t *testing.T, gateway string, profile tenant.Profile, auth tenant.WebhookAuth) sender.Setup {
	t.Helper()
	s, err := sender.New(sender.Params{GatewayURL: gateway, TenantID: exampleTenant, Profile: profile, Auth: auth})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Steps) < 3 {
		t.Errorf("only %d steps", len(s.Steps))
	}
	return s
}

func file(t *testing.T, s sender.Setup, name string) sender.File {
	t.Helper()
	for _, f := range s.Files {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("the setup has no %s", name)
	return sender.File{}
}

// judged is what the gateway's own checks say of a webhook.
func judged(t *testing.T, header http.Header, body []byte) webhook.Payload {
	t.Helper()
	if err := webhook.Verify(awkwardSecret, body, header.Get(webhook.SignatureHeader)); err != nil {
		t.Fatalf("the gateway would refuse it: %v\n%s", err, body)
	}
	message, err := webhook.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := message.Payload(tenant.Preferences{})
	if err != nil || !payload.Fresh(time.Now(), 5*time.Minute) {
		t.Fatalf("%v: %+v", err, payload)
	}
	return payload
}

// The script with its settings is run as ServiceDesk Plus runs it; what it sends has to pass the gateway's own checks.
func TestTheScriptOnThePremisesIsBelieved(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("python3 is missing: install it, on Debian or Ubuntu with `apt-get install python3`")
	}
	var header http.Header
	var body []byte
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header.Clone()
		body, _ = io.ReadAll(r.Body)
		if r.URL.Path != sender.Route {
			http.NotFound(w, r)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, `{"job_id":"example-job","status":"pending"}`)
	}))
	t.Cleanup(gateway.Close)
	desk := servicedesktest.New(servicedesktest.Options{})
	desk.AddRequest(servicedesktest.Request{ID: "20501", Subject: "VPN drops", Description: "<div>192.0.2.10 does not answer – naïve</div>", Priority: "High"})
	complete, err := desk.CompletePayload("20501")
	if err != nil {
		t.Fatal(err)
	}
	s := setup(t, gateway.URL+"/", tenant.ProfileOnPrem, "")
	if s.Way != sender.WayScript {
		t.Errorf("the way is %s", s.Way)
	}
	dir := t.TempDir()
	ticket := filepath.Join(dir, "ticket.json")
	if err := os.WriteFile(ticket, complete, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, f := range s.Files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), []byte(sender.Fill(f.Text, f.Form, awkwardSecret)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// The command that is pasted, but for the place of the script and the launcher of Windows.
	command := strings.Fields(file(t, s, "enhance-ticket.txt").Text)
	if command[0] != "py" || !strings.HasSuffix(command[1], `\enhance_ticket.py`) || command[2] != "$COMPLETE_V3_JSON_FILE" {
		t.Fatalf("the command is %q", command)
	}
	out, err := exec.CommandContext(t.Context(), python, filepath.Join(dir, "enhance_ticket.py"), ticket, command[3]).Output()
	if err != nil || !strings.Contains(string(out), "example-job") {
		t.Fatalf("%v: %s", err, out)
	}
	p := judged(t, header, body)
	if p.TenantID != exampleTenant || p.Ticket.ID != "20501" || p.Event != "created" || p.Ticket.Description != "192.0.2.10 does not answer – naïve" {
		t.Errorf("sent %+v", p)
	}
}

// The function is read statement by statement by a small interpreter of Deluge, as its vendor documents it.
func TestTheFunctionInTheCloudIsBelieved(t *testing.T) {
	t.Parallel()
	s := setup(t, "https://gateway.example.com", tenant.ProfileCloud, "")
	if s.Way != sender.WayFunction {
		t.Errorf("the way is %s", s.Way)
	}
	for _, event := range []string{"created", "updated"} {
		f := file(t, s, event)
		sent := runDeluge(t, sender.Fill(f.Text, f.Form, awkwardSecret), map[string]any{
			"id": "132000000000501501", "subject": `He said "no"`, "description": `<div>VPN drops.<br/>192.0.2.10 &amp; its <b>twin</b></div>`,
			"priority": map[string]any{"name": "High"}, "requester": map[string]any{"name": "Jürgen Example"}, "technician": nil,
		})
		if sent.url != "https://gateway.example.com"+sender.Route || sent.header.Get("Content-Type") != "application/json" {
			t.Errorf("sent to %s with %v", sent.url, sent.header)
		}
		p := judged(t, sent.header, []byte(sent.body))
		if p.TenantID != exampleTenant || p.Ticket.ID != "132000000000501501" || string(p.Event) != event || p.Ticket.Subject != `He said "no"` ||
			strings.TrimSpace(p.Ticket.Description) != "VPN drops.\n192.0.2.10 & its twin" || p.Ticket.Priority != "High" {
			t.Errorf("sent %+v", p)
		}
	}
}

func TestTheStaticHeader(t *testing.T) {
	t.Parallel()
	for _, profile := range []tenant.Profile{tenant.ProfileOnPrem, tenant.ProfileCloud} {
		s := setup(t, "https://gateway.example.com", profile, tenant.AuthStatic)
		if s.Way != sender.WayHeader || !strings.Contains(strings.Join(s.Steps, "\n"), "https://gateway.example.com/webhook/servicedesk") {
			t.Errorf("%s by %s: %q", profile, s.Way, s.Steps)
		}
		headers := file(t, s, "headers")
		filled := sender.Fill(headers.Text, headers.Form, awkwardSecret)
		_, given, _ := strings.Cut(strings.TrimSpace(filled), webhook.SecretHeader+": ")
		if err := webhook.VerifySecret(awkwardSecret, given); err != nil {
			t.Errorf("%q: %v", given, err)
		}
		body := strings.Replace(file(t, s, "updated").Text, "<the variable for the request's id>", "20501", 1)
		message, err := webhook.Parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if p, err := message.Payload(tenant.Preferences{WebhookAuth: tenant.AuthStatic}); err != nil || p.Ticket.ID != "20501" || p.Event != "updated" {
			t.Errorf("%v: %+v", err, p)
		}
	}
}

// What is made for others holds no secret, and says where it belongs; filled in, none is left open.
func TestWhereTheSecretBelongs(t *testing.T) {
	t.Parallel()
	for _, p := range []struct {
		profile tenant.Profile
		auth    tenant.WebhookAuth
		holders int
	}{{tenant.ProfileOnPrem, "", 1}, {tenant.ProfileCloud, "", 2}, {tenant.ProfileOnPrem, tenant.AuthStatic, 1}} {
		holders := 0
		for _, f := range setup(t, "https://gateway.example.com", p.profile, p.auth).Files {
			if f.HoldsSecret() {
				holders++
			}
			filled := sender.Fill(f.Text, f.Form, awkwardSecret)
			if strings.Contains(filled, sender.Placeholder) {
				t.Errorf("%s has no secret yet", f.Name)
			}
			if f.Form == sender.FormJSON && !json.Valid([]byte(filled)) {
				t.Errorf("%s is no JSON: %s", f.Name, filled)
			}
		}
		if holders != p.holders {
			t.Errorf("%s %s: %d texts hold the secret, want %d", p.profile, p.auth, holders, p.holders)
		}
	}
}

func TestTheDocumentationShowsTheSameTexts(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, profile := range []tenant.Profile{tenant.ProfileOnPrem, tenant.ProfileCloud} {
		for _, f := range setup(t, "https://gateway.example.com", profile, "").Files {
			if f.Name == "updated" {
				continue // "a second function with event set to updated"
			}
			if text := sender.Fill(f.Text, f.Form, "example-signing-secret"); !strings.Contains(string(page), "\n"+text+"```\n") {
				t.Errorf("docs/webhooks.md does not have %s as a tenant gets it:\n%s", f.Name, text)
			}
		}
	}
}

func TestAddressesThatAreNoGateway(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"", "gateway.example.com", "ftp://gateway.example.com", "https://", "https://gateway.example.com/webhook", "https://user@gateway.example.com",
		"https://gateway.example.com?x=1", "https://gateway.example.com/#x", "https://gate\"way\n.example.com",
	} {
		if _, err := sender.New(sender.Params{GatewayURL: address, TenantID: exampleTenant}); err == nil {
			t.Errorf("%q was taken", address)
		}
	}
	if _, err := sender.New(sender.Params{GatewayURL: "https://gateway.example.com", TenantID: `a";`}); err == nil {
		t.Error("an id that is none was taken")
	}
}
