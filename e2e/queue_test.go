package e2e_test

import (
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// Jobs that cannot be begun must not keep others from the queue, and begin when the cause is gone.
func TestPoisonDoesNotHoldUpTheQueue(t *testing.T) {
	t.Parallel()
	const poisoned, other = "e2e-poison", "e2e-beside-poison"
	onboard(t, poisoned, servicedesk.ProfileOnPrem)
	onboard(t, other, servicedesk.ProfileOnPrem)
	asAdmin(t, `CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'example: cannot be claimed'; END $$`)
	asAdmin(t, `CREATE TRIGGER poison BEFORE UPDATE ON enhancement_history FOR EACH ROW
		WHEN (OLD.tenant_id = 'e2e-poison') EXECUTE FUNCTION poison()`)
	cured := false
	cure := func() {
		if !cured {
			asAdmin(t, "DROP FUNCTION poison CASCADE")
			cured = true
		}
	}
	t.Cleanup(cure)
	var held []string
	for range 8 {
		held = append(held, open(t, poisoned).Accepted.JobID)
	}
	// Longer than a message stays with one delivery, so that all of them are with more than one.
	<-time.After(40 * time.Second)
	began := time.Now()
	o := open(t, other)
	job, ticket := await(t, other, o.Accepted.JobID)
	noted(t, job, ticket)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("a ticket beside them took %s", took)
	}
	cure()
	for _, jobID := range held {
		job, ticket := await(t, poisoned, jobID)
		noted(t, job, ticket)
	}
}

// A sender who is told, or sees, that a ticket was not enhanced can send its event again.
func TestAFailedTicketIsEnhancedWhenItsEventIsSentAgain(t *testing.T) {
	t.Parallel()
	const id = "e2e-again"
	onboard(t, id, servicedesk.ProfileCloud)
	setFaults(t, id, "servicedesk", servicedesktest.Faults{Active: []servicedesktest.Fault{{Kind: servicedesktest.FaultUnauthorized}}})
	o := open(t, id)
	if job, _ := await(t, id, o.Accepted.JobID); job.Status != enhancement.StatusFailed {
		t.Fatalf("the job is %s", job.Status)
	}
	setFaults(t, id, "servicedesk", servicedesktest.Faults{})
	again, err := users.EmitAgain(t.Context(), id, o.TicketID, "created")
	if err != nil || again.Accepted.JobID != o.Accepted.JobID || again.Accepted.Status != string(enhancement.StatusPending) {
		t.Fatalf("again: %+v, %v", again, err)
	}
	job, ticket := await(t, id, again.Accepted.JobID)
	noted(t, job, ticket)
	if job.Run != 2 {
		t.Errorf("it took %d runs", job.Run)
	}
}

// An operator need not wait for the sender.
func TestAnOperatorBeginsAFailedJobAnew(t *testing.T) {
	t.Parallel()
	const id = "e2e-retry"
	onboard(t, id, servicedesk.ProfileCloud)
	setFaults(t, id, "servicedesk", servicedesktest.Faults{Active: []servicedesktest.Fault{{Kind: servicedesktest.FaultUnauthorized}}})
	o := open(t, id)
	if job, _ := await(t, id, o.Accepted.JobID); job.Status != enhancement.StatusFailed {
		t.Fatalf("the job is %s", job.Status)
	}
	setFaults(t, id, "servicedesk", servicedesktest.Faults{})
	begun, err := users.Admin().RetryJob(t.Context(), id, o.Accepted.JobID)
	if err != nil || begun.Status != enhancement.StatusPending || begun.Run != 2 {
		t.Fatalf("begun %+v, %v", begun, err)
	}
	job, ticket := await(t, id, o.Accepted.JobID)
	noted(t, job, ticket)
}
