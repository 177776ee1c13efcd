package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/adminapi"
)

const (
	exampleTickets = `{"ticket_id": "1", "subject": "Printer", "description": "<p>Paper <b>jam</b></p>", "resolution": "r", "resolved_at": "2026-01-02T03:04:05Z"}` + "\n\n" +
		`{"ticket_id": "2", "subject": "Scanner", "description": "d", "updated_at": "2026-01-20"}` + "\n"
	exampleArticles = "Article ID;Title;Body\nKB-1;VPN;\"<p>Lower the MTU.</p>\n<p>Reconnect.</p>\"\n"
	exampleSystems  = `{"hostname": "a.example.com", "address": "192.0.2.1", "role": "Printer", "client": "Example", "location": "Floor 1"}` + "\n" +
		`{"hostname": "A.example.com", "address": "192.0.2.2"}`
	exampleSubnets = "network,name\n192.0.2.0/24,Office\n"
)

func TestImportFromFiles(t *testing.T) {
	w := environment(t)
	mustApply(t)
	for _, c := range []struct{ kind, name, text, says, query, stored string }{
		{
			"tickets", "t.jsonl", exampleTickets, "tickets: 2 imported (2 new, 0 changed, 0 unchanged)",
			"SELECT string_agg(ticket_id || ' ' || subject || ' ' || description || ' ' || origin, ',' ORDER BY ticket_id) FROM ticket_history",
			"1 Printer Paper jam file,2 Scanner d file",
		},
		{
			"kb", "kb.csv", exampleArticles, "kb: 1 imported (1 new",
			"SELECT string_agg(article_id || ' ' || title || ' ' || body, ',') FROM kb_articles", "KB-1 VPN Lower the MTU.\n\nReconnect.",
		},
		{
			"assets", "s.jsonl", exampleSystems, "assets: 1 imported (1 new, 0 changed, 0 unchanged)\n  1 were added to a record with the same id",
			"SELECT string_agg(system_id || ' ' || host(address), ',' ORDER BY address) FROM system_addresses",
			"a.example.com 192.0.2.1,a.example.com 192.0.2.2",
		},
		{
			"subnets", "n.csv", exampleSubnets, "subnets: 1 imported (1 new",
			"SELECT string_agg(network || ' ' || name, ',') FROM subnets", "192.0.2.0/24 Office",
		},
	} {
		path := write(t, c.name, c.text)
		out, err := agentctl(t.Context(), "", "import", c.kind, "--tenant", "alpha", "--file", path)
		if err != nil || !strings.Contains(out, c.says) {
			t.Errorf("%s: %v: %s", c.kind, err, out)
		}
		if got := w.stored(t, c.query); got != c.stored {
			t.Errorf("%s: stored %q, want %q", c.kind, got, c.stored)
		}
		// By another name, from standard input, for the second time.
		other := map[string]string{"tickets": "tickets", "kb": "articles", "assets": "systems", "subnets": "subnets"}[c.kind]
		out, err = agentctl(t.Context(), c.text, "import", other, "--tenant", "alpha", "--file", "-", "--quiet")
		if err != nil || !strings.Contains(out, "(0 new, 0 changed, ") {
			t.Errorf("%s again: %v: %s", c.kind, err, out)
		}
		if got := w.stored(t, c.query); got != c.stored {
			t.Errorf("%s again: stored %q, want %q", c.kind, got, c.stored)
		}
		if _, err := agentctl(t.Context(), c.text, "import", c.kind, "--tenant", "nobody", "--file", "-"); adminapi.StatusOf(err) != http.StatusNotFound {
			t.Errorf("%s for an unknown tenant: %v", c.kind, err)
		}
		if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*.rejects*")); err != nil || len(left) > 0 {
			t.Errorf("%s: nothing was rejected, and there is %v, %v", c.kind, left, err)
		}
	}
}

