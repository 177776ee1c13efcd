package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// ErrNoTicket says that the tenant's history has no such ticket.
var ErrNoTicket = errors.New("no such past ticket")

// Past is a ticket of the history in a list: without its long texts.
type Past struct {
	ID         string
	Subject    string
	CreatedAt  time.Time // zero when not known
	ResolvedAt time.Time
}

// PastList asks for a page of the resolved tickets, those that were resolved last first.
type PastList struct {
	// Since leaves out what was resolved before; zero for nothing.
	Since time.Time
	// After is the last ticket of the page before; zero for the first page.
	After PastPosition
	// Limit is how many tickets the page has at most.
	Limit int
}

// PastPosition is a ticket's place in a PastList.
type PastPosition struct {
	ResolvedAt time.Time
	TicketID   string
}

// Past gives a page of the tenant's resolved tickets.
func (s *Store) Past(ctx context.Context, tenantID string, page PastList) ([]Past, error) {
	const query = `
		SELECT ticket_id, subject, created_at, resolved_at FROM ticket_history
		WHERE tenant_id = @tenant AND resolved_at IS NOT NULL AND resolved_at >= @since
			AND (@after_id = '' OR (resolved_at, ticket_id) < (@after_at, @after_id))
		ORDER BY resolved_at DESC, ticket_id DESC LIMIT @limit`
	var past []Past
	err := s.db.InTenantSnapshot(ctx, tenantID, func(tx postgres.Tx) error {
		rows, err := tx.Query(ctx, query, pgx.NamedArgs{
			"tenant": tenantID, "since": page.Since, "after_at": page.After.ResolvedAt, "after_id": page.After.TicketID, "limit": page.Limit,
		})
		if err != nil {
			return fmt.Errorf("query: %w", err)
		}
		past, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Past, error) {
			var (
				p       Past
				created *time.Time
			)
			err := row.Scan(&p.ID, &p.Subject, &created, &p.ResolvedAt)
			p.CreatedAt, p.ResolvedAt = orZero(created), p.ResolvedAt.UTC()
			return p, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the past tickets of tenant %s: %w", tenantID, err)
	}
	return past, nil
}

// Ticket gives a ticket of the tenant's history as it was when it came: without its resolution, with the names of its people
// (ErrNoTicket).
func (s *Store) Ticket(ctx context.Context, tenantID, ticketID string) (ticket.Ticket, error) {
	const query = `
		SELECT ticket_id, subject, description, nullif(people, '{}') FROM ticket_history WHERE tenant_id = $1 AND ticket_id = $2`
	var t ticket.Ticket
	err := s.db.InTenantSnapshot(ctx, tenantID, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, query, tenantID, ticketID).Scan(&t.ID, &t.Subject, &t.Description, &t.People)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return ticket.Ticket{}, ErrNoTicket
	}
	if err != nil {
		return ticket.Ticket{}, fmt.Errorf("read past ticket %s of tenant %s: %w", ticketID, tenantID, err)
	}
	return t, nil
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
