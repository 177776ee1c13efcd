package ticket_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/ai-agents/ai-agents/e2e/cluster"
	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/htmltext"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

const (
	tenantID = "example-clinic"
	subject  = "Scanner on floor 3 shows error E-42"
	text     = "The scanner on floor 3 shows error E-42 since the update. Its address is 192.0.2.77."
)

// installation is the platform in the cluster, as an operator has it.
type installation struct {
	*outside

	values   string                      // the file
	pods     map[string][]corev1.Pod     // of each app
	sidecars map[string]*cluster.Sidecar // of the pods that have processes, the first of each app
	ticketID string                      // the one that has its note
}

// TestATicketInKubernetesMode goes the way from an empty namespace to a note, and then asks who else could have had a part in it.
func TestATicketInKubernetesMode(t *testing.T) {
	i := &installation{outside: startOutside(t)}
	for _, part := range []struct {
		name  string
		check func(*testing.T)
	}{
		{"the Job's own pod makes roles, database and tables", i.migrates},
		{"the production values are installed", i.installs},
		{"apps and sidecars run with what their pods say", i.runs},
		{"the console lets the operator in and takes a client", i.onboards},
		{"a signed webhook leads to one note", i.enhances},
		{"the workflow went through the cluster's placement and schedulers", i.wentThroughActors},
		{"sidecars and control plane have identities of sentry, and speak to nobody without", i.provesIdentities},
		{"nobody gets the identity of another app", i.keepsIdentities},
		{"previews are for the console's sidecar and refused to the gateway's", i.controlsAccess},
		{"an app has no component that is not its own", i.scopesComponents},
		{"a service account without the right reads no secret, and the app says which", i.refusesByRBAC},
		{"a missing secret is named by the app, which ends", i.namesMissingSecrets},
		{"a wrong password of Redis is named by the sidecar, which ends", i.namesWrongPasswords},
	} {
		if !t.Run(part.name, part.check) {
			t.Fatalf("the parts behind %q were not checked", part.name)
		}
	}
}

// agentctl runs the operator's tool, with input, against the console's Service.
func (i *installation) agentctl(t *testing.T, input string, args ...string) string {
	t.Helper()
	root, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(bounded(t), filepath.Join(root, "bin", "agentctl"), args...)
	cmd.Env = append(os.Environ(), "CONSOLE_URL=https://console."+platformNamespace+".svc:8083", "SSL_CERT_FILE="+i.certificate,
		"AGENTCTL_TOKEN_FILE="+filepath.Join(running.Dir(), "agentctl-token"))
	cmd.Stdin = strings.NewReader(input)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("agentctl %s: %v\n%s%s", strings.Join(args, " "), err, out, problems.String())
	}
	return string(out)
}

func (i *installation) onboards(t *testing.T) {
	i.agentctl(t, password("bootstrap"), "bootstrap")
	i.simulated(t, http.MethodPut, "/api/tenants/"+tenantID, map[string]any{"profile": servicedesk.ProfileOnPrem}, nil)
	i.simulated(t, http.MethodPost, "/api/tenants/"+tenantID+"/articles", map[string]string{
		"id": "KB-1", "title": "Scanner error E-42", "summary": "What error E-42 of the scanner means.", "url": "https://kb.example.com/1",
	}, nil)
	endpoints := simulator.NewEndpoints(i.simulator, tenantID, servicedesk.ProfileOnPrem)
	entered, err := json.Marshal(map[string]string{
		"tenant_id": tenantID, "name": "Example Clinic", "servicedesk_profile": string(servicedesk.ProfileOnPrem),
		"servicedesk_url": endpoints.ServiceDeskURL, "technician_id": endpoints.TechnicianID, "kb_url": endpoints.KnowledgeURL,
		"api_key": i.keys.APIKey(tenantID), "signing_secret": i.keys.SigningSecret(tenantID), "kb_api_key": i.keys.KnowledgeAPIKey(tenantID),
	})
	if err != nil {
		t.Fatal(err)
	}
	i.agentctl(t, string(entered), "tenant", "apply", "--file", "-")
	if list := i.agentctl(t, "", "tenant", "list"); !strings.Contains(list, tenantID) {
		t.Errorf("the console lists\n%s", list)
	}
}

// simulated asks the simulator's own API.
func (i *installation) simulated(t *testing.T, method, path string, in, out any) {
	t.Helper()
	if err := i.ask(bounded(t), method, path, in, out); err != nil {
		t.Fatal(err)
	}
}

func (i *installation) ask(ctx context.Context, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, i.simulator+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	answer, err := io.ReadAll(response.Body)
	switch err = errors.Join(err, response.Body.Close()); {
	case err != nil:
		return err
	case response.StatusCode >= http.StatusMultipleChoices:
		return fmt.Errorf("%s: the simulator answered %d: %s", path, response.StatusCode, answer)
	case out == nil:
		return nil
	}
	return json.Unmarshal(answer, out)
}

func (i *installation) enhances(t *testing.T) {
	var opened simulator.Emission
	i.simulated(t, http.MethodPost, "/api/tenants/"+tenantID+"/tickets", simulator.NewTicket{Subject: subject, Description: text, Priority: "High"}, &opened)
	if opened.Webhook == nil || opened.Webhook.Status != http.StatusAccepted {
		t.Fatalf("the gateway answers the webhook with %+v", opened.Webhook)
	}
	var accepted struct {
		JobID string `json:"job_id"`
	}
	if err := json.Unmarshal([]byte(opened.Webhook.Body), &accepted); err != nil || accepted.JobID == "" {
		t.Fatalf("%q, %v: want a job", opened.Webhook.Body, err)
	}
	i.ticketID = opened.TicketID
	if err := cluster.Await(bounded(t), "the job", func(context.Context) error {
		var job adminapi.Job
		if err := json.Unmarshal([]byte(i.agentctl(t, "", "job", "show", accepted.JobID, "--tenant", tenantID, "--json")), &job); err != nil {
			return err
		}
		if job.Status != enhancement.StatusCompleted {
			return fmt.Errorf("it is %s %s", job.Status, job.FailureReason)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var ticket simulator.Ticket
	i.simulated(t, http.MethodGet, "/api/tenants/"+tenantID+"/tickets/"+i.ticketID, nil, &ticket)
	if len(ticket.Notes) != 1 {
		t.Fatalf("the ticket has %d notes, want exactly one", len(ticket.Notes))
	}
	var calls struct {
		ServiceDesk []struct {
			Method string `json:"method"`
			Path   string `json:"path"`
		} `json:"servicedesk"`
	}
	i.simulated(t, http.MethodGet, "/api/tenants/"+tenantID+"/calls", nil, &calls)
	posted := 0
	for _, call := range calls.ServiceDesk {
		if call.Method == http.MethodPost && strings.HasSuffix(call.Path, "/notes") {
			posted++
		}
	}
	if posted != 1 {
		t.Errorf("ServiceDesk Plus was sent %d notes", posted)
	}
	note := htmltext.FromHTML(ticket.Notes[0].Description)
	for _, says := range []string{"Recommendations", "Documentation", "https://kb.example.com/1", "Written by a language model"} {
		if !strings.Contains(note, says) {
			t.Errorf("the note says nothing of %q", says)
		}
	}
	t.Logf("the note on ticket %s:\n%s", i.ticketID, note)
}
