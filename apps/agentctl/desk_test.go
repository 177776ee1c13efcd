package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi/tokenfile"
	"github.com/ai-agents/ai-agents/internal/console/consoletest"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// TestImportFromAServiceDesk goes all the way: the command, the console, the mirror, a fake server and Postgres.
func TestImportFromAServiceDesk(t *testing.T) {
	t.Setenv("OUTBOUND_ALLOWED_NETWORKS", "127.0.0.1")
	for _, profile := range []servicedesk.Profile{servicedesk.ProfileOnPrem, servicedesk.ProfileCloud} {
		w := environment(t)
		grant := servicedesk.OAuth{ClientID: "a", ClientSecret: "b", RefreshToken: "c"}
		fake := servicedesktest.New(servicedesktest.Options{Profile: profile, APIKey: "example-api-key", OAuth: grant})
		t.Cleanup(fake.Close)
		server := httptest.NewServer(fake)
		t.Cleanup(server.Close)
		ticketID := fake.AddRequest(servicedesktest.Request{
			Subject: "Printer", Description: "<p>Paper jam</p>", Status: "Open", CreatedTime: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		})
		fake.Resolve(ticketID, "<p>Cleaned the roller.</p>")
		fake.AddSolution(servicedesktest.Solution{Title: "Rollers", Description: "<p>Clean them.</p>", ApprovalStatus: "Approved", IsPublic: true})
		fake.AddWorkstation(servicedesktest.Workstation{Name: "lt-01.example.com", IPAddresses: "192.0.2.1", State: "In Use"})
		applyDesk(t, profile, server.URL)
		for _, c := range []struct{ kind, query, want string }{
			{"tickets", "SELECT subject || ': ' || resolution || ' ' || origin FROM ticket_history", "Printer: Cleaned the roller. servicedesk"},
			{"kb", "SELECT title || ': ' || body FROM kb_articles", "Rollers: Clean them."},
			{"assets", "SELECT hostname FROM systems", "lt-01.example.com"},
		} {
			if profile == servicedesk.ProfileOnPrem { // the cloud gives few tokens a minute, and each command takes one
				out, err := agentctl(t.Context(), "", "import", c.kind, "--tenant", "alpha", "--dry-run")
				if err != nil || !strings.Contains(out, "nothing was written: 1 would be imported (1 new") {
					t.Errorf("%s, dry run: %v: %s", c.kind, err, out)
				}
			}
			out, err := agentctl(t.Context(), "", "import", c.kind, "--tenant", "alpha")
			if err != nil || !strings.Contains(out, "1 imported (1 new, 0 changed, 0 unchanged)") {
				t.Errorf("%s, %s: %v: %s", profile, c.kind, err, out)
			}
			if got := w.stored(t, c.query); got != c.want {
				t.Errorf("%s, %s: stored %q, want %q", profile, c.kind, got, c.want)
			}
		}
	}
}

func TestAServiceDeskThatRefuses(t *testing.T) {
	t.Setenv("OUTBOUND_ALLOWED_NETWORKS", "127.0.0.1")
	environment(t)
	fake := servicedesktest.New(servicedesktest.Options{APIKey: "another-key"})
	t.Cleanup(fake.Close)
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	applyDesk(t, servicedesk.ProfileOnPrem, server.URL)
	out, err := agentctl(t.Context(), "", "import", "tickets", "--tenant", "alpha")
	if exitStatus(err) != exitFailed || err == nil || !strings.Contains(err.Error(), "the key is not accepted") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestSSRFImportsAreGuarded(t *testing.T) {
	w := newWorld(t, consoletest.Options{Guarded: true})
	if err := tokenfile.Write(w.tokenFile, tokenfile.Token{Secret: w.Token}); err != nil {
		t.Fatal(err)
	}
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	t.Cleanup(server.Close)
	applyDesk(t, servicedesk.ProfileOnPrem, server.URL)
	fails(t, "", "import tickets --tenant alpha", "address")
	fails(t, "", "tenant test alpha")
	if n := requests.Load(); n != 0 {
		t.Errorf("%d requests reached a forbidden address", n)
	}
}

// applyDesk makes the example tenant one of the server at url.
func applyDesk(t *testing.T, profile servicedesk.Profile, url string) {
	t.Helper()
	replaced := []string{"https://sdp.example.com/api/v3", url + "/api/v3"}
	if profile == servicedesk.ProfileCloud {
		replaced = []string{
			"https://sdp.example.com/api/v3", url + "/app/itdesk/api/v3", `"onprem"`, `"cloud"`,
			`"example-api-key"`, `{"accounts_url": "` + url + `", "client_id": "a", "client_secret": "b", "refresh_token": "c"}`,
		}
	}
	input := strings.NewReplacer(replaced...).Replace(exampleTenant)
	if out, err := agentctl(t.Context(), input, "tenant", "apply", "--file", "-"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
