package workflows_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dapr/durabletask-go/workflow"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger/ledgertest"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/servicedesk/servicedesktest"
	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/workflows"
)

// withServiceDesk gives the fixture a simulated ServiceDesk Plus with its ticket, in place of the desk that only
// counts.
func (f *fixture) withServiceDesk(t *testing.T, timeout time.Duration) (*servicedesktest.Server, *servicedesk.Client) {
	t.Helper()
	const key, technician = "example-key", "4"
	sdp := servicedesktest.New(servicedesktest.Options{Profile: servicedesk.ProfileOnPrem, APIKey: key, TechnicianID: technician})
	sdp.AddRequest(servicedesktest.Request{ID: f.job.Ticket.ID, Subject: f.job.Ticket.Subject})
	server := httptest.NewServer(sdp)
	t.Cleanup(func() {
		sdp.Close()
		server.Close()
	})
	client, err := servicedesk.New(servicedesk.Config{
		BaseURL: server.URL + sdp.BasePath(), Profile: servicedesk.ProfileOnPrem, APIKey: key, TechnicianID: technician, Timeout: timeout,
	}, server.Client())
	if err != nil {
		t.Fatal(err)
	}
	f.activities.Desks = desks{desk: client}
	return sdp, client
}

// countedDesk counts how often it is asked to tidy up.
type countedDesk struct {
	workflows.Desk

	tidied atomic.Int32
}

func (d *countedDesk) TidyNotes(ctx context.Context, t servicedesk.NoteTidy) (int, error) {
	d.tidied.Add(1)
	return d.Desk.TidyNotes(ctx, t)
}

func lateCommit(after time.Duration) servicedesktest.Faults {
	return servicedesktest.Faults{Active: []servicedesktest.Fault{{
		Kind: servicedesktest.FaultCommitLate, LatencyMS: int(after.Milliseconds()), Remaining: 1,
	}}}
}

// ServiceDesk Plus commits a write after we have given up on it: at first soon enough for the next attempt to see
// it, then so late that a second note cannot be avoided, only removed. The next attempt is made when the lease on the
// note has run out, which is after 3 s here (haste).
func TestALateCommitLeavesOneNote(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ commit, tidy time.Duration }{
		"before the next attempt": {time.Second, 10 * time.Millisecond},
		"after the next attempt":  {4 * time.Second, 2500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			sdp, client := f.withServiceDesk(t, 300*time.Millisecond)
			sdp.SetFaults(lateCommit(c.commit))
			f.activities.TidyAfter = c.tidy
			counted := &countedDesk{Desk: client}
			f.activities.Desks = desks{desk: counted}
			result, job := f.run(t)
			if result.Status != enhancement.StatusCompleted || job.Status != enhancement.StatusCompleted {
				t.Fatalf("result %+v, job %+v", result, job)
			}
			if notes := sdp.Notes(f.job.Ticket.ID); len(notes) != 1 || notes[0].ID != job.NoteID {
				t.Errorf("%d notes on the ticket, the ledger names %s", len(notes), job.NoteID)
			}
			// What is one note now might have become two after the look above.
			if counted.tidied.Load() == 0 {
				t.Error("nobody looked for a second note")
			}
		})
	}
}

// activityContext is what the engine hands to an activity.
type activityContext struct {
	workflow.ActivityContext

	ctx   context.Context
	input []byte
}

func (c activityContext) Context() context.Context { return c.ctx }
func (c activityContext) GetInput(v any) error     { return json.Unmarshal(c.input, v) }

// A worker that is told to stop finishes the write that it has begun, and Drain waits for it.
func TestAStopDoesNotCutAWriteShort(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	sdp, _ := f.withServiceDesk(t, 5*time.Second)
	sdp.SetFaults(servicedesktest.Faults{Active: []servicedesktest.Fault{{
		Kind: servicedesktest.FaultLatency, Operation: servicedesktest.OperationWriteNote, LatencyMS: 800,
	}}})
	input, err := json.Marshal(workflows.Job{TenantID: "alpha", JobID: f.job.ID, Run: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.activities.Synthesize(activityContext{ctx: t.Context(), input: input}); err != nil {
		t.Fatal(err)
	}
	stopped, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := f.activities.UpdateTicket(activityContext{ctx: stopped, input: input})
		ended <- err
	}()
	until(t, "the write takes its time, behind the look-up", func() bool { return len(sdp.Calls()) >= 2 })
	stop()
	hasty, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := f.activities.Drain(hasty); err == nil {
		t.Error("drained with a write under way")
	}
	if err := f.activities.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the write was cut short: %v", err)
	}
	if notes := sdp.Notes(f.job.Ticket.ID); len(notes) != 1 {
		t.Errorf("%d notes", len(notes))
	}
}

// A job that was held up must not overwrite the note of a later one.
func TestAnOlderJobLeavesTheNewerNote(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	sdp, _ := f.withServiceDesk(t, 5*time.Second)
	older := f.job
	f.job = enhancement.New("alpha", enhancement.EventUpdated, ticket.Ticket{ID: "1001", Description: "It moved to floor 3."}, "c-2")
	if _, err := f.ledger.Accept(t.Context(), f.job); err != nil {
		t.Fatal(err)
	}
	if _, err := ledgertest.Claim(t.Context(), f.ledger, "alpha", f.job.ID); err != nil {
		t.Fatal(err)
	}
	_, newer := f.run(t)
	notes := sdp.Notes("1001")
	if newer.Status != enhancement.StatusCompleted || len(notes) != 1 {
		t.Fatalf("the newer job is %+v, %d notes", newer, len(notes))
	}
	f.job = older
	_, late := f.run(t)
	after := sdp.Notes("1001")
	if late.Status != enhancement.StatusCompleted || late.NoteID != newer.NoteID || len(after) != 1 || after[0].Description != notes[0].Description {
		t.Errorf("the older job is %+v, and the note changed", late)
	}
	steps, err := f.ledger.Steps(t.Context(), "alpha", older.ID)
	if err != nil || !strings.Contains(steps[enhancement.StepUpdateTicket].Detail, "superseded") {
		t.Errorf("the step says %q, %v", steps[enhancement.StepUpdateTicket].Detail, err)
	}
}
