package workflows

import (
	"fmt"
	"time"

	"github.com/dapr/durabletask-go/workflow"

	"github.com/ai-agents/ai-agents/internal/enhancement"
)

// Job is the workflow's input: ids only, because inputs and outputs stay in the engine's history.
type Job struct {
	TenantID      string `json:"tenant_id"`
	JobID         string `json:"job_id"`
	Run           int    `json:"run"`
	CorrelationID string `json:"correlation_id"`
	// TicketID is for the log; empty in jobs that a release before it began.
	TicketID string `json:"ticket_id,omitempty"`
	// Refetch has the ticket's texts fetched first. Left out when false, as in the inputs of releases that did not know it.
	Refetch bool `json:"refetch,omitempty"`
	// Holds is set for the activities by a version of the workflow that holds jobs.
	Holds bool `json:"holds,omitempty"`
	// Trace is where the job is traced; zero where it is not, and in jobs of releases before.
	Trace Trace `json:"trace,omitzero"`
}

// StepResult is what the workflow learns of a step; what it found is in the ledger.
type StepResult struct {
	Outcome enhancement.Outcome `json:"outcome"`
	// Detail says why it is not OutcomeOK.
	Detail string `json:"detail,omitempty"`
	// TidyAfter, when positive, asks to look at the ticket once more then: a write whose outcome was never learnt
	// may still arrive.
	TidyAfter time.Duration `json:"tidy_after_ns,omitempty"`
	// Ended says that there is nothing left to do, and that the ledger says so.
	Ended bool `json:"ended,omitempty"`
	// Blocked is what failed in a way that may pass, and Dead says that it is not to be called for now. Only where Job.Holds.
	Blocked enhancement.Dependency `json:"blocked,omitempty"`
	Dead    bool                   `json:"dead,omitempty"`
}

// Result is the workflow's output.
type Result struct {
	Status   enhancement.Status `json:"status"`
	Reason   string             `json:"reason,omitempty"`
	Degraded []string           `json:"degraded,omitempty"`
	// HeldFor is what the job waits for, that another run will end.
	HeldFor enhancement.Dependency `json:"held_for,omitempty"`
}

// failure is the input of ActivityRecordFailure.
type failure struct {
	Job    Job    `json:"job"`
	Reason string `json:"reason"`
}

// enhanceTicketV1 fetches the ticket, if the input says so, gathers from the three sources at once, has the note written, and puts it on the
// ticket. A source that fails leaves a gap in the note; only the last two steps can fail the job.
//
// The searches repeat themselves what failed, inside of their attempt: here, a repetition would begin only when
// the searches awaited before it have ended.
func (a *Activities) enhanceTicketV1(ctx *workflow.WorkflowContext) (any, error) {
	var job Job
	if err := ctx.GetInput(&job); err != nil {
		return nil, fmt.Errorf("read the workflow's input: %w", err)
	}
	input, deadline := workflow.WithActivityInput(job), ctx.CurrentTimeUTC().Add(Budget)
	if job.Refetch { // by the input, which a replay has too: histories of earlier releases go on as they began
		step, reason := await(ctx, ActivityFetchTicket, input, a.paced(fetchPolicy).until(ctx, deadline))
		switch {
		case reason != "":
			return a.fail(ctx, job, Result{}, reason)
		case step.Ended:
			return Result{Status: enhancement.StatusCompleted}, nil
		}
	}
	searches := []string{ActivityTicketSearch, ActivityDocSearch, ActivityIPSearch}
	tasks := make([]workflow.Task, len(searches))
	for i, name := range searches {
		tasks[i] = ctx.CallActivity(name, input)
	}
	var result Result
	for i, task := range tasks {
		var step StepResult
		if err := task.Await(&step); err != nil || step.Outcome != enhancement.OutcomeOK {
			result.Degraded = append(result.Degraded, searches[i])
		}
	}
	var tidyAfter time.Duration
	for _, next := range []struct {
		name   string
		policy policy
	}{{ActivitySynthesize, synthesizePolicy}, {ActivityUpdateTicket, updatePolicy}} {
		step, reason := await(ctx, next.name, input, a.paced(next.policy).until(ctx, deadline))
		if reason != "" {
			return a.fail(ctx, job, result, reason)
		}
		if step.Outcome == enhancement.OutcomeDegraded {
			result.Degraded = append(result.Degraded, next.name)
		}
		tidyAfter = step.TidyAfter
	}
	result.Status = enhancement.StatusCompleted
	if tidyAfter > 0 {
		return result, a.tidyLater(ctx, input, tidyAfter)
	}
	return result, nil
}

// await runs a step without which the job fails; the reason says why it does, and is empty when it need not.
func await(ctx *workflow.WorkflowContext, name string, options ...workflow.CallActivityOption) (step StepResult, reason string) {
	if err := ctx.CallActivity(name, options...).Await(&step); err != nil {
		return StepResult{}, fmt.Sprintf("%s: %v", name, err)
	}
	if step.Outcome == enhancement.OutcomeFailed {
		return StepResult{}, fmt.Sprintf("%s: %s", name, step.Detail)
	}
	return step, ""
}

// tidyLater has a second note removed that a write of unknown outcome may have left, when it must have arrived.
func (a *Activities) tidyLater(ctx *workflow.WorkflowContext, input workflow.CallActivityOption, after time.Duration) error {
	if err := ctx.CreateTimer(after).Await(nil); err != nil {
		return fmt.Errorf("wait before tidying up: %w", err)
	}
	if err := ctx.CallActivity(ActivityTidyNote, input, a.paced(tidyPolicy).unbounded()).Await(nil); err != nil {
		return fmt.Errorf("%s: %w", ActivityTidyNote, err)
	}
	return nil
}

func (a *Activities) fail(ctx *workflow.WorkflowContext, job Job, result Result, reason string) (any, error) {
	err := ctx.CallActivity(ActivityRecordFailure,
		workflow.WithActivityInput(failure{Job: job, Reason: reason}), a.paced(recordPolicy).unbounded()).Await(nil)
	if err != nil {
		return nil, fmt.Errorf("record that the job failed (%s): %w", reason, err)
	}
	result.Status, result.Reason = enhancement.StatusFailed, reason
	return result, nil
}
