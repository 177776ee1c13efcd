package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/postgres"
)

// ErrNoteBusy says that another writer holds the ticket's note right now.
var ErrNoteBusy = errors.New("another writer holds the ticket's note")

// HeldNote is what the holder of a ticket's note learns about it.
type HeldNote struct {
	ID string // empty when no note of ours is known
	// WrittenFor is when the job was received whose note stands; zero when none does.
	WrittenFor time.Time
}

// HoldNote gives holder the sole right to write the ticket's note for the lease. A lease, and not a lock, because
// its holder may die, and because no database connection may wait for a slow ServiceDesk Plus. ErrNoteBusy
// while another holds it.
func (l *Ledger) HoldNote(ctx context.Context, tenantID, ticketID, holder string, lease time.Duration) (HeldNote, error) {
	const query = `
		INSERT INTO ticket_notes AS n (tenant_id, ticket_id, lease_holder, lease_until)
		VALUES ($1, $2, $3, now() + $4::interval)
		ON CONFLICT (tenant_id, ticket_id) DO UPDATE
			SET lease_holder = excluded.lease_holder, lease_until = excluded.lease_until
			WHERE n.lease_until IS NULL OR n.lease_until < now() OR n.lease_holder = excluded.lease_holder
		RETURNING note_id, written_for`
	var (
		held       HeldNote
		writtenFor *time.Time
	)
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, query, tenantID, ticketID, holder, lease).Scan(&held.ID, &writtenFor)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNoteBusy
	}
	if err != nil {
		return HeldNote{}, fmt.Errorf("hold the note of ticket %s: %w", ticketID, err)
	}
	if writtenFor != nil {
		held.WrittenFor = *writtenFor
	}
	return held, nil
}

// ReleaseNote ends holder's lease early; without effect when it is no longer holder's.
func (l *Ledger) ReleaseNote(ctx context.Context, tenantID, ticketID, holder string) error {
	const query = `
		UPDATE ticket_notes SET lease_holder = NULL, lease_until = NULL
		WHERE tenant_id = $1 AND ticket_id = $2 AND lease_holder = $3`
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, query, tenantID, ticketID, holder)
		return err
	})
	if err != nil {
		return fmt.Errorf("release the note of ticket %s: %w", ticketID, err)
	}
	return nil
}

// Completion is how a job ended well.
type Completion struct {
	TenantID string
	JobID    string
	TicketID string
	NoteID   string
	// ReceivedAt is when the job was received, as the ledger has it.
	ReceivedAt time.Time
	Degraded   []string // what the note had to do without; may be empty
	Step       enhancement.StepRecord
}

// Complete ends a job whose note stands on the ticket: job, note id, last step and the end of the
// lease in one transaction. It also ends a job that was given up in the meantime, since the note is
// there. Repeating it changes nothing but the times.
func (l *Ledger) Complete(ctx context.Context, c Completion, holder string) error {
	if c.Degraded == nil {
		c.Degraded = []string{}
	}
	batch := &pgx.Batch{}
	queueStep(batch, c.TenantID, c.JobID, c.Step)
	batch.Queue(`
		UPDATE enhancement_history
		SET status = 'completed', note_id = $3, degraded = $4, failure_reason = '', finished_at = now(), held_for = ''
		WHERE tenant_id = $1 AND job_id = $2`, c.TenantID, c.JobID, c.NoteID, c.Degraded)
	batch.Queue(`
		UPDATE ticket_notes
		SET note_id = $3, updated_at = now(), written_for = greatest(written_for, $5),
		    lease_until = CASE WHEN lease_holder = $4 THEN NULL ELSE lease_until END,
		    lease_holder = CASE WHEN lease_holder = $4 THEN NULL ELSE lease_holder END
		WHERE tenant_id = $1 AND ticket_id = $2`, c.TenantID, c.TicketID, c.NoteID, holder, c.ReceivedAt)
	err := l.db.InTenant(ctx, c.TenantID, func(tx postgres.Tx) error { return tx.SendBatch(ctx, batch).Close() })
	if err != nil {
		return explain(err, "complete", c.JobID)
	}
	return nil
}
