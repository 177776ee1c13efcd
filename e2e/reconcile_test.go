package e2e_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

// openUnheard opens a ticket whose webhook never arrives.
func openUnheard(t *testing.T, tenantID string) (ticketID string) {
	t.Helper()
	o, err := users.OpenTicket(t.Context(), tenantID,
		simulator.NewTicket{Subject: exampleSubject, Description: exampleText, Priority: "High"}, simulator.EmitNone)
	if err != nil {
		t.Fatal(err)
	}
	return o.TicketID
}

// awaitCaught has the tenant polled twice a second until the ticket has a job, as long as the grace and a poll may take.
func awaitCaught(t *testing.T, tenantID, ticketID string) (jobID string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	jobID = enhancement.NewRefetch(tenantID, enhancement.EventCreated, ticketID, "").ID
	for {
		_, err := users.Job(ctx, tenantID, jobID)
		if err == nil {
			return jobID
		}
		if !errors.Is(err, enhancement.ErrNotFound) {
			t.Fatal(err)
		}
		asAdmin(t, "UPDATE reconcile_polls SET next_due = now() WHERE tenant_id = '"+tenantID+"'")
		select {
		case <-ctx.Done():
			t.Fatalf("ticket %s of %s was not found", ticketID, tenantID)
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// A ticket whose webhook was lost is enhanced, with its text from ServiceDesk Plus.
func TestATicketWithoutAWebhookIsEnhanced(t *testing.T) {
	t.Parallel()
	for id, profile := range map[string]servicedesk.Profile{"e2e-unheard-onprem": servicedesk.ProfileOnPrem, "e2e-unheard-cloud": servicedesk.ProfileCloud} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			onboard(t, id, profile)
			ticketID := openUnheard(t, id)
			job, ticket := await(t, id, awaitCaught(t, id, ticketID))
			mustContain(t, noted(t, job, ticket), "E-42", "scanner-"+id)
		})
	}
}

// A webhook that arrives when its ticket has been found is a repeated delivery: one note.
func TestAWebhookThatArrivesLate(t *testing.T) {
	t.Parallel()
	const id = "e2e-late"
	onboard(t, id, servicedesk.ProfileOnPrem)
	ticketID := openUnheard(t, id)
	jobID := awaitCaught(t, id, ticketID)
	for range 2 { // at once, and after the end
		late, err := users.EmitAgain(t.Context(), id, ticketID, "created")
		if err != nil || late.Accepted.JobID != jobID {
			t.Fatalf("the late webhook was answered %d %s, %v; want job %s", late.Status, late.Body, err, jobID)
		}
		job, ticket := await(t, id, jobID)
		noted(t, job, ticket)
		if job.Run != 1 {
			t.Errorf("it took %d runs", job.Run)
		}
	}
	if writes, err := users.NoteWrites(t.Context(), id); err != nil || writes != 1 {
		t.Errorf("%d notes were written, %v", writes, err)
	}
}

// While the gateway is down, webhooks come to nothing, and are not sent again. Their tickets are enhanced in the order in
// which they were opened.
func TestTheGatewayWasDown(t *testing.T) {
	const id = "e2e-gateway-down"
	onboard(t, id, servicedesk.ProfileOnPrem)
	kill(t, "gateway")
	restarted := false
	t.Cleanup(func() {
		if !restarted {
			restart(t, "gateway")
		}
	})
	tickets := make([]string, 5)
	for i := range tickets {
		o, err := users.OpenTicket(t.Context(), id,
			simulator.NewTicket{Subject: exampleSubject, Description: exampleText, Priority: "High"}, simulator.EmitHex)
		if err == nil || o.TicketID == "" {
			t.Fatalf("without a gateway, the webhook was answered %d, %v", o.Status, err)
		}
		tickets[i] = o.TicketID
	}
	restart(t, "gateway")
	restarted = true
	awaitCaught(t, id, tickets[len(tickets)-1])
	var before enhancement.Job
	for _, ticketID := range tickets {
		job, ticket := await(t, id, enhancement.NewRefetch(id, enhancement.EventCreated, ticketID, "").ID)
		noted(t, job, ticket)
		if !job.ReceivedAt.After(before.ReceivedAt) {
			t.Errorf("the job of ticket %s comes before that of ticket %s, which is older", ticketID, before.Ticket.ID)
		}
		before = job
	}
}
