package main

import (
	"os"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/adminapi/tokenfile"
	"github.com/ai-agents/ai-agents/internal/console/consoletest"
)

func TestBootstrapKeepsTheFirstToken(t *testing.T) {
	w := newWorld(t, consoletest.Options{NoToken: true})
	fails(t, "", "bootstrap", "the bootstrap token is empty")
	fails(t, "wrong-bootstrap-token", "bootstrap", "does not accept this bootstrap token", "console-bootstrap-token")
	fails(t, "", "bootstrap --token-file /nowhere", "/nowhere")
	out := must(t, "", "bootstrap --token-file "+write(t, "bootstrap", w.Bootstrap.Reveal()+"\n"))
	if !strings.Contains(out, w.tokenFile) || !strings.Contains(out, "agentctl token create") || strings.Contains(out, w.Bootstrap.Reveal()) {
		t.Errorf("says %s", out)
	}
	info, err := os.Stat(w.tokenFile)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	token, err := tokenfile.Read(w.tokenFile)
	if err != nil || token.Console != w.URL || token.ExpiresAt.IsZero() || strings.Contains(out, token.Secret.Reveal()) {
		t.Errorf("%v, %v", token, err)
	}
	if out := must(t, "", "whoami"); !strings.Contains(out, "tokens:write") || !strings.Contains(out, w.URL) {
		t.Errorf("says %s", out)
	}
	if out := must(t, "", "whoami --json"); !strings.Contains(out, `"kind": "token"`) {
		t.Errorf("says %s", out)
	}
	fails(t, w.Bootstrap.Reveal(), "bootstrap", "there is a token in "+w.tokenFile+" already")
	if out := must(t, "", "logout"); !strings.Contains(out, "is forgotten") {
		t.Errorf("says %s", out)
	}
	if out := must(t, "", "logout"); !strings.Contains(out, "There was no token") {
		t.Errorf("says %s", out)
	}
	fails(t, w.Bootstrap.Reveal(), "bootstrap", "has been used")
}

// TestABootstrapTokenThatCannotBeKept: it is the only one there will be, so it must not get lost.
func TestABootstrapTokenThatCannotBeKept(t *testing.T) {
	w := newWorld(t, consoletest.Options{NoToken: true})
	t.Setenv("AGENTCTL_TOKEN_FILE", write(t, "a-file", "")+"/token")
	out, _, err := apart(t.Context(), w.Bootstrap.Reveal(), "bootstrap")
	if err == nil || !strings.Contains(err.Error(), "printed above") {
		t.Fatalf("%v", err)
	}
	t.Setenv("AGENTCTL_TOKEN", out)
	must(t, "", "whoami")
}

func TestTokens(t *testing.T) {
	environment(t)
	mustApply(t)
	out, messages, err := apart(t.Context(), "", "token", "create", "--name", "nightly import", "--may", "content:write", "--tenant", "alpha", "--valid", "90d")
	if err != nil || strings.Count(out, "\n") != 1 || !strings.Contains(messages, "content:write") || !strings.Contains(messages, "is not shown again") {
		t.Fatalf("%v: %q, %q", err, out, messages)
	}
	list := must(t, "", "token list")
	if !strings.Contains(list, " admin ") || !strings.Contains(list, "nightly import") || !strings.Contains(list, "good until") || strings.Contains(list, strings.TrimSpace(out)) {
		t.Errorf("lists %s", list)
	}
	all := os.Getenv("AGENTCTL_TOKEN_FILE")
	t.Setenv("AGENTCTL_TOKEN_FILE", write(t, "token", out))
	// It may import and do nothing else, not even look whether there is such a tenant.
	must(t, exampleTickets, "import tickets --tenant alpha --file -")
	fails(t, "", "tenant show alpha", "agentctl whoami")
	fails(t, exampleTickets, "import tickets --tenant beta --file -", "agentctl whoami")
	fails(t, "", "token create --name x --may admin", "agentctl whoami")
	t.Setenv("AGENTCTL_TOKEN_FILE", all)
	id := "none"
	for line := range strings.SplitSeq(list, "\n") {
		if strings.Contains(line, "nightly import") {
			id = strings.Fields(line)[0]
		}
	}
	if said := must(t, "", "token revoke "+id); !strings.Contains(said, "is revoked") {
		t.Errorf("says %s", said)
	}
	if list := must(t, "", "token list"); !strings.Contains(list, "revoked 2") {
		t.Errorf("lists %s", list)
	}
	if lines := must(t, "", "token list --json"); !strings.Contains(lines, `"revoked_at":"`) {
		t.Errorf("lists %s", lines)
	}
	t.Setenv("AGENTCTL_TOKEN", strings.TrimSpace(out))
	fails(t, exampleTickets, "import tickets --tenant alpha --file -", "not accepted", "agentctl login")
	t.Setenv("AGENTCTL_TOKEN", "")
	fails(t, "", "token revoke nobody")
	for valid, says := range map[string]string{"soon": "no duration", "xd": "no number of days", "-1h": "negative", "400d": "366 days", "1s": "a minute"} {
		fails(t, "", "token create --name x --may viewer --valid="+valid, says)
	}
	fails(t, "", "token create --name x --may fly", "fly")
}
