package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

// attempt is operate for a command that may fail: it gives what was printed, and the exit status.
func attempt(t *testing.T, args ...string) (out, messages string, status int) {
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
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if exited, is := errors.AsType[*exec.ExitError](err); is {
		return stdout.String(), stderr.String(), exited.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), 0
}

// simulate has the simulator be the systems of a client that the platform knows nothing of.
func simulate(t *testing.T, id string, profile servicedesk.Profile) simulator.Endpoints {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, running.SimulatorURL()+"/api/tenants/"+id,
		strings.NewReader(`{"profile":"`+string(profile)+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode/100 != 2 {
		t.Fatalf("simulate %s: %s", id, resp.Status)
	}
	return simulator.NewEndpoints(running.SimulatorURL(), id, profile)
}

func secretFile(t *testing.T, name, secret string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// From nothing to a note on a ticket by one command, whose key is wrong at first; and the script that it writes is believed by the real
// gateway.
func TestOnboardingFromNothingToANote(t *testing.T) {
	t.Parallel()
	const id = "e2e-onboarded"
	at := simulate(t, id, servicedesk.ProfileOnPrem)
	opened, err := users.OpenTicket(t.Context(), id, simulator.NewTicket{Subject: exampleSubject, Description: exampleText, Priority: "High"}, simulator.EmitNone)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "setup")
	args := func(key string) []string {
		return []string{
			"onboard", "--tenant", id, "--name", "Example", "--profile", "onprem", "--servicedesk-url", at.ServiceDeskURL, "--technician-id", at.TechnicianID,
			"--kb-url", at.KnowledgeURL, "--kb-key-file", secretFile(t, "kb-key", users.Keys().KnowledgeAPIKey(id)), "--api-key-file", secretFile(t, "key", key),
			"--gateway-url", running.GatewayURL(), "--setup-dir", dir, "--ticket", opened.TicketID, "--subject", exampleSubject, "--description", exampleText,
		}
	}
	out, messages, status := attempt(t, args("a-wrong-key")...)
	if status != 1 || !strings.Contains(messages, "key is not accepted") || !strings.Contains(messages, "run the same command again") || !strings.Contains(out, "FAILED") {
		t.Fatalf("status %d with a wrong key: %s%s", status, messages, out)
	}
	out, messages, status = attempt(t, args(users.Keys().APIKey(id))...)
	if status != 0 || !strings.Contains(out, "test webhook and note") || strings.Contains(out, "FAILED") {
		t.Fatalf("status %d with the right key: %s%s", status, messages, out)
	}
	if ticket, err := users.Ticket(t.Context(), id, opened.TicketID); err != nil || len(ticket.Notes) != 1 {
		t.Fatalf("%d notes, %v", len(ticket.Notes), err)
	}
	// Once more sends nothing.
	if out, messages, status = attempt(t, args(users.Keys().APIKey(id))...); status != 0 || !strings.Contains(out, "has its note already") {
		t.Errorf("status %d when all is done: %s%s", status, messages, out)
	}
	sentByScript(t, id, dir)
}

// sentByScript runs what was written for ServiceDesk Plus, as that would, for another ticket.
func sentByScript(t *testing.T, id, dir string) {
	t.Helper()
	opened, err := users.OpenTicket(t.Context(), id, simulator.NewTicket{Subject: exampleSubject, Description: exampleText, Priority: "High"}, simulator.EmitNone)
	if err != nil {
		t.Fatal(err)
	}
	complete, err := json.Marshal(map[string]any{"request": map[string]any{"id": opened.TicketID, "subject": exampleSubject, "description": "<div>" + exampleText + "</div>"}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "python3", filepath.Join(dir, "enhance_ticket.py"), secretFile(t, "ticket.json", string(complete)), "created").Output()
	var result struct {
		Result  string `json:"result"`
		Message string `json:"message"`
	}
	if err := errors.Join(err, json.Unmarshal(out, &result)); err != nil || result.Result != "success" {
		t.Fatalf("%v: %s", err, out)
	}
	_, jobID, _ := strings.Cut(result.Message, "job ")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if job, err := users.AwaitJob(ctx, id, jobID); err != nil || job.Status != enhancement.StatusCompleted {
		t.Errorf("%s: %v", job.Status, err)
	}
}
