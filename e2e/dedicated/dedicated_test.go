// Package dedicated_test moves a client between the enhancer that clients share and one of its own, on the real stack.
package dedicated_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/e2e/stack"
	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

const (
	moved, stays = "e2e-moved", "e2e-stays"
	// each is how many tickets come in while the client is somewhere.
	each = 12
)

func start(t *testing.T) *platform.Platform {
	t.Helper()
	running, err := stack.Start(t.Context(), stack.Options{
		Dir: t.TempDir(), Ports: stack.Any, ReadyTimeout: 2 * time.Minute, Dedicated: []string{moved},
	}.Covered())
	if err != nil {
		t.Fatalf("start the stack (after `make build`): %v", err)
	}
	t.Cleanup(func() {
		if err := running.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	users, err := platform.Open(t.Context(), running)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(users.Close)
	for _, id := range []string{moved, stays} {
		client := platform.Client{ID: id, Name: "Example " + id, Profile: servicedesk.ProfileOnPrem, Format: tenant.FormatHTML}
		if err := users.Onboard(t.Context(), client); err != nil {
			t.Fatal(err)
		}
	}
	return users
}

// A client is moved there and back while its tickets come in: each has exactly one note, and is worked on where the client is.
func TestAClientIsMovedUnderLoad(t *testing.T) {
	users := start(t)
	var opened []platform.Opened
	for leg, to := range []tenant.Isolation{tenant.IsolationShared, tenant.IsolationDedicated, tenant.IsolationShared, tenant.IsolationDedicated} {
		if leg > 0 {
			move(t, users, to)
		}
		for i := range each {
			o, err := users.OpenTicket(t.Context(), moved, simulator.NewTicket{
				Subject: "Scanner shows error E-42", Description: fmt.Sprintf("It scans nothing, leg %d, ticket %d.", leg, i),
			}, simulator.EmitDefault)
			if err != nil {
				t.Fatal(err)
			}
			opened = append(opened, o)
		}
	}
	beside, err := users.OpenTicket(t.Context(), stays, simulator.NewTicket{Subject: "Scanner shows error E-42", Description: "Of another client."}, simulator.EmitDefault)
	if err != nil {
		t.Fatal(err)
	}
	once(t, users, stays, beside)
	waitsForItsEnhancer(t, users)
	for _, o := range opened {
		once(t, users, moved, o)
	}
	// A preview is made by the client's own enhancer, which would refuse another's.
	shown, err := users.Admin().Preview(t.Context(), moved, adminapi.PreviewRequest{Ticket: &adminapi.PreviewTicket{Subject: "Scanner shows error E-42"}})
	if err != nil || shown.Note.Text == "" {
		t.Errorf("%+v, %v", shown, err)
	}
	again, err := users.Admin().MoveTenant(t.Context(), moved, "", adminapi.MoveTenant{To: tenant.IsolationDedicated})
	if err != nil || again.Waiting+again.Running+again.Elsewhere != 0 || again.From != tenant.IsolationDedicated {
		t.Errorf("in the end: %+v, %v", again, err)
	}
}

// A client that is moved to an enhancer that nobody has set up: its webhooks are accepted, its jobs wait, and they are done where it is moved to.
func waitsForItsEnhancer(t *testing.T, users *platform.Platform) {
	t.Helper()
	in := adminapi.MoveTenant{To: tenant.IsolationDedicated}
	if _, err := users.Admin().MoveTenant(t.Context(), stays, "", in); adminapi.StatusOf(err) != http.StatusConflict {
		t.Errorf("moved to nobody: %v", err)
	}
	in.EvenWithoutWorkers = true
	if _, err := users.Admin().MoveTenant(t.Context(), stays, "", in); err != nil {
		t.Fatal(err)
	}
	waits, err := users.OpenTicket(t.Context(), stays, simulator.NewTicket{Subject: "Scanner shows error E-42", Description: "It waits."}, simulator.EmitDefault)
	if err != nil {
		t.Fatalf("the webhook of a client whose topic nobody has set up: %v", err)
	}
	if job, err := users.Job(t.Context(), stays, waits.Accepted.JobID); err != nil || job.Status != enhancement.StatusPending {
		t.Errorf("begun by nobody's: %s, %v", job.Status, err)
	}
	awaitEnhancer(t, users, "")
	moved, err := users.Admin().MoveTenant(t.Context(), stays, "", adminapi.MoveTenant{To: tenant.IsolationShared})
	if err != nil || moved.Waiting != 1 {
		t.Errorf("%+v, %v", moved, err)
	}
	once(t, users, stays, waits)
}

func move(t *testing.T, users *platform.Platform, to tenant.Isolation) {
	t.Helper()
	awaitEnhancer(t, users, map[tenant.Isolation]string{tenant.IsolationDedicated: moved}[to])
	got, err := users.Admin().MoveTenant(t.Context(), moved, "", adminapi.MoveTenant{To: to})
	if err != nil || got.Tenant.Isolation != to {
		t.Fatalf("moved to %s: %+v, %v", to, got, err)
	}
	t.Logf("moved to %s: %d wait, %d run there, %d elsewhere", to, got.Waiting, got.Running, got.Elsewhere)
}

// awaitEnhancer waits until a worker of it takes work. It says every few seconds whether its engine does, which right after the start, and under load,
// it does not for a while.
func awaitEnhancer(t *testing.T, users *platform.Platform, tenantID string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := users.AwaitEnhancer(ctx, tenantID); err != nil {
		t.Fatal(err)
	}
}

// once waits for the job, and fails unless its ticket has one note.
func once(t *testing.T, users *platform.Platform, tenantID string, o platform.Opened) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	job, err := users.AwaitJob(ctx, tenantID, o.Accepted.JobID)
	if err != nil || job.Status != enhancement.StatusCompleted {
		t.Fatalf("job %s: %s %s, %v", o.Accepted.JobID, job.Status, job.FailureReason, err)
	}
	ticket, err := users.Ticket(t.Context(), tenantID, o.TicketID)
	if err != nil || len(ticket.Notes) != 1 {
		t.Errorf("ticket %s has %d notes, %v", o.TicketID, len(ticket.Notes), err)
	}
}
