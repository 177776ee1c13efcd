package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func TestTenantApplyAndShow(t *testing.T) {
	environment(t)
	mustApply(t)
	out := must(t, "", "tenant show alpha")
	if !strings.Contains(out, `"servicedesk_profile": "onprem"`) || !strings.Contains(out, `"status": "enabled"`) || strings.Contains(out, "example-") {
		t.Errorf("shows %s", out)
	}
	list := must(t, "", "tenant list")
	if !strings.Contains(list, "alpha") || !strings.Contains(list, "enabled") || !strings.Contains(list, "Example") {
		t.Errorf("lists %s", list)
	}
	if lines := must(t, "", "tenant list --json --status enabled"); strings.Count(lines, "\n") != 1 || !strings.Contains(lines, `"tenant_id":"alpha"`) {
		t.Errorf("lists %s", lines)
	}
	if list := must(t, "", "tenant list --status deleted"); strings.Contains(list, "alpha") {
		t.Errorf("lists %s", list)
	}
	fails(t, "", "tenant list --status odd", "status")
	fails(t, exampleTenant, "tenant create --file -", "alpha was not created", "this id already")
	for name, c := range map[string]struct{ input, says string }{
		"not JSON": {"x", "not a tenant in JSON"}, "unknown field": {`{"tenant": "alpha"}`, "unknown field"},
		"nothing in it": {"{}", "tenant_id"}, "two objects": {exampleTenant + "{}", "something follows"},
		"no secrets":   {`{"tenant_id": "beta"}`, "needs api_key and signing_secret"},
		"not valid":    {strings.Replace(exampleTenant, `"onprem"`, `"sometimes"`, 1), "alpha was not changed"},
		"short secret": {strings.NewReplacer("alpha", "beta", "example-signing-secret", "short").Replace(exampleTenant), "signing_secret"},
	} {
		if err := failure(t, c.input, "tenant apply --file -", c.says); err != nil && strings.Contains(err.Error(), "example-api-key") {
			t.Errorf("%s: the error repeats a secret: %v", name, err)
		}
	}
	if err := failure(t, "", "tenant show nobody", "no such tenant"); adminapi.StatusOf(err) != http.StatusNotFound {
		t.Errorf("an unknown tenant: %v", err)
	}
	fails(t, "", "tenant apply --file /nowhere.json", "/nowhere.json")
}

