package e2e_test

import (
	"context"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/e2e/platform"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
)

// awaitHeld waits until the job is held for its tenant's ServiceDesk Plus, with no note on the ticket.
func awaitHeld(t *testing.T, tenantID, jobID string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	job, err := users.AwaitHeld(ctx, tenantID, jobID)
	if err != nil || job.HeldFor != enhancement.DependencyServiceDesk || job.HeldSince.IsZero() {
		t.Fatalf("the job is %s, held for %q: %v", job.Status, job.HeldFor, err)
	}
	ticket, err := users.Ticket(t.Context(), tenantID, job.Ticket.ID)
	if err != nil || len(ticket.Notes) != 0 {
		t.Errorf("%d notes on its ticket, %v", len(ticket.Notes), err)
	}
}

// A tenant's ServiceDesk Plus is dead for a while: no job fails, it is hardly called meanwhile, and by one job at a time, a
// neighbour notices nothing, and soon after it is back every ticket has its note.
func TestADeadServiceDeskHoldsTheJobsOfItsTenant(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault   servicedesktest.FaultKind
		profile servicedesk.Profile
	}{
		"500":       {servicedesktest.FaultAlways500, servicedesk.ProfileOnPrem},
		"reset":     {servicedesktest.FaultResetConnection, servicedesk.ProfileOnPrem},
		"throttled": {servicedesktest.FaultThrottle, servicedesk.ProfileCloud},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id, neighbour := "e2e-dead-"+name, "e2e-beside-dead-"+name
			onboard(t, id, c.profile)
			onboard(t, neighbour, servicedesk.ProfileOnPrem)
			// Some 20 s from the first held job on.
			setFaults(t, id, "servicedesk", servicedesktest.Faults{Active: []servicedesktest.Fault{{Kind: c.fault}}})
			const tickets, dead = 10, 20 * time.Second
			var opened []platform.Opened
			for range tickets {
				opened = append(opened, open(t, id))
			}
			awaitHeld(t, id, opened[0].Accepted.JobID)
			began := time.Now()
			beside := open(t, neighbour)
			job, seen := await(t, neighbour, beside.Accepted.JobID)
			noted(t, job, seen)
			if job.HeldFor != "" || !job.HeldSince.IsZero() || job.Run != 1 {
				t.Errorf("the neighbour's job is %+v", job)
			}
			<-time.After(time.Until(began.Add(dead)))
			ended := time.Now()
			setFaults(t, id, "servicedesk", servicedesktest.Faults{})
			calls, err := users.NoteCalls(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			checkTries(t, calls, began, ended)
			for _, o := range opened {
				job, seen := await(t, id, o.Accepted.JobID)
				noted(t, job, seen)
			}
			if took := time.Since(ended); took > time.Minute {
				t.Errorf("the last note came %s after it was back", took)
			} else {
				t.Logf("the last note came %s after it was back; %d calls while it was dead", took.Round(time.Millisecond), len(calls))
			}
		})
	}
}

// checkTries looks at the calls that a dead server was sent: as many as jobs were under way when it died, each of which may look
// for a note and write one; then, from the moment on from which jobs were held, single tries with pauses between them.
func checkTries(t *testing.T, calls []platform.NoteCall, held, ended time.Time) {
	t.Helper()
	const underWay, each = 8, 2
	before, tries := 0, 0
	last := held
	// What was under way when the outage began has come to its end by then.
	settled := held.Add(3 * time.Second)
	for _, c := range calls {
		switch {
		case c.Time.Before(settled):
			before++
			continue
		case c.Time.After(ended):
			continue
		case c.Time.Sub(last) < time.Second: // the same try
		default:
			tries++
			if pause := c.Time.Sub(last); tries > 1 && pause < 3*time.Second {
				t.Errorf("a try came %s after the one before", pause)
			}
		}
		last = c.Time
	}
	if before > underWay*each || tries < 1 || tries > 4 {
		t.Errorf("%d calls before jobs were held, then %d tries", before, tries)
	}
}
