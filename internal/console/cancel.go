package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/telemetry"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

type cancelJob struct {
	TenantPath
	JobPath

	Body adminapi.CancelJob
}

type cancelledAnswer struct {
	Body adminapi.CancelledJob
}

func (s *Server) cancelJob(ctx context.Context, in *cancelJob) (*cancelledAnswer, error) {
	note := strings.TrimSpace(in.Body.Note)
	if note == "" {
		return nil, invalid(FieldProblem{Location: "body.note", Message: "is blank: say why, others will wonder"})
	}
	if _, err := s.tenants.Read(ctx, in.TenantID); err != nil {
		return nil, err
	}
	c, err := s.jobs.Cancel(ctx, in.TenantID, in.JobID, in.Body.Run, note, func(ctx context.Context, tx postgres.Tx, c ledger.Cancellation) error {
		return s.audit.AppendIn(ctx, tx, s.event(ctx, audit.OperationJobCancel, audit.StatusOK, in.TenantID, c.Job.ID,
			map[string]string{"run": strconv.Itoa(c.Job.Run), "note_may_follow": strconv.FormatBool(c.Announced), "note": whyOf(note)}))
	})
	if err != nil {
		return nil, err
	}
	if !c.Before {
		s.metrics.Cancelled(in.TenantID, string(c.Job.Event))
	}
	return &cancelledAnswer{Body: adminapi.CancelledJob{Job: showJob(c.Job), Before: c.Before, NoteMayFollow: c.Announced}}, nil
}

// longestWhy is how much of an operator's reason the audit log keeps.
const longestWhy = 200

// whyOf is an operator's reason as the audit log keeps it: what stands elsewhere is changed, or removed, with what it was given for.
func whyOf(reason string) string {
	return ticket.Truncate(telemetry.Redact(ticket.Normalize(reason)), longestWhy)
}

type rerunJob struct {
	TenantPath
	JobPath

	Body adminapi.RerunJob
}

func (s *Server) rerunJob(ctx context.Context, in *rerunJob) (*jobAnswer, error) {
	if err := s.isEnabled(ctx, in.TenantID); err != nil {
		return nil, err
	}
	job, err := s.jobs.Rerun(ctx, in.TenantID, in.JobID, in.Body.Run, in.Body.Refetch, func(ctx context.Context, tx postgres.Tx, again enhancement.Job) error {
		return s.audit.AppendIn(ctx, tx, s.event(ctx, audit.OperationJobRerun, audit.StatusOK, in.TenantID, again.ID,
			map[string]string{"run": strconv.Itoa(again.Run), "refetch": strconv.FormatBool(in.Body.Refetch)}))
	})
	if err != nil {
		return nil, err
	}
	s.requested(ctx, job)
	return &jobAnswer{Body: showJob(job)}, nil
}

// jobConflicts are what is said of jobs that stand elsewhere than somebody thought.
func jobConflicts() map[error]string {
	return map[error]string{
		ledger.ErrNotFailed:    "the job has not failed: only a failed job can be begun anew",
		ledger.ErrEnded:        "the job has ended: there is nothing to cancel",
		ledger.ErrOtherRun:     "the job is in another run than the one that is named: look at it again, and name its run if it is still right",
		ledger.ErrNotCompleted: "the job has not been completed: only a completed job can be run again; begin a failed one anew by retry",
		ledger.ErrLaterJob:     "the ticket has a later job, whose note this one's would give way to: run that one again",
	}
}

// jobConflict is the answer to one of them; nil for all else.
func jobConflict(err error) *Problem {
	for known, detail := range jobConflicts() {
		if errors.Is(err, known) {
			return problem(http.StatusConflict, detail)
		}
	}
	return nil
}
