package packaging_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

// TestTheTenantThatIsPrintedIsTheSimulators: its addresses are those that the simulator has with compose, and its keys those it takes.
func TestTheTenantThatIsPrintedIsTheSimulators(t *testing.T) {
	const id, master = "example-clinic", "example-master"
	env := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(env, []byte("OTHER=x\nSERVICEDESK_SIMULATOR_KEY="+master+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(root(t), "tools/compose-tenant.sh")
	said, err := exec.CommandContext(t.Context(), script, id, env).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	var got map[string]string
	if err := json.Unmarshal(said, &got); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	url := load(t, "", "").Services["simulator"].Environment["SIMULATOR_URL"]
	if url == nil {
		t.Fatal("the simulator has no SIMULATOR_URL")
	}
	endpoints, keys := simulator.NewEndpoints(*url, id, servicedesk.ProfileOnPrem), simulator.NewKeys(master)
	want := map[string]string{
		"tenant_id": id, "name": id + " (simulated)", "servicedesk_profile": string(servicedesk.ProfileOnPrem),
		"servicedesk_url": endpoints.ServiceDeskURL, "kb_url": endpoints.KnowledgeURL, "technician_id": endpoints.TechnicianID,
		"api_key": keys.APIKey(id), "signing_secret": keys.SigningSecret(id), "kb_api_key": keys.KnowledgeAPIKey(id),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, c := range []struct{ id, env, says string }{
		{`a"b`, env, "is no tenant id"},
		{id, filepath.Join(t.TempDir(), "none"), "run tools/compose-env.sh first"},
		{id, os.DevNull, "SERVICEDESK_SIMULATOR_KEY is not set"},
	} {
		if said, err := exec.CommandContext(t.Context(), script, c.id, c.env).CombinedOutput(); err == nil || !strings.Contains(string(said), c.says) {
			t.Errorf("%q: %v: %s", c.id, err, said)
		}
	}
}
