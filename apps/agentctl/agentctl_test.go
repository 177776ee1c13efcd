package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/internal/webhook"
)

// environment gives agentctl a database and a keyset.
func environment(t testing.TB) {
	t.Helper()
	keyset, err := tenant.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := json.Marshal(map[string]string{"tenant-keyset": keyset})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("SECRETS_FILE", write(t, "secrets.json", string(secrets)))
	t.Setenv("DATABASE_URL", postgrestest.New(t).ConsoleURL)
}

func write(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func agentctl(ctx context.Context, input string, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := newRootCommand()
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetIn(strings.NewReader(input))
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(ctx)
	return out.String(), err
}

const exampleTenant = `{
	"tenant_id": "alpha", "name": "Example", "servicedesk_url": "https://sdp.example.com/api/v3", "servicedesk_profile": "onprem",
	"technician_id": "4", "kb_url": "https://kb.example.com", "enhancement_prefs": {"format": "markdown"},
	"api_key": "example-api-key", "signing_secret": "example-signing-secret", "kb_api_key": "example-kb-key"
}`

func mustApply(t *testing.T) {
	t.Helper()
	if out, err := agentctl(t.Context(), exampleTenant, "tenant", "apply", "--file", "-"); err != nil || !strings.Contains(out, "alpha is ready") {
		t.Fatalf("%v: %s", err, out)
	}
}

func TestTenantApplyAndShow(t *testing.T) {
	environment(t)
	mustApply(t)
	out, err := agentctl(t.Context(), "", "tenant", "show", "alpha")
	if err != nil || !strings.Contains(out, `"servicedesk_profile": "onprem"`) || strings.Contains(out, "example-api-key") {
		t.Errorf("%v: %s", err, out)
	}
	cloud := strings.NewReplacer(`"onprem"`, `"cloud"`, `"example-api-key"`,
		`{"accounts_url": "https://accounts.example.com", "client_id": "a", "client_secret": "b", "refresh_token": "c"}`).Replace(exampleTenant)
	if out, err := agentctl(t.Context(), "", "tenant", "apply", "--file", write(t, "cloud.json", cloud)); err != nil {
		t.Errorf("a cloud tenant: %v: %s", err, out)
	}
	for name, c := range map[string]struct{ input, says string }{
		"not JSON": {"x", "not a tenant in JSON"}, "unknown field": {`{"tenant": "alpha"}`, "unknown field"}, "nothing in it": {"{}", "signing_secret"},
	} {
		if _, err := agentctl(t.Context(), c.input, "tenant", "apply", "--file", "-"); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want something about %q", name, err, c.says)
		}
	}
	if _, err := agentctl(t.Context(), "", "tenant", "show", "nobody"); !errors.Is(err, tenant.ErrNotFound) {
		t.Errorf("an unknown tenant: %v", err)
	}
	if _, err := agentctl(t.Context(), "", "tenant", "apply", "--file", "/nowhere.json"); err == nil {
		t.Error("a file that is not there, and no error")
	}
}

func TestSettingsThatAreMissingAreNamedAtOnce(t *testing.T) {
	t.Setenv("DATABASE_URL", "")
	t.Setenv("SECRETS_FILE", "")
	_, err := agentctl(t.Context(), "", "tenant", "show", "alpha")
	if err == nil || !strings.Contains(err.Error(), "DATABASE_URL") || !strings.Contains(err.Error(), "SECRETS_FILE") {
		t.Errorf("error %v", err)
	}
	t.Setenv("DATABASE_URL", "postgres://app_user@127.0.0.1:1/x")
	for content, says := range map[string]string{"[]": "not a JSON object", "{}": "tenant-keyset", `{"tenant-keyset":"x"}`: "Tink keyset"} {
		t.Setenv("SECRETS_FILE", write(t, "secrets.json", content))
		if _, err := agentctl(t.Context(), "", "tenant", "show", "alpha"); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("secrets %s: %v, want something about %q", content, err, says)
		}
	}
}

// gateway takes webhooks as the real one does, and hands the job to then.
func gateway(t *testing.T, then func(enhancement.Job)) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		if _, err := body.ReadFrom(r.Body); err != nil {
			t.Error(err)
		}
		message, err := webhook.Parse(body.Bytes())
		if err != nil {
			t.Error(err)
			return
		}
		payload, err := message.Payload(tenant.Preferences{})
		if err != nil || webhook.Verify("example-signing-secret", body.Bytes(), r.Header.Get(webhook.SignatureHeader)) != nil {
			http.Error(w, "refused", http.StatusUnauthorized)
			return
		}
		job := enhancement.New(payload.TenantID, payload.Event, payload.Ticket, "c")
		then(job)
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(map[string]string{"job_id": job.ID, "status": "pending"})
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestSmoke(t *testing.T) {
	environment(t)
	mustApply(t)
	b, err := openBackend(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.close)
	arrive := func(end func(enhancement.Job) error) func(enhancement.Job) {
		return func(job enhancement.Job) {
			if _, err := b.ledger.Accept(context.WithoutCancel(t.Context()), job); err != nil {
				t.Error(err)
			}
			if err := end(job); err != nil {
				t.Error(err)
			}
		}
	}
	smoke := func(ticketID, url string, more ...string) (string, error) {
		return agentctl(t.Context(), "", append([]string{
			"smoke", "--tenant", "alpha", "--ticket", ticketID, "--description", "VPN drops", "--gateway", url,
		}, more...)...)
	}
	done := gateway(t, arrive(func(job enhancement.Job) error { return complete(t.Context(), b, job) }))
	out, err := smoke("1", done)
	if err != nil || !strings.Contains(out, "completed") || !strings.Contains(out, "synthesize") || !strings.Contains(out, "12 + 3 tokens") {
		t.Errorf("%v: %s", err, out)
	}
	failed := gateway(t, arrive(func(job enhancement.Job) error {
		_, err := b.ledger.Fail(context.WithoutCancel(t.Context()), "alpha", job.ID, 1, "example: bad key")
		return err
	}))
	if _, err := smoke("2", failed); !errors.Is(err, errNotEnhanced) || !strings.Contains(err.Error(), "bad key") {
		t.Errorf("a failed job: %v", err)
	}
	never := gateway(t, arrive(func(enhancement.Job) error { return nil }))
	if _, err := smoke("3", never, "--wait", "300ms"); !errors.Is(err, errNotEnhanced) || !strings.Contains(err.Error(), "within 300ms") {
		t.Errorf("a job that never ends: %v", err)
	}
}

