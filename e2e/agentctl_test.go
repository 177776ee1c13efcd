package e2e_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

// operate runs the operator's own tool as a shell would that has sourced .run/env.
func operate(t *testing.T, input string, args ...string) string {
	t.Helper()
	root, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(root, "bin", "agentctl"), args...)
	cmd.Env = os.Environ()
	for name, value := range running.Environment() {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var messages bytes.Buffer
	cmd.Stdin, cmd.Stderr = strings.NewReader(input), &messages
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("agentctl %s: %v\n%s", strings.Join(args, " "), err, messages.String())
	}
	return string(out)
}

// What a new operator does: import, see that a note arrives, rotate the secret, look at who did it.
func TestAnOperatorAtWork(t *testing.T) {
	t.Parallel()
	const id = "e2e-operator"
	onboard(t, id, servicedesk.ProfileOnPrem)
	past := `{"ticket_id": "7001", "subject": "Scanner shows E-42", "description": "E-42", "resolution": "Cleaned the glass.", "resolved_at": "2026-01-02T10:30:00Z"}`
	if out := operate(t, past, "import", "tickets", "--tenant", id, "--file", "-", "--quiet"); !strings.Contains(out, "1 imported (1 new") {
		t.Errorf("import: %s", out)
	}
	o, err := users.OpenTicket(t.Context(), id, simulator.NewTicket{Subject: exampleSubject, Description: exampleText, Priority: "High"}, simulator.EmitNone)
	if err != nil {
		t.Fatal(err)
	}
	smoke := func(description string) string {
		t.Helper()
		return operate(t, "", "smoke", "--tenant", id, "--ticket", o.TicketID, "--event", "updated", "--description", description)
	}
	if out := smoke(exampleText); !strings.Contains(out, "completed") {
		t.Errorf("smoke: %s", out)
	}
	if secret := operate(t, "", "tenant", "rotate-secret", id, "--generate"); len(strings.TrimSpace(secret)) < 40 {
		t.Error("no secret was printed")
	}
	if out := smoke("It was the network after all."); !strings.Contains(out, "completed") {
		t.Errorf("smoke with the new secret: %s", out)
	}
	if note, err := users.Ticket(t.Context(), id, o.TicketID); err != nil || len(note.Notes) != 1 {
		t.Errorf("%d notes, %v", len(note.Notes), err)
	}
	log := operate(t, "", "audit", "list", "--tenant", id)
	for _, operation := range []string{"tenant.create", "content.upload", "webhook.test"} {
		if !strings.Contains(log, operation) {
			t.Errorf("the audit log has no %s:\n%s", operation, log)
		}
	}
}
