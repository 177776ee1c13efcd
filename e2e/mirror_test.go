package e2e_test

import (
	"context"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/simulator"
)

// A ticket that a technician resolves helps with the next one, though nobody imported anything.
func TestAResolvedTicketHelpsWithTheNext(t *testing.T) {
	t.Parallel()
	for id, profile := range map[string]servicedesk.Profile{"mirror-onprem": servicedesk.ProfileOnPrem, "mirror-cloud": servicedesk.ProfileCloud} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			onboard(t, id, profile)
			past, err := users.OpenTicket(t.Context(), id, simulator.NewTicket{
				Subject: "Label printer prints half a label", Description: "The label printer in the warehouse stops in the middle of each label.",
			}, simulator.EmitNone)
			if err != nil {
				t.Fatal(err)
			}
			if err := users.ResolveTicket(t.Context(), id, past.TicketID, "Set the label length to 57 mm in the driver."); err != nil {
				t.Fatal(err)
			}
			// A new tenant is noticed within a minute.
			waiting, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			if err := users.AwaitMirrored(waiting, id, past.TicketID); err != nil {
				t.Fatal(err)
			}
			o, err := users.OpenTicket(t.Context(), id, simulator.NewTicket{
				Subject: "Half labels from the label printer", Description: "Since today the label printer in the warehouse prints half a label and stops.",
			}, simulator.EmitDefault)
			if err != nil {
				t.Fatal(err)
			}
			job, ticket := await(t, id, o.Accepted.JobID)
			mustContain(t, noted(t, job, ticket), "#"+past.TicketID, "57 mm")
		})
	}
}
