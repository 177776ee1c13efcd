package workflows

import (
	"fmt"
	"time"

	"github.com/dapr/durabletask-go/workflow"

	"github.com/ai-agents/ai-agents/internal/enhancement"
)

// Job is the workflow's input: ids only, because inputs and outputs stay in the engine's history. The
// instance id is JobID.
type Job struct {
	TenantID      string `json:"tenant_id"`
	JobID         string `json:"job_id"`
	CorrelationID string `json:"correlation_id"`
}

// StepResult is what the workflow learns of a step; what it found is in the ledger.
type StepResult struct {
	Outcome enhancement.Outcome `json:"outcome"`
	// Detail says why it is not OutcomeOK.
	Detail string `json:"detail,omitempty"`
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

// Budget is the working time a job may take from its first step to its note. Time in which no worker is
// alive does not count: a late note serves the technician, a failed job does not.
const Budget = 120 * time.Second

// policy bounds a step: what one attempt may take, and for how long failed ones are repeated.
type policy struct {
	attempt      time.Duration // of one attempt
	attempts     int
	firstPause   time.Duration // doubles from one attempt to the next
	retryWithin  time.Duration // after this no further attempt begins
	longestPause time.Duration // zero: no ceiling
}

// The policies; TestPoliciesFitTheBudget adds them up.
//
//nolint:gochecknoglobals,mnd // constants, which structs cannot be
var (
	gatherPolicy     = policy{attempt: 12 * time.Second, attempts: 3, firstPause: 500 * time.Millisecond, retryWithin: 6 * time.Second}
	synthesizePolicy = policy{attempt: 48 * time.Second, attempts: 3, firstPause: 500 * time.Millisecond, retryWithin: 10 * time.Second}
	updatePolicy     = policy{attempt: 12 * time.Second, attempts: 3, firstPause: time.Second, retryWithin: 28 * time.Second}
	// A failure that is not recorded is the one thing worse than a failure, so this goes on for hours.
	recordPolicy = policy{
		attempt: 10 * time.Second, attempts: 200, firstPause: time.Second,
		retryWithin: 24 * time.Hour, longestPause: time.Minute,
	}
)

// longest is the most working time a step can take under p.
func (p policy) longest() time.Duration {
	return p.retryWithin + p.attempt
}

func (p policy) option() workflow.CallActivityOption {
	return workflow.WithActivityRetryPolicy(&workflow.RetryPolicy{
		MaxAttempts: p.attempts, InitialRetryInterval: p.firstPause, BackoffCoefficient: 2,
		MaxRetryInterval: p.longestPause, RetryTimeout: p.retryWithin,
	})
}

// enhanceTicketV1 gathers from the three sources at once, has the note written, and puts it on the
// ticket. A source that fails leaves a gap in the note; only the last two steps can fail the job.
func enhanceTicketV1(ctx *workflow.WorkflowContext) (any, error) {
	var job Job
	if err := ctx.GetInput(&job); err != nil {
		return nil, fmt.Errorf("read the workflow's input: %w", err)
	}
	input := workflow.WithActivityInput(job)
	searches := []string{ActivityTicketSearch, ActivityDocSearch, ActivityIPSearch}
	tasks := make([]workflow.Task, len(searches))
	for i, name := range searches {
		tasks[i] = ctx.CallActivity(name, input, gatherPolicy.option())
	}
	var result Result
	for i, task := range tasks {
		var step StepResult
		if err := task.Await(&step); err != nil || step.Outcome != enhancement.OutcomeOK {
			result.Degraded = append(result.Degraded, searches[i])
		}
	}
	for _, name := range []string{ActivitySynthesize, ActivityUpdateTicket} {
		p := synthesizePolicy
		if name == ActivityUpdateTicket {
			p = updatePolicy
		}
		var step StepResult
		err := ctx.CallActivity(name, input, p.option()).Await(&step)
		if err != nil {
			return fail(ctx, job, result, fmt.Sprintf("%s: %v", name, err))
		}
		switch step.Outcome {
		case enhancement.OutcomeFailed:
			return fail(ctx, job, result, fmt.Sprintf("%s: %s", name, step.Detail))
		case enhancement.OutcomeDegraded:
			result.Degraded = append(result.Degraded, name)
		case enhancement.OutcomeOK:
		}
	}
	result.Status = enhancement.StatusCompleted
	return result, nil
}

func fail(ctx *workflow.WorkflowContext, job Job, result Result, reason string) (any, error) {
	err := ctx.CallActivity(ActivityRecordFailure,
		workflow.WithActivityInput(failure{Job: job, Reason: reason}), recordPolicy.option()).Await(nil)
	if err != nil {
		return nil, fmt.Errorf("record that the job failed (%s): %w", reason, err)
	}
	result.Status, result.Reason = enhancement.StatusFailed, reason
	return result, nil
}
