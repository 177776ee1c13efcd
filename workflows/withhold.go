package workflows

import (
	"context"
	"fmt"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/servicedesk"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Modes is the part of the ledger that is about tenants whose notes are not posted.
type Modes interface {
	NoteMode(ctx context.Context, tenantID string) (tenant.Mode, error)
	Withhold(ctx context.Context, w ledger.Withholding) (ended bool, err error)
	EndUnwanted(ctx context.Context, tenantID, jobID string, run int, step enhancement.StepRecord) (ledger.Unwanted, error)
}

// The actions of jobs whose note was not posted because of the tenant's mode.
const (
	noteWithheldShadow servicedesk.NoteAction = "withheld_shadow"
	noteWithheldOff    servicedesk.NoteAction = "withheld_off"
)

func withheld(mode tenant.Mode) servicedesk.NoteAction {
	if mode == tenant.ModeOff {
		return noteWithheldOff
	}
	return noteWithheldShadow
}

// unwanted says that a job has nothing left to do, and has that of a tenant that wants no notes end here. It is asked by every step
// before the last, so that nothing is searched for, and no model asked, for nobody.
func (a *Activities) unwanted(ctx context.Context, job Job) (bool, error) {
	u, err := a.Ledger.EndUnwanted(ctx, job.TenantID, job.JobID, job.Run, enhancement.StepRecord{
		Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK, Detail: told(noteWithheldOff),
	})
	if err != nil || !u.Now {
		return u.Ended, err
	}
	a.wasWithheld(ctx, job, u.Event, tenant.ModeOff)
	a.giveTurnBack(ctx, job)
	return true, nil
}

// withhold ends a job whose note is not posted. Nobody was asked, so nothing is known of the server that was not before. triedBefore says
// that an earlier attempt may have sent the note all the same.
func (a *Activities) withhold(
	ctx context.Context, job Job, event enhancement.Event, steps stepRecords, mode tenant.Mode, outage ledger.Outage, triedBefore bool, began time.Time,
) (StepResult, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookingTimeout)
	defer cancel()
	detail := told(withheld(mode))
	if triedBefore {
		detail += "; what an earlier attempt may have sent was not looked for"
	}
	took := time.Since(began)
	ended, err := a.Ledger.Withhold(ctx, ledger.Withholding{
		TenantID: job.TenantID, JobID: job.JobID, Run: job.Run, Mode: mode, Degraded: degraded(steps),
		Step: enhancement.StepRecord{Step: enhancement.StepUpdateTicket, Outcome: enhancement.OutcomeOK, Detail: detail, Duration: took},
	})
	if err != nil {
		return StepResult{}, fmt.Errorf("the note is withheld, but that could not be booked: %w", err)
	}
	a.tried(ctx, job, outage, false)
	a.runOverAsBooked(ctx, job)
	if ended {
		a.Metrics.Step(ctx, ActivityUpdateTicket, string(enhancement.OutcomeOK), took)
		a.wasWithheld(ctx, job, event, mode)
	}
	return StepResult{Outcome: enhancement.OutcomeOK}, nil
}

// wasWithheld tells of a job that has ended without its note being posted.
func (a *Activities) wasWithheld(ctx context.Context, job Job, event enhancement.Event, mode tenant.Mode) {
	a.ended(job)
	a.Metrics.Withheld(job.TenantID, string(event))
	a.Metrics.Note(string(withheld(mode)))
	a.Logger.InfoContext(ctx, "the note is not posted, because of the tenant's mode", telemetry.KeyStatus, enhancement.StatusCompleted,
		"mode", mode, "note_action", withheld(mode))
}
