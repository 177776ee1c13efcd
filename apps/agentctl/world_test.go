package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/adminapi/tokenfile"
	"github.com/ai-agents/ai-agents/internal/console/consoletest"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/postgres/postgrestest"
)

// world is a console on a database of its own, and agentctl set up for it.
type world struct {
	*consoletest.Console

	database  *postgrestest.Database
	tokenFile string
}

// environment gives agentctl a console, and a token that may do everything.
func environment(t testing.TB) *world {
	t.Helper()
	w := newWorld(t, consoletest.Options{})
	if err := tokenfile.Write(w.tokenFile, tokenfile.Token{Secret: w.Token}); err != nil {
		t.Fatal(err)
	}
	return w
}

// newWorld gives agentctl a console, and no token.
func newWorld(t testing.TB, opts consoletest.Options) *world {
	t.Helper()
	w := &world{database: postgrestest.New(t), tokenFile: filepath.Join(t.TempDir(), "token")}
	opts.DatabaseURL = w.database.ConsoleURL
	console, err := consoletest.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(console.Close)
	w.Console = console
	nowhere(t)
	t.Setenv("CONSOLE_URL", w.URL)
	t.Setenv("AGENTCTL_TOKEN_FILE", w.tokenFile)
	return w
}

// nowhere has agentctl find neither console nor token, and least of all those of whoever runs the test.
func nowhere(t testing.TB) {
	t.Helper()
	t.Setenv("CONSOLE_URL", "http://127.0.0.1:1")
	t.Setenv("AGENTCTL_TOKEN_FILE", filepath.Join(t.TempDir(), "none"))
	for _, name := range []string{"AGENTCTL_TOKEN", "AGENTCTL_OIDC_ISSUER", "AGENTCTL_OIDC_CLIENT_ID"} {
		t.Setenv(name, "")
	}
	t.Setenv("AGENTCTL_ALLOW_PLAIN_HTTP", "false")
}

// exec changes the database.
func (w *world) exec(t *testing.T, statement string) {
	t.Helper()
	if _, err := w.database.Admin.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// stored asks the database for one text, as the tenant alpha.
func (w *world) stored(t *testing.T, query string) (text string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	err := w.DB.InTenant(ctx, "alpha", func(tx postgres.Tx) error { return tx.QueryRow(ctx, query).Scan(&text) })
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func write(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// agentctl runs a command and gives all that it prints.
func agentctl(ctx context.Context, input string, args ...string) (string, error) {
	out, messages, err := apart(ctx, input, args...)
	return messages + out, err
}

// apart runs a command and gives what it prints to standard output and to standard error.
func apart(ctx context.Context, input string, args ...string) (out, messages string, err error) {
	var stdout, stderr bytes.Buffer
	cmd := newRootCommand()
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	cmd.SetIn(strings.NewReader(input))
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(ctx)
	return stdout.String(), stderr.String(), err
}

// must runs a command that has to succeed, with flags and arguments as one text.
func must(t *testing.T, input, args string) string {
	t.Helper()
	out, err := agentctl(t.Context(), input, strings.Fields(args)...)
	if err != nil {
		t.Fatalf("agentctl %s: %v\n%s", args, err, out)
	}
	return out
}

// fails runs a command that has to fail and say all of these.
func fails(t *testing.T, input, args string, says ...string) {
	t.Helper()
	_ = failure(t, input, args, says...)
}

// failure is fails, and gives the error.
func failure(t *testing.T, input, args string, says ...string) error {
	t.Helper()
	out, err := agentctl(t.Context(), input, strings.Fields(args)...)
	if err == nil {
		t.Errorf("agentctl %s: no error\n%s", args, out)
		return nil
	}
	for _, text := range says {
		if !strings.Contains(explain(err), text) {
			t.Errorf("agentctl %s says nothing of %q: %v", args, text, explain(err))
		}
	}
	return err
}

const exampleTenant = `{
	"tenant_id": "alpha", "name": "Example", "servicedesk_url": "https://sdp.example.com/api/v3", "servicedesk_profile": "onprem",
	"technician_id": "4", "kb_url": "https://kb.example.com", "enhancement_prefs": {"format": "markdown"},
	"api_key": "example-api-key", "signing_secret": "example-signing-secret", "kb_api_key": "example-kb-key"
}`

func mustApply(t testing.TB) {
	t.Helper()
	if out, err := agentctl(t.Context(), exampleTenant, "tenant", "apply", "--file", "-"); err != nil || !strings.Contains(out, "alpha is ready") {
		t.Fatalf("%v: %s", err, out)
	}
}
