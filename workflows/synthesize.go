package workflows

import (
	"context"
	"errors"
	"time"

	"github.com/dapr/durabletask-go/workflow"

	"github.com/ai-agents/ai-agents/internal/drafting"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Synthesize turns what the searches found into the note, and keeps it in the ledger.
func (a *Activities) Synthesize(actx workflow.ActivityContext) (any, error) {
	ctx, cancel, job, err := a.begin(actx, ActivitySynthesize, synthesizePolicy.attempt)
	if err != nil {
		return nil, err
	}
	defer cancel()
	a.gatheringOver(job)
	return traced(ctx)(a.runSynthesize(ctx, job))
}

func (a *Activities) runSynthesize(ctx context.Context, job Job) (StepResult, error) {
	began := time.Now()
	if over, err := a.unwanted(ctx, job); err != nil || over {
		return StepResult{Outcome: enhancement.OutcomeOK}, err
	}
	stored, err := a.Ledger.Job(ctx, job.TenantID, job.JobID)
	if err != nil {
		return StepResult{}, err
	}
	steps, err := a.Ledger.Steps(ctx, job.TenantID, job.JobID)
	if err != nil {
		return StepResult{}, err
	}
	if earlier, ok := steps[enhancement.StepSynthesize]; ok {
		// An earlier run paid the model and was cut off before it could report back.
		return StepResult{Outcome: earlier.Outcome, Detail: earlier.Detail}, nil
	}
	request := drafting.Request{
		TenantID: job.TenantID, JobID: job.JobID, Ticket: stored.Ticket, Reference: enhancement.NoteReference(job.TenantID, stored.Ticket.ID),
	}
	for step, to := range map[enhancement.Step]*synthesis.Found{
		enhancement.StepTicketSearch: &request.Tickets,
		enhancement.StepDocSearch:    &request.Articles,
		enhancement.StepIPSearch:     &request.Systems,
	} {
		if *to, err = found(steps, step); err != nil {
			return StepResult{}, err
		}
	}
	out, err := a.Drafter.Draft(ctx, request)
	if errors.Is(err, tenant.ErrNotFound) {
		return StepResult{Outcome: enhancement.OutcomeFailed, Detail: err.Error()}, nil
	}
	if err != nil {
		return StepResult{}, err
	}
	record := enhancement.StepRecord{Step: enhancement.StepSynthesize, Outcome: enhancement.OutcomeOK}
	// Where nothing was found there is nothing to ask a model about.
	if out.FallbackReason != "" && out.FallbackReason != synthesis.ReasonNoSources {
		record.Outcome, record.Detail = enhancement.OutcomeDegraded, string(out.FallbackReason)
	}
	if record.Result, err = encode("the note", out.Note); err != nil {
		return StepResult{}, err
	}
	if record.Account, err = encode("the account of the note", out.Account); err != nil {
		return StepResult{}, err
	}
	if out.Cached {
		record.AnswerOf = out.Model
	}
	record.Duration = time.Since(began)
	if err := a.record(ctx, job, record, accounts(out.Calls)...); err != nil {
		return StepResult{}, err
	}
	for reason, n := range out.Dropped {
		a.Metrics.AnswerDropped(reason, n)
	}
	a.Drafter.Spent(ctx, job.TenantID)
	return StepResult{Outcome: record.Outcome, Detail: record.Detail}, nil
}

func accounts(calls []synthesis.Call) []enhancement.LLMCall {
	accounted := make([]enhancement.LLMCall, len(calls))
	for i, c := range calls {
		accounted[i] = enhancement.LLMCall{
			Model: c.Model, PromptTokens: c.PromptTokens, CompletionTokens: c.CompletionTokens,
			CachedTokens: c.CachedTokens, CostUSD: c.CostUSD, Unpriced: c.Unpriced, Duration: c.Duration, Error: c.Error, CalledAt: c.At,
		}
	}
	return accounted
}
