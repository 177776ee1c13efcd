package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/adminapi/tokenfile"
	"github.com/ai-agents/ai-agents/internal/console/consoletest"
	"github.com/ai-agents/ai-agents/internal/servicedesk/sender"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// newClientsDesk is the ServiceDesk Plus of a client that is to be onboarded, with a resolved ticket and an article.
func newClientsDesk(t *testing.T) (url string) {
	t.Helper()
	fake := servicedesktest.New(servicedesktest.Options{APIKey: "example-api-key"})
	t.Cleanup(fake.Close)
	id := fake.AddRequest(servicedesktest.Request{Subject: "Printer", Description: "Paper jam", Status: "Open", CreatedTime: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)})
	fake.Resolve(id, "<p>Cleaned the roller.</p>")
	fake.AddSolution(servicedesktest.Solution{Title: "Rollers", Description: "<p>Clean them.</p>", ApprovalStatus: "Approved", IsPublic: true})
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	return server.URL + "/api/v3"
}

func onboardArgs(t *testing.T, desk, key, dir string, more ...string) []string {
	t.Helper()
	return append([]string{
		"onboard", "--tenant", "alpha", "--name", "Example", "--servicedesk-url", desk, "--profile", "onprem", "--technician-id", "4",
		"--api-key-file", write(t, "key", key+"\n"), "--gateway-url", "https://gateway.example.com", "--setup-dir", dir,
	}, more...)
}

func TestOnboardingWithFlags(t *testing.T) {
	w := environment(t)
	dir := filepath.Join(t.TempDir(), "setup")
	args := onboardArgs(t, newClientsDesk(t), "example-api-key", dir, "--skip-test")
	out, messages, err := apart(t.Context(), "", args...)
	if err != nil {
		t.Fatalf("%v\n%s%s", err, messages, out)
	}
	for _, says := range []string{
		"tenant (", "): created", "): ServiceDesk Plus answers", "import of tickets (", "): 1 new, 0 changed", "later   test webhook", "enhance_ticket.py", "Execute Script", sender.Placeholder,
	} {
		if !strings.Contains(out, says) {
			t.Errorf("it says nothing of %q:\n%s", says, out)
		}
	}
	before, c, err := w.Tenants.Get(t.Context(), "alpha")
	if err != nil || len(c.SigningSecret.Reveal()) != 43 || c.APIKey != "example-api-key" {
		t.Fatalf("%v: the tenant was not made as it was said", err)
	}
	if strings.Contains(out+messages, c.SigningSecret.Reveal()) || strings.Contains(out+messages, "example-api-key") || strings.Contains(out, "\x1b[") {
		t.Error("a secret, or a colour, was printed")
	}
	// The texts in the folder have it, and nobody else may read them.
	for _, name := range []string{"signing-secret", "ai_agents.json", "enhance_ticket.py", "enhance-ticket.txt"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", name, err)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "ai_agents.json"))
	var settings map[string]string
	if err := errors.Join(err, json.Unmarshal(data, &settings)); err != nil || settings["signing_secret"] != c.SigningSecret.Reveal() ||
		settings["gateway_url"] != "https://gateway.example.com" || settings["tenant_id"] != "alpha" {
		t.Errorf("%v: the settings of the script do not fit the tenant", err)
	}
	// Once more: what is done stays as it is, and the secret is shown to who asks for it.
	out, _, err = apart(t.Context(), "", "onboard", "--tenant", "alpha", "--gateway-url", "https://gateway.example.com", "--setup-dir", dir, "--skip-test", "--skip-import", "--show-secret", "--json")
	var told struct {
		Steps []item `json:"steps"`
	}
	if err := errors.Join(err, json.Unmarshal([]byte(out), &told)); err != nil || len(told.Steps) != 7 || told.Steps[0].Detail != "was there" || told.Steps[3].Outcome != itemSkipped {
		t.Errorf("%v: %s", err, out)
	}
	if again, now, err := w.Tenants.Get(t.Context(), "alpha"); err != nil || now.SigningSecret != c.SigningSecret || again.Version != before.Version {
		t.Errorf("%v: it was changed, to version %d", err, again.Version)
	}
	if !strings.Contains(out, c.SigningSecret.Reveal()) {
		t.Error("the secret was asked for, and not shown")
	}
}

// A key that is refused is said so, with what to do; the same command with another key goes on.
func TestOnboardingGoesOnAfterAWrongKey(t *testing.T) {
	w := environment(t)
	desk, dir := newClientsDesk(t), filepath.Join(t.TempDir(), "setup")
	out, messages, err := apart(t.Context(), "", onboardArgs(t, desk, "another-key", dir, "--skip-test")...)
	if err == nil || exitStatus(err) != exitFailed {
		t.Fatalf("%v: %s%s", err, messages, out)
	}
	for _, says := range []string{"connections: ServiceDesk Plus: ", "key is not accepted", "--api-key-file", "run the same command again"} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("it says nothing of %q: %v", says, err)
		}
	}
	if !strings.Contains(out, "FAILED  connections") || strings.Contains(out, "import of tickets") {
		t.Errorf("the check-list is wrong:\n%s", out)
	}
	_, before, err := w.Tenants.Get(t.Context(), "alpha")
	if err != nil {
		t.Fatal(err)
	}
	out, messages, err = apart(t.Context(), "", "onboard", "--tenant", "alpha", "--api-key-file", write(t, "key", "example-api-key"),
		"--gateway-url", "https://gateway.example.com", "--setup-dir", dir, "--skip-test")
	if err != nil || !strings.Contains(out, "keys that were given are set") || !strings.Contains(out, "1 new, 0 changed") {
		t.Fatalf("%v: %s%s", err, messages, out)
	}
	if _, after, err := w.Tenants.Get(t.Context(), "alpha"); err != nil || after.SigningSecret != before.SigningSecret || after.APIKey != "example-api-key" {
		t.Errorf("%v: the secret was changed, or the key was not", err)
	}
}

