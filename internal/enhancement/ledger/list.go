package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// List asks for a page of a tenant's jobs, newest first.
type List struct {
	// Status and TicketID leave out other jobs; empty for all.
	Status   enhancement.Status
	TicketID string
	// Withheld leaves in those alone whose note was withheld in this mode; empty for all.
	Withheld tenant.Mode
	// Since and Until leave out those that were received before, and then or later; zero for none.
	Since, Until time.Time
	// Before is the last job of the page before; zero for the first page.
	Before Position
	// Limit is how many jobs the page has at most.
	Limit int
}

// Position is a job's place in a List.
type Position struct {
	ReceivedAt time.Time
	JobID      string
}

// askedAt is enhancement.Job.AskedAt: what operators begin anew is queued then, and was received long before. One that the sweeper goes on
// with, or that was held, keeps the time at which it was queued first.
const askedAt = `CASE first_run WHEN 1 THEN received_at ELSE greatest(received_at, queued_at) END`

// jobColumns are what scanJob reads, and listedColumns the same without the ticket's texts, which lists do not show.
const (
	jobColumns    = idColumns + `subject, description, ` + wayColumns
	listedColumns = idColumns + `'', '', ` + wayColumns

	idColumns  = `job_id::text, tenant_id, event, ticket_id, `
	wayColumns = `priority, nullif(people, '{}'), correlation_id, refetch, status, run,
	first_run, cancelled_run, announced_run, held_for, held_since, failure_reason, trouble, trouble_at, note_id,
	CASE status WHEN 'completed' THEN withheld ELSE '' END, degraded, received_at, ` + askedAt + `, started_at, finished_at, coalesce(trace_parent, '')`
)

// List gives a page of the tenant's jobs.
func (l *Ledger) List(ctx context.Context, tenantID string, page List) ([]enhancement.Job, error) {
	query, args := page.sql(tenantID)
	return l.list(ctx, tenantID, query, args)
}

// list gives the jobs that a query for jobColumns finds.
func (l *Ledger) list(ctx context.Context, tenantID, query string, args []any) ([]enhancement.Job, error) {
	var jobs []enhancement.Job
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, query, args...)
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		jobs, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (enhancement.Job, error) { return scanJob(row) })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the jobs of tenant %s: %w", tenantID, err)
	}
	return jobs, nil
}

// sql leaves out the conditions that are not asked for: with those that hold for everything, no index would be used.
func (p List) sql(tenantID string) (query string, args []any) {
	args = []any{tenantID}
	var where strings.Builder
	condition := func(format string, values ...any) {
		places := make([]any, len(values))
		for i, value := range values {
			args = append(args, value)
			places[i] = len(args)
		}
		fmt.Fprintf(&where, " AND "+format, places...)
	}
	if p.Status != "" {
		condition("status = $%d", p.Status)
	}
	if p.TicketID != "" {
		condition("ticket_id = $%d", p.TicketID)
	}
	if p.Withheld != "" { // the first condition is the index's
		condition("withheld <> '' AND withheld = $%d AND status = 'completed'", p.Withheld)
	}
	if !p.Since.IsZero() {
		condition("received_at >= $%d", p.Since)
	}
	if !p.Until.IsZero() {
		condition("received_at < $%d", p.Until)
	}
	if p.Before.JobID != "" {
		condition("(received_at, job_id) < ($%d, $%d::uuid)", p.Before.ReceivedAt, p.Before.JobID)
	}
	args = append(args, p.Limit)
	return fmt.Sprintf(`SELECT %s FROM enhancement_history WHERE tenant_id = $1%s ORDER BY received_at DESC, job_id DESC LIMIT $%d`,
		jobColumns, where.String(), len(args)), args
}

// scanJob reads jobColumns, and what stands behind them into more.
func scanJob(row pgx.Row, more ...any) (enhancement.Job, error) {
	var (
		j                                 enhancement.Job
		held, troubled, started, finished *time.Time
	)
	err := row.Scan(append([]any{
		&j.ID, &j.TenantID, &j.Event, &j.Ticket.ID,
		&j.Ticket.Subject, &j.Ticket.Description, &j.Ticket.Priority, &j.Ticket.People, &j.CorrelationID, &j.Refetch, &j.Status, &j.Run,
		&j.FirstRun, &j.CancelledRun, &j.AnnouncedRun, &j.HeldFor, &held, &j.FailureReason, &j.Trouble, &troubled, &j.NoteID, &j.Withheld,
		&j.Degraded, &j.ReceivedAt, &j.AskedAt, &started, &finished, &j.TraceParent,
	}, more...)...)
	if held != nil {
		j.HeldSince = *held
	}
	if troubled != nil {
		j.TroubleAt = *troubled
	}
	if started != nil {
		j.StartedAt = *started
	}
	if finished != nil {
		j.FinishedAt = *finished
	}
	return j, err
}
