// Package deadletter owns what becomes of messages that could not be delivered: the job learns why and waits for its turn all
// the same; what belongs to no job is kept in the table dead_letters, to be looked at and believed in nothing.
package deadletter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/event"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/sidecar"
	"github.com/ai-agents/ai-agents/internal/telemetry"
)

// Jobs are those of the ledger.
type Jobs interface {
	Undelivered(ctx context.Context, tenantID, jobID, why string) (ledger.Found, error)
}

// Consumer takes dead letters.
type Consumer struct {
	Jobs    Jobs
	Letters *Letters
	// Refusals says why this replica refused a job's message.
	Refusals *Refusals
	// Wake has the tenant's waiting jobs looked at.
	Wake    func(tenantID string)
	Metrics *telemetry.Metrics
	Logger  *slog.Logger
}

// Receive deals with one message. Only a database that does not answer is an error: to come again helps against nothing else,
// and would hold up others.
func (c *Consumer) Receive(ctx context.Context, m sidecar.Raw) error {
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyOperation, "dead_letter"))
	requested, err := parse(m)
	if err != nil {
		return c.keep(ctx, telemetry.DeadUnreadable, letterOf(m, requested, err.Error()))
	}
	ctx = telemetry.With(ctx, slog.String(telemetry.KeyTenant, requested.TenantID), slog.String(telemetry.KeyTicket, requested.TicketID),
		slog.String(telemetry.KeyJob, requested.JobID), slog.String(telemetry.KeyCorrelation, requested.CorrelationID))
	why := c.Refusals.of(requested.JobID)
	claimed, err := c.Jobs.Undelivered(ctx, requested.TenantID, requested.JobID, why)
	switch {
	case errors.Is(err, enhancement.ErrNotFound):
		const why = "the ledger has no such job: it was withdrawn, or its tenant removed, or nobody we know sent it"
		return c.keep(ctx, telemetry.DeadUnknownJob, letterOf(m, requested, why))
	case err != nil && postgres.Unavailable(err):
		return err
	case err != nil:
		c.Metrics.DeadLetter(telemetry.DeadUndelivered)
		c.Logger.ErrorContext(ctx, "a job's message could not be delivered, and the ledger does not take it: the sweeper will look for the job",
			"reason", why, "error", err)
		return nil
	}
	c.Metrics.DeadLetter(telemetry.DeadUndelivered)
	c.Logger.ErrorContext(ctx, "a job's message could not be delivered", telemetry.KeyStatus, claimed.Status, "reason", why)
	if claimed.Status == enhancement.StatusPending {
		c.Wake(requested.TenantID)
	}
	return nil
}

// keep puts a message away of which nothing can be made.
func (c *Consumer) keep(ctx context.Context, kind telemetry.Dead, l Letter) error {
	err := c.Letters.Keep(ctx, l)
	if err != nil && postgres.Unavailable(err) {
		return err
	}
	c.Metrics.DeadLetter(kind)
	c.Logger.ErrorContext(ctx, "a message belongs to no job", "reason", l.Reason, "bytes", l.Bytes, "excerpt", l.Excerpt, "error", err)
	return nil
}

// parse reads what may be anything. What can be read and is not valid it gives, too.
func parse(m sidecar.Raw) (event.EnhancementRequested, error) {
	var envelope struct {
		Data *event.EnhancementRequested `json:"data"`
	}
	if !m.Whole {
		return event.EnhancementRequested{}, errors.New("too large to be read")
	}
	if err := json.Unmarshal(m.Data, &envelope); err != nil {
		return event.EnhancementRequested{}, fmt.Errorf("cannot be read: %w", err)
	}
	if envelope.Data == nil {
		return event.EnhancementRequested{}, errors.New("has no data")
	}
	if err := envelope.Data.Validate(); err != nil {
		return *envelope.Data, fmt.Errorf("is not valid: %w", err)
	}
	return *envelope.Data, nil
}