func TestOnboardingSaysWhatIsMissingBeforeItBegins(t *testing.T) {
	w := environment(t)
	fails(t, "", "onboard", "--tenant: use 1 to 63")
	err := failure(t, "", "onboard --tenant alpha --profile both --import mails --gateway-url nowhere --webhook-auth none",
		"--name: is missing", "--servicedesk-url: is missing", "--api-key-file: is missing", "--ticket: names no ticket", "--skip-test",
		"--profile: has to be", `"mails" is none of`, "--gateway-url: the gateway's address", "--webhook-auth: has to be")
	if exitStatus(err) != exitFailed {
		t.Errorf("status %d", exitStatus(err))
	}
	dir := filepath.Join(t.TempDir(), "setup")
	for _, more := range [][]string{{"--kb-key-file", filepath.Join(dir, "none")}, {"--signing-secret-file", write(t, "empty", " ")}, {"--signing-secret-file", write(t, "short", "short")}} {
		if out, _, err := apart(t.Context(), "", onboardArgs(t, "https://sdp.example.com/api/v3", "k", dir, append(more, "--skip-test")...)...); err == nil {
			t.Errorf("%q: %s", more, out)
		}
	}
	if _, err := w.Tenants.Read(t.Context(), "alpha"); err == nil {
		t.Error("the tenant was made all the same")
	}
}

