package workflows_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/dapr/durabletask-go/workflow"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger/ledgertest"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/ticket"
	"github.com/ai-agents/ai-agents/workflows"
)

// release is what a release's worker can run.
type release func(*workflow.Registry, *workflows.Activities) error

func (f *fixture) worker(t *testing.T, e *engine, register release) (client *workflow.Client, leave func()) {
	t.Helper()
	registry := workflow.NewRegistry()
	if err := register(registry, f.activities); err != nil {
		t.Fatal(err)
	}
	return e.work(registry)
}

// busy is a desk that fails, and might not.
func busy(int) error {
	return &servicedesk.Error{Kind: servicedesk.KindRetry, Message: "example: busy"}
}

// pausing waits until the run waits for its second attempt.
func pausing(t *testing.T, client *workflow.Client, id string) {
	t.Helper()
	until(t, "the run waits", func() bool { return strings.Contains(history(t.Context(), t, client, id), "TimerCreated") })
}

// next is another job of the tenant, under way.
func (f *fixture) next(t *testing.T, ticketID string) {
	t.Helper()
	f.job = enhancement.New("alpha", enhancement.EventCreated, ticket.Ticket{ID: ticketID, Description: "secret-looking text of the ticket"}, "c-1")
	if _, err := f.ledger.Accept(t.Context(), f.job); err != nil {
		t.Fatal(err)
	}
	if _, err := ledgertest.Claim(t.Context(), f.ledger, "alpha", f.job.ID); err != nil {
		t.Fatal(err)
	}
}

// A job that the release before has begun goes on as it began, under the workers of this one: here, it fails after its
// attempts, where a new one is held.
func TestAJobOfTheReleaseBeforeGoesOn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.desk.fail = busy
	e := newEngine(t)
	before, leave := f.worker(t, e, workflows.RegisterFirst)
	id := f.start(t, before)
	pausing(t, before, id)
	leave()
	after, _ := f.worker(t, e, workflows.Register)
	result, job := f.await(t, after, id)
	if result.Status != enhancement.StatusFailed || job.Status != enhancement.StatusFailed || f.desk.calls != 3 {
		t.Errorf("result %+v, job %+v, %d calls", result, job, f.desk.calls)
	}
	if text := history(t.Context(), t, after, id); !strings.Contains(text, workflows.EnhanceTicketV1) || strings.Contains(text, workflows.EnhanceTicketV2) {
		t.Error("it does not go by the first version")
	}
	f.next(t, "1002")
	id = f.start(t, after)
	if result, job := f.await(t, after, id); result.HeldFor != enhancement.DependencyServiceDesk || job.Status != enhancement.StatusPending {
		t.Errorf("a new one: result %+v, job %+v", result, job)
	}
	if text := history(t.Context(), t, after, id); !strings.Contains(text, workflows.EnhanceTicketV2) {
		t.Error("a new one does not go by the second version")
	}
}

// A job that this release has begun stands still where only workers of the release before are left, and goes on when one of
// this release is back.
func TestAJobOfThisReleaseWaitsForIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.desk.fail = busy
	e := newEngine(t)
	client, leave := f.worker(t, e, workflows.Register)
	id := f.start(t, client)
	pausing(t, client, id)
	leave()
	client, leave = f.worker(t, e, workflows.RegisterFirst)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		meta, err := client.FetchWorkflowMetadata(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if meta.RuntimeStatus == workflow.StatusStalled {
			break
		}
		<-time.After(20 * time.Millisecond)
	}
	if job, err := f.ledger.Job(t.Context(), "alpha", f.job.ID); err != nil || job.Status != enhancement.StatusRunning || f.desk.calls != 1 {
		t.Errorf("meanwhile the job is %+v, %v, after %d calls", job, err, f.desk.calls)
	}
	leave()
	f.desk.fail = nil
	client, _ = f.worker(t, e, workflows.Register)
	e.move()
	if result, job := f.await(t, client, id); result.Status != enhancement.StatusCompleted || job.Status != enhancement.StatusCompleted || f.desk.calls != 2 {
		t.Errorf("result %+v, job %+v, %d calls", result, job, f.desk.calls)
	}
}
