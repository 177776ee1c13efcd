package e2e_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func turn(t *testing.T, id string, mode tenant.Mode) (answered time.Time) {
	t.Helper()
	answered, err := users.Switch(t.Context(), id, mode)
	if err != nil {
		t.Fatal(err)
	}
	return answered
}

// withheldIn insists that the job ended because of the mode, with nothing on its ticket.
func withheldIn(t *testing.T, id string, o platform.Opened, mode tenant.Mode) {
	t.Helper()
	job, ticket := await(t, id, o.Accepted.JobID)
	if job.Status != enhancement.StatusCompleted || job.Withheld != mode || job.NoteID != "" || len(ticket.Notes) != 0 {
		t.Errorf("the job is %s, withheld %q, note %q; %d notes on the ticket", job.Status, job.Withheld, job.NoteID, len(ticket.Notes))
	}
	results, err := users.Results(t.Context(), id, job.ID)
	if err != nil {
		t.Fatal(err)
	}
	calls, err := users.LLMCalls(t.Context(), id, job.ID)
	if err != nil {
		t.Fatal(err)
	}
	if made := len(results[enhancement.StepSynthesize].Result) > 0; made != (mode == tenant.ModeShadow) || made != (len(calls) > 0) {
		t.Errorf("mode %s: a note was made: %t, with %d requests to the model", mode, made, len(calls))
	}
}

// While a tenant's jobs are under way, an operator switches it to shadow mode. When the console has answered, no job begins to write
// any more: what the server is sent later was on its way already. Live again, later tickets get their notes, and the earlier ones do not.
func TestASwitchToShadowModeStopsPosting(t *testing.T) {
	t.Parallel()
	const id, tickets = "e2e-shadow", 30
	// An announced write is sent at once; this is for machines that are busy with other tests.
	const onItsWay = 2 * time.Second
	onboard(t, id, servicedesk.ProfileOnPrem)
	setFaults(t, id, "servicedesk", servicedesktest.Faults{Active: []servicedesktest.Fault{{Kind: servicedesktest.FaultLatency, LatencyMS: 400}}})
	var opened []platform.Opened
	for range tickets {
		opened = append(opened, open(t, id))
	}
	await(t, id, opened[0].Accepted.JobID)
	answered := turn(t, id, tenant.ModeShadow)
	posted := 0
	for _, o := range opened {
		job, ticket := await(t, id, o.Accepted.JobID)
		if job.Withheld == "" {
			noted(t, job, ticket)
			posted++
			continue
		}
		withheldIn(t, id, o, tenant.ModeShadow)
	}
	if posted == 0 || posted == tickets {
		t.Fatalf("%d of %d jobs had posted: the switch met none in flight", posted, tickets)
	}
	calls, err := users.NoteCalls(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range calls {
		if c.Method != http.MethodGet && c.Time.After(answered.Add(onItsWay)) {
			t.Errorf("%s %s, %s after the switch", c.Method, c.Path, c.Time.Sub(answered))
		}
	}
	setFaults(t, id, "servicedesk", servicedesktest.Faults{})
	later := open(t, id)
	withheldIn(t, id, later, tenant.ModeShadow)
	turn(t, id, tenant.ModeLive)
	job, ticket := await(t, id, open(t, id).Accepted.JobID)
	noted(t, job, ticket)
	withheldIn(t, id, later, tenant.ModeShadow) // and it is not made up for
	if writes, err := users.NoteWrites(t.Context(), id); err != nil || writes != posted+1 {
		t.Errorf("%d notes were written, want %d; %v", writes, posted+1, err)
	}
}

// Where notes are off, a ticket is accepted as ever, and nothing is made of it.
func TestNothingIsMadeOfTicketsWhereNotesAreOff(t *testing.T) {
	t.Parallel()
	const id = "e2e-off"
	onboard(t, id, servicedesk.ProfileOnPrem)
	turn(t, id, tenant.ModeOff)
	o := open(t, id)
	withheldIn(t, id, o, tenant.ModeOff)
	turn(t, id, tenant.ModeLive)
	job, ticket := await(t, id, open(t, id).Accepted.JobID)
	noted(t, job, ticket)
	withheldIn(t, id, o, tenant.ModeOff)
}

// A tenant whose server is dead is switched to shadow mode: its held jobs end, and need not wait for the server.
func TestHeldJobsEndInShadowMode(t *testing.T) {
	t.Parallel()
	const id = "e2e-shadow-held"
	onboard(t, id, servicedesk.ProfileOnPrem)
	setFaults(t, id, "servicedesk", servicedesktest.Faults{Active: []servicedesktest.Fault{{Kind: servicedesktest.FaultAlways500}}})
	opened := []platform.Opened{open(t, id), open(t, id), open(t, id)}
	awaitHeld(t, id, opened[0].Accepted.JobID)
	turn(t, id, tenant.ModeShadow)
	for _, o := range opened {
		withheldIn(t, id, o, tenant.ModeShadow)
	}
}