// TestRejectsOfAnImport also corrects the reject file and imports it.
func TestRejectsOfAnImport(t *testing.T) {
	w := environment(t)
	mustApply(t)
	path := write(t, "t.csv", "Request ID,Colour,Subject,Created Time\n1,red,Printer,2026-01-02\n2,red,Scanner,03/04/2025\n3,red,Fax,\n")
	out, err := agentctl(t.Context(), "", "import", "tickets", "--tenant", "alpha", "--file", path)
	if !errors.Is(err, errRejected) || exitStatus(err) != exitRejected {
		t.Errorf("%v, exit status %d", err, exitStatus(err))
	}
	rejects := path + ".rejects.jsonl"
	for _, says := range []string{
		`warning: columns that tickets do not have are ignored: "Colour"`, "rejected: line 3: created_at",
		"tickets: 2 imported (2 new, 0 changed, 0 unchanged), 1 rejected: see " + rejects,
	} {
		if !strings.Contains(out, says) {
			t.Errorf("says nothing of %q: %s", says, out)
		}
	}
	entry, err := os.ReadFile(rejects)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(rejects, []byte(strings.ReplaceAll(string(entry), "03/04/2025", "2025-04-03")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := agentctl(t.Context(), "", "import", "tickets", "--tenant", "alpha", "--file", rejects); err != nil || !strings.Contains(out, "1 imported (1 new") {
		t.Errorf("corrected: %v: %s", err, out)
	}
	if got := w.stored(t, "SELECT count(*) || ' ' || min(created_at)::date FROM ticket_history"); got != "3 2025-04-03" {
		t.Errorf("stored %s", got)
	}
}

// TestRowsThatPostgresRefuses: an id can be too long for the index, which only the database knows.
func TestRowsThatPostgresRefuses(t *testing.T) {
	w := environment(t)
	mustApply(t)
	var long strings.Builder // not compressible, else it would fit
	for i := range 2000 {
		fmt.Fprintf(&long, "%x", i*i*7919)
	}
	var text strings.Builder
	text.WriteString("ticket_id,subject\n")
	for i := range 50 {
		if i == 17 {
			fmt.Fprintf(&text, "%s,Too long\n", long.String())
		}
		fmt.Fprintf(&text, "%d,Printer\n", i)
	}
	out, err := agentctl(t.Context(), text.String(), "import", "tickets", "--tenant", "alpha", "--file", "-", "--rejects", filepath.Join(t.TempDir(), "r.jsonl"))
	if !errors.Is(err, errRejected) || !strings.Contains(out, "50 imported (50 new, 0 changed, 0 unchanged), 1 rejected") ||
		!strings.Contains(out, "rejected: line 19: the database refuses it") {
		t.Errorf("%v: %s", err, out)
	}
	if got := w.stored(t, "SELECT count(*)::text FROM ticket_history"); got != "50" {
		t.Errorf("%s stored", got)
	}
}

func TestADryRunWritesNothing(t *testing.T) {
	w := environment(t)
	mustApply(t)
	path := write(t, "t.jsonl", exampleTickets+"{}\n")
	out, err := agentctl(t.Context(), "", "import", "tickets", "--tenant", "alpha", "--file", path, "--dry-run")
	if exitStatus(err) != exitRejected || !strings.Contains(out, "dry run, nothing was written: 2 would be imported, 1 rejected\n") ||
		!strings.Contains(out, "rejected: line 4: ticket_id") {
		t.Errorf("%v: %s", err, out)
	}
	if got := w.stored(t, "SELECT count(*)::text FROM ticket_history"); got != "0" {
		t.Errorf("%s stored", got)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("%v, %v", files, err)
	}
	rejects := filepath.Join(t.TempDir(), "r.jsonl")
	if _, err := agentctl(t.Context(), "", "import", "tickets", "--tenant", "alpha", "--file", path, "--dry-run", "--rejects", rejects); exitStatus(err) != exitRejected {
		t.Error(err)
	}
	if data, err := os.ReadFile(rejects); err != nil || !strings.Contains(string(data), `"record":{}`) {
		t.Errorf("the reject file that was asked for: %s, %v", data, err)
	}
}

func TestSinceAndLimitOfAFile(t *testing.T) {
	environment(t)
	mustApply(t)
	importing := func(more ...string) (string, error) {
		return agentctl(t.Context(), exampleTickets, append([]string{"import", "tickets", "--tenant", "alpha", "--file", "-"}, more...)...)
	}
	if out, err := importing("--since", "2026-01-10"); err != nil || !strings.Contains(out, "1 imported") || !strings.Contains(out, "1 left out: older than 2026-01-10T00:00:00Z") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := importing("--limit", "1"); err != nil || !strings.Contains(out, "1 imported (1 new") || !strings.Contains(out, "ended at --limit") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestWhatMakesNoSense is refused before any work: there is neither a console nor a file.
func TestWhatMakesNoSense(t *testing.T) {
	nowhere(t)
	taken := write(t, "taken.jsonl", "{}")
	for _, c := range []struct{ kind, flags, says string }{
		{"tickets", "", "tenant"},
		{"tickets", "--tenant= --file=t.csv", "--tenant: names no tenant"},
		{"tickets", "--tenant=a --file=", "--file: names no file"},
		{"subnets", "--tenant=a", "--file: is missing; ServiceDesk Plus has no subnets"},
		{"tickets", "--tenant=a --file=t.csv --limit=0", "--limit: has to be 1 or more"},
		{"tickets", "--tenant=a --file=t.csv --batch=1001", "--batch: has to be between 1 and 1000"},
		{"kb", "--tenant=a --file=t.csv --batch=0", "--batch: has to be between 1 and 1000"},
		{"tickets", "--tenant=a --batch=5 --html=no --rejects=x", "--html: is about files"},
		{"tickets", "--tenant=a --file=t.csv --restart", "--restart: is about ServiceDesk Plus"},
		{"tickets", "--tenant=a --file=t.csv --rejects=", "--rejects: names no file"},
		{"assets", "--tenant=a --file=t.csv --since=2026-01-31", "--since: assets have no time of change"},
		{"systems", "--tenant=a --since=2026-01-31", "--since: assets have no time of change"},
		{"tickets", "--tenant=a --since=03/04/2025", "--since: \"03/04/2025\" does not say"},
		{"tickets", "--tenant=a --since=-", "--since: names no date"},
		{"tickets", "--tenant=a --since=2999-01-01", "--since: 2999-01-01 is in the future"},
		{"tickets", "--tenant=a --file=t.csv --html=maybe", "--html: \"maybe\" does not say"},
		{"tickets", "--tenant=a --file=t.csv --rejects=" + taken, "there is a file " + taken},
		{"tickets", "--tenant=a --file=/nowhere.csv", "nothing was imported: /nowhere.csv"},
		{"tickets", "--tenant=a --file=t.csv surprise", "unknown command"},
	} {
		_, err := agentctl(t.Context(), "", append([]string{"import", c.kind}, strings.Fields(c.flags)...)...)
		if err == nil || !strings.Contains(err.Error(), c.says) || exitStatus(err) != exitFailed {
			t.Errorf("%s %s: %v, want something about %q", c.kind, c.flags, err, c.says)
		}
	}
	// All at once, so that nobody has to try again for each.
	_, err := agentctl(t.Context(), "", "import", "subnets", "--tenant=", "--limit=-1", "--html=maybe")
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("error %v", err)
	}
}

// TestAnErrorBeforeAnythingIsWritten: the file is looked at before the console is asked.
func TestAnErrorBeforeAnythingIsWritten(t *testing.T) {
	nowhere(t)
	for text, says := range map[string]string{"": "the file is empty", "subject\nx\n": "lacks ticket_id", "[{}]": "JSON array"} {
		_, err := agentctl(t.Context(), text, "import", "tickets", "--tenant", "alpha", "--file", "-")
		if err == nil || !strings.Contains(err.Error(), "nothing was imported") || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want something about %q", text, err, says)
		}
	}
}

func TestAFileThatEndsEarly(t *testing.T) {
	w := environment(t)
	mustApply(t)
	whole := packedFile(t, 20_000)
	if err := os.Truncate(whole, 50_000); err != nil {
		t.Fatal(err)
	}
	out, err := agentctl(t.Context(), "", "import", "tickets", "--tenant", "alpha", "--file", whole, "--batch", "100")
	if err == nil || exitStatus(err) != exitFailed || !strings.Contains(err.Error(), "get it again") {
		t.Errorf("%v: %s", err, out)
	}
	if got := w.stored(t, "SELECT (count(*) BETWEEN 1 AND 19999)::text FROM ticket_history"); got != "true" {
		t.Error("what was good of it is not there")
	}
}
