package simulator_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

// keeping makes a world that keeps its state in the file, and what became of it when an earlier one did.
func keeping(t *testing.T, path string) *running {
	t.Helper()
	r := start(t)
	world := simulator.New(simulator.Options{Keys: testKeys(), LLMKey: llmKey, GatewayURL: r.gateway.url, BaseURL: r.url})
	end, err := world.Keep(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	})
	for id, profile := range map[string]servicedesk.Profile{onPrem: servicedesk.ProfileOnPrem, cloud: servicedesk.ProfileCloud} {
		if _, err := world.AddTenant(id, profile); err != nil {
			t.Fatal(err)
		}
	}
	r.replace(world)
	return r
}

// ticket is a ticket as the admin API shows it, without the address of the world that showed it.
func (r *running) ticket(tenant, id string) simulator.Ticket {
	r.t.Helper()
	var seen simulator.Ticket
	r.do(http.MethodGet, "/api/tenants/"+tenant+"/tickets/"+id, "", http.StatusOK, &seen)
	seen.PageURL = ""
	return seen
}

func TestAKilledWorldHasLostNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.jsonl")
	before := keeping(t, path)
	for tenant, profile := range map[string]servicedesk.Profile{onPrem: servicedesk.ProfileOnPrem, cloud: servicedesk.ProfileCloud} {
		noted := before.open(tenant, map[string]any{"subject": "noted", "emit": "none"}).TicketID
		deleted := before.open(tenant, map[string]any{"subject": "deleted", "emit": "none"}).TicketID
		changed := before.open(tenant, map[string]any{"subject": "before", "emit": "none"}).TicketID
		before.note(tenant, profile, noted, "first")
		before.note(tenant, profile, noted, "second")
		before.do(http.MethodDelete, "/api/tenants/"+tenant+"/tickets/"+deleted, "", http.StatusNoContent, nil)
		before.do(http.MethodPatch, "/api/tenants/"+tenant+"/tickets/"+changed, `{"subject":"after"}`, http.StatusOK, nil)

		// It was killed while it wrote a line.
		torn(t, path)
		after := keeping(t, path)
		for _, id := range []string{noted, changed} {
			if diff := cmp.Diff(before.ticket(tenant, id), after.ticket(tenant, id)); diff != "" {
				t.Errorf("%s: ticket %s is not as it was (-before +after):\n%s", tenant, id, diff)
			}
		}
		if got := after.ticket(tenant, noted); len(got.Notes) != 1 || got.Notes[0].Edits != 1 {
			t.Errorf("%s: notes %+v, want one that was edited once", tenant, got.Notes)
		}
		if got := after.send(http.MethodGet, "/api/tenants/"+tenant+"/tickets/"+deleted, ""); got.status != http.StatusNotFound {
			t.Errorf("%s: the deleted ticket is back: %d", tenant, got.status)
		}
		// The note is known again, and a new ticket is a new one.
		if result := after.note(tenant, profile, noted, "second"); result.Action != servicedesk.NoteUnchanged {
			t.Errorf("%s: the note was %s", tenant, result.Action)
		}
		next := after.open(tenant, map[string]any{"subject": "next", "emit": "none"}).TicketID
		if next == noted || next == deleted || next == changed {
			t.Errorf("%s: id %s was given out twice", tenant, next)
		}
		first := before.ticket(tenant, noted).Notes[0].ID
		if got := after.note(tenant, profile, next, "another"); got.NoteID == first {
			t.Errorf("%s: note id %s was given out twice", tenant, first)
		}
		before = after
	}
}

// torn adds half a line.
func torn(t *testing.T, path string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(`{"tenant_id":"` + onPrem + `","chan`); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestArticlesAreKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.jsonl")
	before := keeping(t, path)
	before.do(http.MethodPost, "/api/tenants/"+onPrem+"/articles", `{"id":"KB-1","title":"VPN drops"}`, http.StatusCreated, nil)
	after := keeping(t, path)
	got := after.send(http.MethodGet, "/kb/"+onPrem+"/search?q=vpn&limit=3", "", "Authorization", "Bearer "+testKeys().KnowledgeAPIKey(onPrem))
	if got.status != http.StatusOK || !strings.Contains(got.body, "KB-1") {
		t.Errorf("answer %d %s", got.status, got.body)
	}
}

func TestTheSampleIsNotSeededTwice(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.jsonl")
	var sizes []int
	for range 2 {
		world := simulator.New(simulator.Options{Keys: testKeys()})
		end, err := world.Keep(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := world.AddSample(); err != nil {
			t.Fatal(err)
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(content))
	}
	if sizes[0] == 0 || sizes[0] != sizes[1] {
		t.Errorf("the file had %d bytes and then %d", sizes[0], sizes[1])
	}
}

func TestStateThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"not JSON":              "no\n",
		"a tenant that is none": `{"tenant_id":"NO","profile":"onprem"}` + "\n",
		"an unknown tenant":     `{"tenant_id":"stranger","change":{"ticket_id":"1","gone":true}}` + "\n",
	} {
		path := filepath.Join(t.TempDir(), "state.jsonl")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := simulator.New(simulator.Options{Keys: testKeys()}).Keep(path); err == nil || !strings.Contains(err.Error(), "simulator's state") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := simulator.New(simulator.Options{Keys: testKeys()}).Keep(t.TempDir()); err == nil {
		t.Error("a folder was taken for a file")
	}
}