func complete(ctx context.Context, b *backend, job enhancement.Job) error {
	ctx = context.WithoutCancel(ctx)
	step := enhancement.StepRecord{Step: enhancement.StepSynthesize, Outcome: enhancement.OutcomeOK, Duration: time.Millisecond}
	call := enhancement.LLMCall{Model: "example", PromptTokens: 12, CompletionTokens: 3, CalledAt: time.Now()}
	return errors.Join(
		b.ledger.RecordStep(ctx, "alpha", job.ID, step, call),
		b.ledger.Complete(ctx, ledger.Completion{
			TenantID: "alpha", JobID: job.ID, TicketID: job.Ticket.ID, NoteID: "337",
			Step: enhancement.StepRecord{Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK},
		}, "0f8fad5b-d9cb-469f-a165-70867728950e"))
}

func TestWebhookSend(t *testing.T) {
	environment(t)
	mustApply(t)
	send := func(url string) (string, error) {
		return agentctl(t.Context(), "", "webhook", "send", "--tenant", "alpha", "--ticket", "1", "--description", "d", "--gateway", url)
	}
	want := enhancement.New("alpha", enhancement.EventCreated, ticket.Ticket{ID: "1"}, "")
	if out, err := send(gateway(t, func(enhancement.Job) {})); err != nil || !strings.Contains(out, want.ID) {
		t.Errorf("%v: %s", err, out)
	}
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "example", http.StatusServiceUnavailable) }))
	t.Cleanup(refusing.Close)
	if _, err := send(refusing.URL); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("a gateway that refuses: %v", err)
	}
	odd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	t.Cleanup(odd.Close)
	if _, err := send(odd.URL); err == nil {
		t.Error("an answer without a job was taken")
	}
	for _, url := range []string{"http://127.0.0.1:1", "://"} {
		if _, err := send(url); err == nil {
			t.Errorf("gateway %s, and no error", url)
		}
	}
}

func TestJobShow(t *testing.T) {
	environment(t)
	mustApply(t)
	for _, id := range []string{"9f8b6979-8851-86b3-9a47-07088f6081d1", "not-an-id"} {
		if _, err := agentctl(t.Context(), "", "job", "show", "--tenant", "alpha", id); !errors.Is(err, enhancement.ErrNotFound) {
			t.Errorf("job %s: %v", id, err)
		}
	}
}

func TestReindex(t *testing.T) {
	environment(t)
	if out, err := agentctl(t.Context(), exampleTenant, "tenant", "apply", "--file", "-"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	file := write(t, "t.jsonl", `{"ticket_id": "1", "subject": "Printer jams", "resolution": "New rollers.", "resolved_at": "2026-01-02T03:04:05Z"}`)
	if out, err := agentctl(t.Context(), "", "import", "tickets", "--tenant", "alpha", "--file", file, "--quiet"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, c := range []struct{ flag, want string }{{"--rebuild=false", "0 tickets indexed"}, {"--rebuild", "1 tickets indexed"}} {
		out, err := agentctl(t.Context(), "", "reindex", "--tenant", "alpha", c.flag)
		if err != nil || !strings.Contains(out, c.want) {
			t.Errorf("%s: %q, %v; want %q", c.flag, out, err, c.want)
		}
	}
	if _, err := agentctl(t.Context(), "", "reindex", "--tenant", "unknown"); !errors.Is(err, tenant.ErrNotFound) {
		t.Errorf("an unknown tenant: %v", err)
	}
}

// A typing error in a script must not look like success.
func TestWrongCommands(t *testing.T) {
	for args, want := range map[string]string{
		"import ticket":                `"ticket" is no command of`,
		"import ticket --tenant alpha": "tickets, kb, assets, subnets",
		"tenant aply":                  "apply",
		"import tickets --limit abc":   "invalid argument \"abc\" for \"--limit\" flag; see",
		"job":                          "",
		"frobnicate":                   "unknown command",
	} {
		_, err := agentctl(t.Context(), "", strings.Fields(args)...)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("agentctl %s: %v, want %q", args, err, want)
		}
	}
}