// TestApplyKeepsTheSecretsThatTheFileLeavesOut, and replaces those that it has.
func TestApplyKeepsTheSecretsThatTheFileLeavesOut(t *testing.T) {
	w := environment(t)
	mustApply(t)
	secrets := func() tenant.Credentials {
		t.Helper()
		_, c, err := w.Tenants.Get(t.Context(), "alpha")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	before := secrets()
	settings := `{"tenant_id": "alpha", "name": "Renamed", "servicedesk_url": "https://sdp.example.com/api/v3", "servicedesk_profile": "onprem"`
	must(t, settings+"}", "tenant apply --file -")
	if after := secrets(); after.APIKey != before.APIKey || after.SigningSecret != before.SigningSecret || after.KnowledgeAPIKey != before.KnowledgeAPIKey {
		t.Error("secrets that the file leaves out were changed")
	}
	if out := must(t, "", "tenant show alpha"); !strings.Contains(out, "Renamed") || strings.Contains(out, "kb.example.com") {
		t.Errorf("the settings are not those of the file: %s", out)
	}
	must(t, settings+`, "signing_secret": "another-signing-secret", "kb_api_key": "another-kb-key"}`, "tenant apply --file -")
	after := secrets()
	if after.SigningSecret.Reveal() != "another-signing-secret" || after.PreviousSigningSecret != before.SigningSecret ||
		after.KnowledgeAPIKey.Reveal() != "another-kb-key" || after.APIKey != before.APIKey {
		t.Error("the secrets are not those of the file")
	}
	// The same once more changes nothing: the secret before the present one is still accepted.
	must(t, settings+`, "signing_secret": "another-signing-secret"}`, "tenant apply --file -")
	if again := secrets(); again.PreviousSigningSecret != before.SigningSecret {
		t.Error("applying a file again has ended the overlap")
	}
	must(t, settings+`, "signing_secret": "a-third-signing-secret"}`, "tenant apply --file - --overlap 0")
	if last := secrets(); last.PreviousSigningSecret != "" {
		t.Error("without an overlap the secret before is still accepted")
	}
	fails(t, settings+`, "signing_secret": "one-more-signing-secret"}`, "tenant apply --file - --overlap 8d", "overlap")
}

// TestATenantMovesToTheCloudAndBack: a key has to suit the edition, at each step.
func TestATenantMovesToTheCloudAndBack(t *testing.T) {
	environment(t)
	mustApply(t)
	cloud := strings.NewReplacer(`"onprem"`, `"cloud"`, `"example-api-key"`,
		`{"accounts_url": "https://accounts.example.com", "client_id": "a", "client_secret": "b", "refresh_token": "c"}`).Replace(exampleTenant)
	for _, file := range []string{cloud, exampleTenant} {
		must(t, "", "tenant apply --file "+write(t, "tenant.json", file))
	}
	if out := must(t, "", "tenant show alpha"); !strings.Contains(out, `"servicedesk_profile": "onprem"`) {
		t.Errorf("shows %s", out)
	}
	keyless := strings.Replace(strings.Replace(exampleTenant, `"onprem"`, `"cloud"`, 1), `"api_key": "example-api-key",`, "", 1)
	fails(t, keyless, "tenant apply --file -", "alpha was not changed", "replace the key first")
}

func TestTheLifeOfATenant(t *testing.T) {
	w := environment(t)
	mustApply(t)
	must(t, exampleTickets, "import tickets --tenant alpha --file -")
	steps := []struct{ args, says string }{
		{"tenant disable alpha", "alpha is disabled"},
		{"tenant disable alpha", "alpha is disabled"},
		{"tenant enable alpha", "alpha is enabled"},
		{"tenant delete alpha", "nothing has gone yet"},
		{"tenant restore alpha", "alpha is disabled"},
		{"tenant delete alpha", "ticket_history"},
	}
	for _, s := range steps {
		if out := must(t, "", s.args); !strings.Contains(out, s.says) {
			t.Errorf("agentctl %s says %s", s.args, out)
		}
	}
	deleted := must(t, "", "tenant delete alpha")
	for _, says := range []string{"agentctl tenant restore alpha", "agentctl tenant purge alpha", "  ticket_history "} {
		if !strings.Contains(deleted, says) {
			t.Errorf("a deletion says nothing of %q: %s", says, deleted)
		}
	}
	fails(t, exampleTenant, "tenant apply --file -", "alpha is deleted", "agentctl tenant restore alpha")
	fails(t, exampleTickets, "import tickets --tenant alpha --file -", "deleted")
	// Nobody is there to be asked, and what is piped in is no answer.
	fails(t, "alpha\n", "tenant purge alpha", "--confirm alpha")
	fails(t, "", "tenant purge alpha --confirm beta", `"beta" is not the id`, "nothing was removed")
	if got := w.stored(t, "SELECT count(*)::text FROM ticket_history"); got != "2" {
		t.Fatalf("%s tickets are left", got)
	}
	if out := must(t, "", "tenant purge alpha --confirm alpha"); !strings.Contains(out, "alpha is gone") || !strings.Contains(out, "ticket_history") {
		t.Errorf("says %s", out)
	}
	if got := w.stored(t, "SELECT count(*)::text FROM ticket_history"); got != "0" {
		t.Errorf("%s tickets are left", got)
	}
	for _, args := range []string{"tenant show alpha", "tenant purge alpha --confirm alpha", "tenant restore alpha", "tenant test alpha"} {
		fails(t, "", args, "no such tenant")
	}
	mustApply(t)
	fails(t, "", "tenant purge alpha --confirm alpha", "not deleted")
}

func TestRotateSecret(t *testing.T) {
	w := environment(t)
	mustApply(t)
	out, messages, err := apart(t.Context(), "", "tenant", "rotate-secret", "alpha", "--generate")
	fresh := strings.TrimSuffix(out, "\n")
	if err != nil || len(fresh) != 43 || strings.Contains(messages, fresh) || !strings.Contains(messages, "is accepted until 2") {
		t.Fatalf("%v: %q: %s", err, out, messages)
	}
	_, c, err := w.Tenants.Get(t.Context(), "alpha")
	if err != nil || c.SigningSecret.Reveal() != fresh || c.PreviousSigningSecret.Reveal() != "example-signing-secret" {
		t.Errorf("%v: what was printed was not set", err)
	}
	// A second one would lock out a sender that was not changed yet.
	fails(t, "", "tenant rotate-secret alpha --generate", "add --again")
	if _, again, err := w.Tenants.Get(t.Context(), "alpha"); err != nil || again.SigningSecret != c.SigningSecret {
		t.Errorf("%v: it was changed all the same", err)
	}
	must(t, "", "tenant rotate-secret alpha --generate --again")
	out, messages, err = apart(t.Context(), "a-secret-from-a-file\n", "tenant", "rotate-secret", "alpha", "--secret-file", "-", "--overlap", "0")
	if err != nil || out != "" || !strings.Contains(messages, "no more") {
		t.Errorf("%v: %q: %s", err, out, messages)
	}
	fails(t, "a-secret-from-a-file\n", "tenant rotate-secret alpha --secret-file -", "was not changed")
	fails(t, "", "tenant rotate-secret alpha", "--generate, or --secret-file")
	fails(t, "x", "tenant rotate-secret alpha --generate --secret-file -", "--generate, or --secret-file")
	fails(t, " \n", "tenant rotate-secret alpha --secret-file -", "is empty")
	fails(t, "", "tenant rotate-secret alpha --generate --overlap soon", "--overlap")
	fails(t, "", "tenant rotate-secret nobody --generate", "no such tenant")
}

func TestSetKeys(t *testing.T) {
	w := environment(t)
	mustApply(t)
	must(t, "another-api-key\n", "tenant set-api-key alpha --file -")
	must(t, "", "tenant set-kb-key alpha --file "+write(t, "key", "another-kb-key"))
	if _, c, err := w.Tenants.Get(t.Context(), "alpha"); err != nil || c.APIKey.Reveal() != "another-api-key" || c.KnowledgeAPIKey.Reveal() != "another-kb-key" {
		t.Errorf("%v: the keys were not set", err)
	}
	must(t, "", "tenant set-kb-key alpha --remove")
	if _, c, err := w.Tenants.Get(t.Context(), "alpha"); err != nil || c.KnowledgeAPIKey != "" {
		t.Errorf("%v: the key was not removed", err)
	}
	fails(t, "", "tenant set-kb-key alpha", "--file with a new one, or --remove")
	fails(t, "", "tenant set-api-key alpha --file -", "is empty")
	fails(t, "x", "tenant set-api-key nobody --file -", "no such tenant")
	fails(t, "x", "tenant set-kb-key nobody --file -", "no such tenant")
}

func TestTenantTest(t *testing.T) {
	environment(t)
	must(t, strings.NewReplacer("https://sdp.example.com", "http://127.0.0.1:1", `"kb_url": "https://kb.example.com",`, "").Replace(exampleTenant), "tenant apply --file -")
	out, err := agentctl(t.Context(), "", "tenant", "test", "alpha")
	if err == nil || exitStatus(err) != exitFailed || !strings.Contains(out, "ServiceDesk Plus") || !strings.Contains(out, "failed") || !strings.Contains(out, "not_configured") {
		t.Errorf("%v: %s", err, out)
	}
}
