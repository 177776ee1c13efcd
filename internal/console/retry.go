package console

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/ai-agents/ai-agents/internal/audit"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

func (s *Server) retryJob(ctx context.Context, in *getJob) (*jobAnswer, error) {
	if err := s.isEnabled(ctx, in.TenantID); err != nil {
		return nil, err
	}
	failed, err := s.jobs.Job(ctx, in.TenantID, in.JobID)
	if err != nil {
		return nil, err
	}
	if failed.Status != enhancement.StatusFailed {
		return nil, problem(http.StatusConflict, "the job is "+string(failed.Status)+": only a failed job can be begun anew")
	}
	entry := s.event(ctx, audit.OperationJobRetry, audit.StatusOK, in.TenantID, failed.ID, nil)
	job, err := s.jobs.Retry(ctx, in.TenantID, in.JobID, func(ctx context.Context, tx postgres.Tx, again enhancement.Job) error {
		entry.Detail = map[string]string{"run": strconv.Itoa(again.Run)}
		return s.audit.AppendIn(ctx, tx, entry)
	})
	if err != nil {
		return nil, err
	}
	s.requested(ctx, job)
	return &jobAnswer{Body: showJob(job)}, nil
}

// requested puts a job that is committed on the queue. A failure is not the client's: the enhancer's sweeper finds the job.
func (s *Server) requested(ctx context.Context, job enhancement.Job) {
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyTenant, job.TenantID), slog.String(telemetry.KeyJob, job.ID))
	// Nobody's is the enhancer that tenants share: the message only wakes, and the job waits for its turn already.
	record, err := s.tenants.Read(ctx, job.TenantID)
	if err != nil {
		s.logger.WarnContext(ctx, "the tenant of a job that was begun anew could not be read", "error", err)
	}
	err = event.Request(context.WithoutCancel(ctx), s.publisher, record.Enhancer, event.EnhancementRequested{
		JobID: job.ID, TenantID: job.TenantID, TicketID: job.Ticket.ID, Description: job.Ticket.Description,
		Priority: job.Ticket.Priority, Timestamp: s.now().UTC(), CorrelationID: job.CorrelationID,
	})
	if err != nil {
		s.logger.WarnContext(ctx, "a job that was begun anew could not be put on the queue: it begins when the sweeper finds it", "error", err)
	}
}
