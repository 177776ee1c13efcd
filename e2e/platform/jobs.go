package platform

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// ErrJobFailed says that a job ended without a note.
var ErrJobFailed = errors.New("the ticket was not enhanced")

// Job looks at a job, without the text of its ticket; enhancement.ErrNotFound when the tenant has no such.
func (p *Platform) Job(ctx context.Context, tenantID, jobID string) (enhancement.Job, error) {
	job, err := p.admin.Job(ctx, tenantID, jobID)
	if adminapi.StatusOf(err) == http.StatusNotFound {
		err = errors.Join(enhancement.ErrNotFound, err)
	}
	if err != nil {
		return enhancement.Job{}, fmt.Errorf("look at job %s: %w", jobID, err)
	}
	return enhancement.Job{
		ID: job.JobID, TenantID: job.TenantID, Event: job.Event, Ticket: ticket.Ticket{ID: job.TicketID, Priority: job.Priority},
		CorrelationID: job.CorrelationID, Status: job.Status, Run: job.Run, HeldFor: enhancement.Dependency(job.HeldFor), HeldSince: orZero(job.HeldSince), FailureReason: job.FailureReason, NoteID: job.NoteID, Withheld: job.Withheld,
		Degraded: job.Degraded, ReceivedAt: job.ReceivedAt, StartedAt: orZero(job.StartedAt), FinishedAt: orZero(job.FinishedAt),
	}, nil
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// LLMCalls tells what the model was asked for a job.
func (p *Platform) LLMCalls(ctx context.Context, tenantID, jobID string) ([]enhancement.LLMCall, error) {
	job, err := p.admin.Job(ctx, tenantID, jobID)
	if err != nil {
		return nil, fmt.Errorf("look at job %s: %w", jobID, err)
	}
	calls := make([]enhancement.LLMCall, len(job.LLMCalls))
	for i, c := range job.LLMCalls {
		calls[i] = enhancement.LLMCall{
			Model: c.Model, PromptTokens: c.PromptTokens, CompletionTokens: c.CompletionTokens, CostUSD: c.CostUSD,
			Duration: time.Duration(c.DurationMS) * time.Millisecond, Error: c.Error, CalledAt: c.CalledAt,
		}
	}
	return calls, nil
}

// Results loads what a job's steps left in the ledger, with what they found, which the admin API does not show.
func (p *Platform) Results(ctx context.Context, tenantID, jobID string) (map[enhancement.Step]enhancement.StepRecord, error) {
	steps, err := p.ledger.Steps(ctx, tenantID, jobID)
	if err != nil {
		return nil, fmt.Errorf("look behind job %s: %w", jobID, err)
	}
	return steps, nil
}

// AwaitJob waits until the job has ended, as long as ctx allows. A job that ended without a note is
// returned with ErrJobFailed and its reason.
func (p *Platform) AwaitJob(ctx context.Context, tenantID, jobID string) (enhancement.Job, error) {
	return p.await(ctx, tenantID, jobID, func(enhancement.Job) bool { return false })
}

// AwaitHeld waits until the job is held, as long as ctx allows. One that ends instead is returned as by AwaitJob.
func (p *Platform) AwaitHeld(ctx context.Context, tenantID, jobID string) (enhancement.Job, error) {
	return p.await(ctx, tenantID, jobID, func(job enhancement.Job) bool { return job.HeldFor != "" })
}

func (p *Platform) await(ctx context.Context, tenantID, jobID string, enough func(enhancement.Job) bool) (enhancement.Job, error) {
	again := time.NewTicker(poll)
	defer again.Stop()
	for {
		job, err := p.Job(ctx, tenantID, jobID)
		switch {
		case ctx.Err() != nil:
			return job, fmt.Errorf("job %s did not end in time: %w", jobID, context.Cause(ctx))
		case err != nil:
			return job, err
		case job.Status == enhancement.StatusFailed:
			return job, fmt.Errorf("%w: %s", ErrJobFailed, job.FailureReason)
		case job.Status == enhancement.StatusCompleted, enough(job):
			return job, nil
		}
		select {
		case <-ctx.Done():
			return job, fmt.Errorf("job %s is still %s: %w", jobID, job.Status, context.Cause(ctx))
		case <-again.C:
		}
	}
}
