package workflows

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/dapr/durabletask-go/workflow"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/synthesis"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// search makes the activity that asks one source and keeps its answer in the ledger.
func (a *Activities) search(step enhancement.Step) workflow.Activity {
	return func(actx workflow.ActivityContext) (any, error) {
		ctx, cancel, job, err := a.begin(actx, string(step), gatherPolicy.attempt)
		if err != nil {
			return nil, err
		}
		defer cancel()
		return traced(ctx)(a.runSearch(ctx, job, step))
	}
}

func (a *Activities) runSearch(ctx context.Context, job Job, step enhancement.Step) (StepResult, error) {
	over, err := a.unwanted(ctx, job)
	switch {
	case over:
		return StepResult{Outcome: enhancement.OutcomeOK}, nil
	case err != nil: // nobody tries this step again, and the later ones ask, too
		a.Logger.WarnContext(ctx, "it was not found out whether the tenant wants notes", "error", err)
	}
	if earlier, ok, err := a.foundBefore(ctx, job, step); err != nil || ok {
		return StepResult{Outcome: earlier.Outcome, Detail: earlier.Detail}, err
	}
	began := time.Now()
	found, findErr := a.find(ctx, job, step)
	a.asked(step, found, findErr)
	record := enhancement.StepRecord{Step: step, Outcome: enhancement.OutcomeOK}
	switch {
	case findErr != nil:
		record.Outcome, record.Detail = enhancement.OutcomeFailed, findErr.Error()
	case found.Note != "":
		record.Outcome, record.Detail = enhancement.OutcomeDegraded, found.Note
	}
	if findErr == nil {
		var err error
		if record.Result, err = encode("what was found", found); err != nil {
			return StepResult{}, err
		}
	}
	record.Duration = time.Since(began)
	if err := a.record(ctx, job, record); err != nil {
		return StepResult{}, err
	}
	return StepResult{Outcome: record.Outcome, Detail: record.Detail}, nil
}

// asked counts a search, and how well the best of what it found fits.
func (a *Activities) asked(step enhancement.Step, found gather.Result, err error) {
	status := telemetry.SourceFound
	switch {
	case err != nil:
		status = telemetry.SourceFailed
	case found.Note != "":
		status = telemetry.SourceDegraded
	case len(found.Items) == 0:
		status = telemetry.SourceEmpty
	}
	a.Metrics.SourceAsked(string(step), status)
	if len(found.Items) == 0 {
		return
	}
	best := slices.MaxFunc(found.Items, func(a, b gather.Item) int { return cmp.Compare(a.Relevance, b.Relevance) })
	a.Metrics.SourceRelevance(string(step), best.Relevance)
}

// foundBefore gives what a run of a job before it was held has found, when it need not be looked for again: because the note is
// written, or because it is no older than the search of a job that waited for a while.
func (a *Activities) foundBefore(ctx context.Context, job Job, step enhancement.Step) (enhancement.StepRecord, bool, error) {
	if !job.Holds || job.Run <= 1 {
		return enhancement.StepRecord{}, false, nil
	}
	steps, err := a.Ledger.Steps(ctx, job.TenantID, job.JobID)
	if err != nil {
		return enhancement.StepRecord{}, false, err
	}
	earlier, ok := steps[step]
	_, written := steps[enhancement.StepSynthesize]
	recent := earlier.Outcome != enhancement.OutcomeFailed && time.Since(earlier.FinishedAt) < foundFor
	return earlier, ok && (written || recent), nil
}

// find asks the source, and again after a pause where that can help and there is time.
func (a *Activities) find(ctx context.Context, job Job, step enhancement.Step) (gather.Result, error) {
	found, err := searchPatience().Ask(ctx, func(ctx context.Context) (gather.Result, error) {
		stored, err := a.Ledger.Job(ctx, job.TenantID, job.JobID)
		if err != nil {
			return gather.Result{}, err
		}
		return a.Sources[step].Find(ctx, gather.Query{TenantID: job.TenantID, Ticket: stored.Ticket})
	})
	if err != nil {
		return gather.Result{}, fmt.Errorf("%s: %w", step, err)
	}
	return found, nil
}

func searchPatience() gather.Patience {
	return gather.Patience{
		Attempts: gatherPolicy.attempts, FirstPause: gatherPolicy.firstPause, LongestPause: gatherPolicy.longestPause,
		Within: gatherPolicy.attempt / 2,
	}
}

// found reads what a search left in the ledger; one that left nothing was not to be asked.
func found(steps map[enhancement.Step]enhancement.StepRecord, step enhancement.Step) (synthesis.Found, error) {
	record, ok := steps[step]
	switch {
	case !ok:
		return synthesis.Found{Unavailable: "the search did not end"}, nil
	case record.Outcome == enhancement.OutcomeFailed:
		return synthesis.Found{Unavailable: record.Detail}, nil
	}
	var result gather.Result
	if err := json.Unmarshal(record.Result, &result); err != nil {
		return synthesis.Found{}, fmt.Errorf("decode what %s found: %w", step, err)
	}
	return synthesis.Found{Result: result}, nil
}