func TestOnboardingATenantThatIsThere(t *testing.T) {
	w := environment(t)
	mustApply(t)
	dir := filepath.Join(t.TempDir(), "setup")
	// Only the platform has the secret: it is not replaced unasked, and nothing of it is written down.
	out, _, err := apart(t.Context(), "", "onboard", "--tenant", "alpha", "--setup-dir", dir, "--gateway-url", "https://gateway.example.com", "--skip-test")
	if err == nil || !strings.Contains(out, "agentctl tenant rotate-secret alpha --generate > "+dir) {
		t.Errorf("%v: %s", err, out)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a folder was made for texts without the secret")
	}
	fails(t, "", "onboard --tenant alpha --skip-test --servicedesk-url https://sdp.example.org/api/v3", "add --api-key-file")
	must(t, "", "tenant disable alpha")
	fails(t, "", "onboard --tenant alpha --skip-test", "is disabled", "agentctl tenant enable alpha")
	must(t, "", "tenant delete alpha")
	fails(t, "", "onboard --tenant alpha --skip-test", "is deleted", "agentctl tenant restore alpha")
	// A secret that was replaced since is not the one of the file.
	w.exec(t, "UPDATE tenant_configs SET created_at = now() - interval '1 day'")
	there := tenantThere(t)
	old := write(t, secretName, "an-old-signing-secret")
	if err := os.Chtimes(old, time.Now().Add(-time.Hour), time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	flags := onboardFlags{tenantID: "alpha", setupDir: filepath.Dir(old)}
	if secret, err := flags.secret(newRootCommand(), there); err != nil || secret != "" {
		t.Errorf("%v: an old secret was taken for the present one", err)
	}
}

// Whether a webhook is taken is told by its step, and the imports before it stay.
func TestOnboardingWithoutAGateway(t *testing.T) {
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"detail":"the signature does not match"}`)
	}))
	t.Cleanup(gateway.Close)
	w := newWorld(t, consoletest.Options{GatewayURL: gateway.URL})
	if err := tokenfile.Write(w.tokenFile, tokenfile.Token{Secret: w.Token}); err != nil {
		t.Fatal(err)
	}
	out, _, err := apart(t.Context(), "", onboardArgs(t, newClientsDesk(t), "example-api-key", filepath.Join(t.TempDir(), "setup"), "--ticket", "1", "--import", "tickets")...)
	if err == nil || !strings.Contains(err.Error(), "test webhook and note: ") || !strings.Contains(err.Error(), "the signature does not match") ||
		!strings.Contains(out, "ok      import of tickets") || strings.Contains(out, "import of kb") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestTheWizardAsksForWhatIsMissing(t *testing.T) {
	t.Parallel()
	var asked strings.Builder
	secrets := []tenant.Secret{"a-key", "a-kb-key"}
	p := &prompts{
		in: bufio.NewReader(strings.NewReader("\nExample Clinic\ncloud\nhttps://sdp.example.com/api/v3\n\nhttps://kb.example.com\nhttps://gateway.example.com\n\n20501\n")), out: &asked,
		secret: func(what string) (s tenant.Secret, err error) {
			asked.WriteString(what + "\n")
			s, secrets = secrets[0], secrets[1:]
			return s, nil
		},
	}
	o := &onboarding{onboardFlags: onboardFlags{tenantID: "alpha"}}
	if err := o.askFor(p, nil); err != nil {
		t.Fatal(err)
	}
	if err := o.check(nil); err != nil {
		t.Errorf("what was asked for is not enough: %v", err)
	}
	if o.name != "Example Clinic" || o.profile != "cloud" || o.technician != "" || o.mode != "live" || o.apiKey != "a-key" || o.knowledgeKey != "a-kb-key" ||
		o.webhook.TicketID != "20501" || o.skipTest || strings.Count(asked.String(), "The client's name") != 2 || !strings.Contains(asked.String(), "OAuth grant") {
		t.Errorf("%+v after\n%s", o.onboardFlags, asked.String())
	}
	// Nobody answers any more.
	p.in = bufio.NewReader(strings.NewReader(""))
	if err := (&onboarding{}).askFor(p, nil); !errors.Is(err, errNoAnswer) {
		t.Errorf("%v", err)
	}
	// Of a tenant that is there, only a ticket is asked for, and none is an answer.
	p.in = bufio.NewReader(strings.NewReader("\n"))
	there := &onboarding{}
	if err := there.askFor(p, tenantOf("alpha")); err != nil || !there.skipTest {
		t.Errorf("%v, %t", err, there.skipTest)
	}
}

func tenantOf(id string) *adminapi.Tenant { return &adminapi.Tenant{TenantID: id} }

// tenantThere is the tenant alpha as an operator's token sees it.
func tenantThere(t *testing.T) *adminapi.Tenant {
	t.Helper()
	out := must(t, "", "tenant show alpha")
	var there adminapi.Tenant
	if err := json.Unmarshal([]byte(out), &there); err != nil {
		t.Fatal(err)
	}
	return &there
}

// A secret that is given is the tenant's from then on: texts with another one would be refused.
func TestASigningSecretThatIsGivenIsSet(t *testing.T) {
	w := environment(t)
	dir := filepath.Join(t.TempDir(), "setup")
	args := onboardArgs(t, newClientsDesk(t), "example-api-key", dir, "--skip-test", "--skip-import", "--signing-secret-file")
	for _, c := range []struct{ secret, says string }{
		{"the-first-signing-secret", "created"}, {"the-second-signing-secret", "its signing secret is replaced"}, {"the-second-signing-secret", "was there; settings"},
	} {
		out, _, err := apart(t.Context(), "", append(args, write(t, "secret", c.secret))...)
		if err != nil || !strings.Contains(out, c.says) {
			t.Fatalf("%v: nothing of %q:\n%s", err, c.says, out)
		}
		_, now, err := w.Tenants.Get(t.Context(), "alpha")
		data, unread := os.ReadFile(filepath.Join(dir, "ai_agents.json"))
		if err := errors.Join(err, unread); err != nil || now.SigningSecret.Reveal() != c.secret || !strings.Contains(string(data), c.secret) {
			t.Errorf("%v: tenant and texts do not have %s", err, c.secret)
		}
	}
}

// What was done until an interruption is on the check-list, and the command ends as an interrupted one.
func TestAnOnboardingThatIsInterrupted(t *testing.T) {
	w := newWorld(t, consoletest.Options{Importer: &standIn{endless: true}})
	if err := tokenfile.Write(w.tokenFile, tokenfile.Token{Secret: w.Token}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	out, _, err := apart(ctx, "", onboardArgs(t, newClientsDesk(t), "example-api-key", filepath.Join(t.TempDir(), "setup"), "--ticket", "1")...)
	if exitStatus(err) != exitStopped || !strings.Contains(out, "ok      connections") || !strings.Contains(out, "FAILED  import of tickets") || strings.Contains(out, "import of kb") {
		t.Errorf("status %d, %v: %s", exitStatus(err), err, out)
	}
}

// The wizard on a real terminal: it asks, shows no key that is typed, and goes on to the end.
func TestTheWizardOnATerminal(t *testing.T) {
	environment(t)
	desk := newClientsDesk(t)
	master, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = master.Close() })
	var shown strings.Builder
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		for _, a := range []struct{ question, answer string }{
			{"Tenant id", "alpha"},
			{"name", "Example"},
			{"Edition", ""},
			{"/api/v3", desk},
			{"technician", "4"},
			{"knowledge base", ""},
			{"reaches the gateway", "https://gateway.example.com"},
			{"notes", ""},
			{"authtoken (is not shown)", "example-api-key"},
			{"ticket to test with", ""},
		} {
			buffer := make([]byte, 4096)
			for from := shown.Len(); !strings.Contains(shown.String()[from:], a.question) || !strings.HasSuffix(shown.String(), ": "); {
				n, err := master.Read(buffer)
				if err != nil {
					return
				}
				shown.Write(buffer[:n])
			}
			if a.question == "authtoken (is not shown)" {
				time.Sleep(100 * time.Millisecond) // until the terminal shows nothing any more
			}
			_, _ = io.WriteString(master, a.answer+"\n")
		}
		_, _ = io.Copy(&shown, master)
	}()
	var out strings.Builder
	cmd := newRootCommand()
	cmd.SetIn(terminal)
	cmd.SetErr(terminal)
	cmd.SetOut(&out)
	cmd.SetArgs([]string{"onboard", "--setup-dir", filepath.Join(t.TempDir(), "setup")})
	err = cmd.ExecuteContext(t.Context())
	_ = terminal.Close()
	<-answered
	if err != nil || !strings.Contains(out.String(), "): created") || !strings.Contains(out.String(), "1 new, 0 changed") || !strings.Contains(out.String(), "later   test webhook") {
		t.Fatalf("%v:\n%s\n%s", err, shown.String(), out.String())
	}
	if strings.Contains(shown.String(), "example-api-key") {
		t.Errorf("the key was shown: %s", shown.String())
	}
}
