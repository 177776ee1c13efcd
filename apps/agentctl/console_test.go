package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi/tokenfile"
)

func TestWithoutATokenItSaysHowToGetOne(t *testing.T) {
	nowhere(t)
	fails(t, "", "tenant list", "there is no token", "agentctl login", "agentctl bootstrap", "AGENTCTL_TOKEN")
}

func TestAConsoleThatIsNotRunning(t *testing.T) {
	nowhere(t)
	t.Setenv("AGENTCTL_TOKEN", "example-token")
	fails(t, "", "tenant list", "http://127.0.0.1:1 does not answer", "CONSOLE_URL", "make up")
	fails(t, "", "tenant list --console https://127.0.0.1:2", "https://127.0.0.1:2 does not answer")
}

func TestWhatIsWrongWithAToken(t *testing.T) {
	nowhere(t)
	for _, c := range []struct {
		token tokenfile.Token
		says  []string
	}{
		{tokenfile.Token{Secret: "x", ExpiresAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, []string{"expired on 2026-01-02", "agentctl login"}},
		{tokenfile.Token{Secret: "x", Console: "https://other.example.com"}, []string{"is for the console at https://other.example.com, and not for the one at http://127.0.0.1:1"}},
	} {
		path := write(t, "token", "")
		if err := tokenfile.Write(path, c.token); err != nil {
			t.Fatal(err)
		}
		t.Setenv("AGENTCTL_TOKEN_FILE", path)
		fails(t, "", "tenant list", c.says...)
	}
	t.Setenv("AGENTCTL_TOKEN_FILE", write(t, "token", "{}"))
	fails(t, "", "whoami", "holds no token")
}

func TestTheTokenIsNotSentUnencrypted(t *testing.T) {
	nowhere(t)
	t.Setenv("AGENTCTL_TOKEN", "example-token")
	t.Setenv("CONSOLE_URL", "http://192.0.2.1:8083")
	for _, args := range []string{"tenant list", "login --issuer https://id.example.com --client-id x"} {
		fails(t, "", args, "unencrypted", "--insecure")
	}
	fails(t, "presented", "bootstrap", "unencrypted")
	t.Setenv("CONSOLE_URL", "console")
	fails(t, "", "tenant list", `"console" cannot be used`)
	t.Setenv("AGENTCTL_ALLOW_PLAIN_HTTP", "perhaps")
	fails(t, "", "tenant list", "AGENTCTL_ALLOW_PLAIN_HTTP")
}

// TestTheEnvironmentsTokenWins: a script's token is not mixed up with that of whoever runs it.
func TestTheEnvironmentsTokenWins(t *testing.T) {
	var seen string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header.Get("Authorization")
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"subject": "token:example"}`))
	}))
	t.Cleanup(server.Close)
	nowhere(t)
	t.Setenv("CONSOLE_URL", server.URL)
	t.Setenv("AGENTCTL_TOKEN_FILE", write(t, "token", "from-the-file"))
	if must(t, "", "whoami"); seen != "Bearer from-the-file" {
		t.Errorf("sent %q", seen)
	}
	t.Setenv("AGENTCTL_TOKEN", " from-the-environment\n")
	if out := must(t, "", "whoami"); seen != "Bearer from-the-environment" || !strings.Contains(out, "token:example") {
		t.Errorf("sent %q: %s", seen, out)
	}
}

// A typing error in a script must not look like success.
func TestWrongCommands(t *testing.T) {
	nowhere(t)
	for args, want := range map[string]string{
		"import ticket":                           `"ticket" is no command of`,
		"import ticket --tenant alpha":            "tickets, kb, assets, subnets",
		"tenant aply":                             "apply",
		"import tickets --limit abc":              "invalid argument \"abc\" for \"--limit\" flag; see",
		"smoke --wait soon":                       "invalid argument \"soon\" for \"--wait\" flag; see",
		"job list --tenant a --limit 0":           "--limit: has to be 1 or more",
		"audit list --limit 0 --since 03/04/2025": "--since: \"03/04/2025\" does not say",
		"tenant show":                             "accepts 1 arg",
		"frobnicate":                              "unknown command",
	} {
		fails(t, "", args, want)
	}
	for _, args := range []string{"job", "keyset", ""} {
		must(t, "", args)
	}
}
