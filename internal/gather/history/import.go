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

// PastTicket is a ticket as the history keeps it. Its texts are plain.
type PastTicket struct {
	ID          string    `json:"ticket_id"`
	Subject     string    `json:"subject"`
	Description string    `json:"description"`
	Resolution  string    `json:"resolution"`
	CreatedAt   time.Time `json:"created_at,omitzero"`
	ResolvedAt  time.Time `json:"resolved_at,omitzero"` // zero while it is open
	URL         string    `json:"url,omitempty"`
}

// Validate names what is missing.
func (p PastTicket) Validate() error {
	var errs []error
	if p.ID == "" || p.ID != ticket.Normalize(p.ID) {
		errs = append(errs, errors.New("ticket_id: is missing, or holds control characters"))
	}
	if ticket.Normalize(p.Subject) == "" && ticket.Normalize(p.Description) == "" {
		errs = append(errs, errors.New("description: is empty, and so is the subject"))
	}
	return errors.Join(errs...)
}

// Put adds tickets to the tenant's history, all or none; one that is there is replaced.
func Put(ctx context.Context, db *postgres.DB, tenantID string, tickets []PastTicket) error {
	batch := &pgx.Batch{}
	for _, p := range tickets {
		if err := p.Validate(); err != nil {
			return fmt.Errorf("past ticket %q: %w", p.ID, err)
		}
		batch.Queue(`
			INSERT INTO ticket_history (tenant_id, ticket_id, subject, description, resolution, created_at, resolved_at, url)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (tenant_id, ticket_id) DO UPDATE SET
				subject = excluded.subject, description = excluded.description, resolution = excluded.resolution,
				created_at = excluded.created_at, resolved_at = excluded.resolved_at, url = excluded.url`,
			tenantID, p.ID, ticket.Normalize(p.Subject), ticket.Normalize(p.Description), ticket.Normalize(p.Resolution),
			orNull(p.CreatedAt), orNull(p.ResolvedAt), p.URL)
	}
	err := db.InTenant(ctx, tenantID, func(tx postgres.Tx) error { return tx.SendBatch(ctx, batch).Close() })
	if err != nil {
		return fmt.Errorf("import past tickets of tenant %s: %w", tenantID, err)
	}
	return nil
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
