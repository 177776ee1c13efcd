package workflows

import (
	"context"

	"github.com/ai-agents/ai-agents/internal/enhancement"
)

// cancelled ends the last step of a run that an operator has cancelled: the job has ended, and is not written about. Nobody was asked, so
// nothing is known of the server that was not before.
func (a *Activities) cancelled(ctx context.Context, job Job) (StepResult, error) {
	a.runOverAsBooked(ctx, job)
	a.ended(job)
	a.giveTurnBack(ctx, job)
	a.Logger.InfoContext(ctx, "the note is not written: the job was cancelled")
	return StepResult{Outcome: enhancement.OutcomeOK}, nil
}

// giveTurnBack lets the next job try ServiceDesk Plus, if this one was to. Should that fail, its turn runs out by itself.
func (a *Activities) giveTurnBack(ctx context.Context, job Job) {
	outage, err := a.gate(ctx, job)
	if err != nil {
		a.Logger.WarnContext(ctx, "it was not found out whether the job was to try ServiceDesk Plus", "error", err)
		return
	}
	a.tried(ctx, job, outage, false)
}
