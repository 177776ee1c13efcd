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
}

// StepResult is what the workflow learns of a step; what it found is in the ledger.
type StepResult struct {
	Outcome enhancement.Outcome `json:"outcome"`
	// Detail says why it is not OutcomeOK.
	Detail string `json:"detail,omitempty"`
	// TidyAfter, when positive, asks to look at the ticket once more then: a write whose outcome was never learnt
	// may still arrive.
	TidyAfter time.Duration `json:"tidy_after_ns,omitempty"`
}

// Result is the workflow's output.
type Result struct {
	Status   enhancement.Status `json:"status"`
	Reason   string             `json:"reason,omitempty"`
	Degraded []string           `json:"degraded,omitempty"`
}

// failure is the input of ActivityRecordFailure.
type failure struct {
	Job    Job    `json:"job"`
	Reason string `json:"reason"`
}

// enhanceTicketV1 gathers from the three sources at once, has the note written, and puts it on the
// ticket. A source that fails leaves a gap in the note; only the last two steps can fail the job.
//
// The searches repeat themselves what failed, inside of their attempt: here, a repetition would begin only when
// the searches awaited before it have ended.
func enhanceTicketV1(ctx *workflow.WorkflowContext) (any, error) {
	var job Job
	if err := ctx.GetInput(&job); err != nil {
		return nil, fmt.Errorf("read the workflow's input: %w", err)
	}
	input, deadline := workflow.WithActivityInput(job), ctx.CurrentTimeUTC().Add(Budget)
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
		var step StepResult
		err := ctx.CallActivity(next.name, input, next.policy.until(ctx, deadline)).Await(&step)
		if err != nil {
			return fail(ctx, job, result, fmt.Sprintf("%s: %v", next.name, err))
		}
		switch step.Outcome {
		case enhancement.OutcomeFailed:
			return fail(ctx, job, result, fmt.Sprintf("%s: %s", next.name, step.Detail))
		case enhancement.OutcomeDegraded:
			result.Degraded = append(result.Degraded, next.name)
		case enhancement.OutcomeOK:
		}
		tidyAfter = step.TidyAfter
	}
	result.Status = enhancement.StatusCompleted
	if tidyAfter > 0 {
		return result, tidyLater(ctx, input, tidyAfter)
	}
	return result, nil
}

// tidyLater has a second note removed that a write of unknown outcome may have left, when it must have arrived.
func tidyLater(ctx *workflow.WorkflowContext, input workflow.CallActivityOption, after time.Duration) error {
	if err := ctx.CreateTimer(after).Await(nil); err != nil {
		return fmt.Errorf("wait before tidying up: %w", err)
	}
	if err := ctx.CallActivity(ActivityTidyNote, input, tidyPolicy.unbounded()).Await(nil); err != nil {
		return fmt.Errorf("%s: %w", ActivityTidyNote, err)
	}
	return nil
}

func fail(ctx *workflow.WorkflowContext, job Job, result Result, reason string) (any, error) {
	err := ctx.CallActivity(ActivityRecordFailure,
		workflow.WithActivityInput(failure{Job: job, Reason: reason}), recordPolicy.unbounded()).Await(nil)
	if err != nil {
		return nil, fmt.Errorf("record that the job failed (%s): %w", reason, err)
	}
	result.Status, result.Reason = enhancement.StatusFailed, reason
	return result, nil
}
