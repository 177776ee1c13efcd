package workflows

import (
	"fmt"
	"time"

	"github.com/dapr/durabletask-go/workflow"

	"github.com/ai-agents/ai-agents/internal/enhancement"
)

// enhanceTicketV2 does what the first version does, but for what happens when ServiceDesk Plus fails in a way that may pass:
// then the job does not fail but is held, and this run of it ends. What failed for good fails the job as before.
func (a *Activities) enhanceTicketV2(ctx *workflow.WorkflowContext) (any, error) {
	var job Job
	if err := ctx.GetInput(&job); err != nil {
		return nil, fmt.Errorf("read the workflow's input: %w", err)
	}
	job.Holds = true // for the activities, which the first version calls, too
	job.began(ctx)
	input, deadline := workflow.WithActivityInput(job), ctx.CurrentTimeUTC().Add(Budget)
	if job.Refetch {
		step, short := a.demand(ctx, ActivityFetchTicket, fetchPolicy.holding(), input, deadline)
		switch {
		case short != nil:
			return a.cutShort(ctx, job, Result{}, *short)
		case step.Ended:
			return Result{Status: enhancement.StatusCompleted}, nil
		}
	}
	job.gathering(ctx)
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
	job.gathered(ctx)
	input = workflow.WithActivityInput(job)
	step, short := a.demand(ctx, ActivitySynthesize, synthesizePolicy, input, deadline)
	if short != nil {
		return a.cutShort(ctx, job, result, *short)
	}
	if step.Outcome == enhancement.OutcomeDegraded {
		result.Degraded = append(result.Degraded, ActivitySynthesize)
	}
	step, short = a.demand(ctx, ActivityUpdateTicket, updatePolicy.holding(), input, deadline)
	if short != nil {
		return a.cutShort(ctx, job, result, *short)
	}
	result.Status = enhancement.StatusCompleted
	if step.TidyAfter > 0 {
		return result, a.tidyLater(ctx, input, step.TidyAfter)
	}
	return result, nil
}

// short is why a run ends before its note stands.
type short struct {
	reason string
	// blocked is what the job is to wait for; empty when it fails.
	blocked enhancement.Dependency
	// spent says that the run's own attempts ran out.
	spent bool
}

// demand runs a step without which there is no note. Passing failures of ServiceDesk Plus come as values, and are tried
// again here, as long as it does not count as dead and another attempt would end before deadline. An error is our own side's,
// that of the ledger as a rule, and the engine repeats it.
func (a *Activities) demand(
	ctx *workflow.WorkflowContext, name string, p policy, input workflow.CallActivityOption, deadline time.Time,
) (StepResult, *short) {
	pause := a.pause(p.firstPause)
	for attempt := 1; ; attempt++ {
		var step StepResult
		if err := ctx.CallActivity(name, input, a.paced(p.ours()).until(ctx, deadline)).Await(&step); err != nil {
			return StepResult{}, &short{reason: fmt.Sprintf("%s: %v", name, err)}
		}
		reason := fmt.Sprintf("%s: %s", name, step.Detail)
		switch {
		case step.Blocked == "" && step.Outcome == enhancement.OutcomeFailed:
			return StepResult{}, &short{reason: reason}
		case step.Blocked == "":
			return step, nil
		case step.Dead:
			return StepResult{}, &short{reason: reason, blocked: step.Blocked}
		case attempt == p.attempts, ctx.CurrentTimeUTC().Add(pause + p.longest()).After(deadline):
			return StepResult{}, &short{reason: reason, blocked: step.Blocked, spent: true}
		}
		if err := ctx.CreateTimer(pause).Await(nil); err != nil {
			return StepResult{}, &short{reason: fmt.Sprintf("%s: wait for another attempt: %v", name, err)}
		}
		pause *= 2
	}
}

// holding is the input of ActivityHoldJob.
type holding struct {
	Job        Job                    `json:"job"`
	Dependency enhancement.Dependency `json:"dependency"`
	Reason     string                 `json:"reason"`
	Spent      bool                   `json:"spent,omitempty"`
}

// cutShort has the job fail, or held.
func (a *Activities) cutShort(ctx *workflow.WorkflowContext, job Job, result Result, s short) (any, error) {
	if s.blocked == "" {
		return a.fail(ctx, job, result, s.reason)
	}
	var step StepResult
	err := ctx.CallActivity(ActivityHoldJob,
		workflow.WithActivityInput(holding{Job: job, Dependency: s.blocked, Reason: s.reason, Spent: s.spent}),
		a.paced(recordPolicy).unbounded()).Await(&step)
	if err != nil {
		return nil, fmt.Errorf("hold the job (%s): %w", s.reason, err)
	}
	result.Status, result.Reason, result.HeldFor = enhancement.StatusPending, s.reason, s.blocked
	if step.Outcome == enhancement.OutcomeFailed {
		result.Status, result.Reason, result.HeldFor = enhancement.StatusFailed, step.Detail, ""
	}
	return result, nil
}
