package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

// ErrNoteBusy says that another writer holds the ticket's note right now.
var ErrNoteBusy = errors.New("another writer holds the ticket's note")

// HeldNote is what the holder of a ticket's note learns about it.
type HeldNote struct {
	ID string // empty when no note of ours is known
	// WrittenFor is when the job was received whose note stands; zero when none does.
	WrittenFor time.Time
	// Stored is the digest of the note as it was left; empty when it was written before digests were kept, or never.
	Stored string
	// Others are digests of texts of ours that may stand there instead.
	Others []string
	// Content is the digest of what the note says, apart from marks of what has changed.
	Content string
	// Before is what the synthesis of the job left whose note stands; empty when that is not kept any more.
	Before json.RawMessage
	// Mode is what the tenant has its notes in at this moment. Who holds a note of one that is not live may read, and not post.
	Mode tenant.Mode
}

// Digests are all that count as ours. Empty when nothing is known: the note then counts as it is found.
func (h HeldNote) Digests() []string {
	return slices.DeleteFunc(append([]string{h.Stored}, h.Others...), func(digest string) bool { return digest == "" })
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
		RETURNING note_id, written_for, stored_digest, other_digests, content_digest`
	var (
		held       HeldNote
		writtenFor *time.Time
	)
	err := l.db.InTenant(ctx, tenantID, func(tx postgres.Tx) error {
		err := tx.QueryRow(ctx, query, tenantID, ticketID, holder, lease).
			Scan(&held.ID, &writtenFor, &held.Stored, &held.Others, &held.Content)
		if err != nil {
			return err
		}
		if held.Before, err = standing(ctx, tx, tenantID, ticketID); err != nil {
			return err
		}
		held.Mode, err = noteMode(ctx, tx, tenantID)
		return err
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

// standing finds what the synthesis left of the job and run whose note stands. A job that was begun anew since has forgotten
// it, or has another result by now.
func standing(ctx context.Context, tx postgres.Tx, tenantID, ticketID string) (json.RawMessage, error) {
	const query = `
		SELECT s.result FROM ticket_notes n
		JOIN enhancement_history h ON h.tenant_id = n.tenant_id AND h.job_id = n.written_by AND h.run = n.written_run
		JOIN enhancement_steps s ON s.tenant_id = h.tenant_id AND s.job_id = h.job_id
		WHERE n.tenant_id = $1 AND n.ticket_id = $2 AND s.step = $3`
	var result []byte
	err := tx.QueryRow(ctx, query, tenantID, ticketID, enhancement.StepSynthesize).Scan(&result)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("load the note before: %w", err)
	}
	return result, nil
}

// mostDigests is how many texts of ours are remembered beside the one that stands: more than late writes can be on their way.
const mostDigests = 16

// Writer is who has the right to write a ticket's note.
type Writer struct {
	TenantID, TicketID string
	// Holder has the lease, for a run of the job.
	Holder, JobID string
	Run           int
}

// IntendNote keeps digests of texts of ours that may stand on the ticket from now on, whatever becomes of the write that is
// about to be made. Without error the write has begun, as far as anybody can tell. Otherwise it must not be made: ErrNoteBusy when the
// note is not the holder's any more, ErrCancelled when the run was cancelled or another one has begun, a NotLiveError when the tenant's notes are not posted. The
// mode is what is committed when all else is done.
func (l *Ledger) IntendNote(ctx context.Context, w Writer, digests ...string) error {
	const query = `
		UPDATE ticket_notes n SET other_digests = (
			SELECT coalesce(array_agg(latest.digest ORDER BY latest.place), '{}') FROM (
				SELECT digest, max(place) AS place
				FROM unnest(n.other_digests || $4::text[]) WITH ORDINALITY AS kept (digest, place)
				WHERE digest <> '' GROUP BY digest ORDER BY place DESC LIMIT $5) latest)
		WHERE tenant_id = $1 AND ticket_id = $2 AND lease_holder = $3`
	err := l.db.InTenant(ctx, w.TenantID, func(tx postgres.Tx) error {
		// The job before the note, as Complete has it: two attempts of a job would wait for each other.
		if err := announce(ctx, tx, w.TenantID, w.JobID, w.Run); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, query, w.TenantID, w.TicketID, w.Holder, digests, mostDigests)
		if err == nil && tag.RowsAffected() == 0 {
			err = ErrNoteBusy
		}
		if err != nil {
			return err
		}
		mode, err := noteMode(ctx, tx, w.TenantID)
		if err == nil && mode != tenant.ModeLive {
			err = &NotLiveError{Mode: mode}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("announce a write of the note of ticket %s: %w", w.TicketID, err)
	}
	return nil
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
	// Run is the one that ends, 1 when zero. Sent says that it has sent a note: if it was cancelled, it is completed all the same, then.
	Run  int
	Sent bool
	// Written is nil when the job has left the note to somebody else.
	Written *WrittenNote
}

// WrittenNote is what is known of a note that says what its job had to say.
type WrittenNote struct {
	Run int
	// Stored and Content are as in HeldNote.
	Stored, Content string
	// Sent is the digest that IntendNote was given for what has now arrived.
	Sent string
}

// Complete ends a job whose note stands on the ticket: job, note id, last step and the end of the
// lease in one transaction. It also ends a job that was given up in the meantime, since the note is
// there; one that was cancelled only when it was this job that sent it. Repeating it changes nothing but the times. Nothing is changed, and
// ErrCancelled, when the run is not to be ended: it was cancelled, or another one has begun.
func (l *Ledger) Complete(ctx context.Context, c Completion, holder string) error {
	if c.Degraded == nil {
		c.Degraded = []string{}
	}
	c.Run = max(1, c.Run)
	batch := &pgx.Batch{}
	if w := c.Written; w != nil {
		// Where the lease was lost, another writer knows better what stands; what was announced still counts as ours.
		batch.Queue(`
			UPDATE ticket_notes
			SET written_by = $4, written_run = $5, stored_digest = $6, content_digest = $7,
			    other_digests = array_remove(other_digests, $8)
			        || CASE WHEN stored_digest IN ('', $6) THEN '{}' ELSE ARRAY[stored_digest] END
			WHERE tenant_id = $1 AND ticket_id = $2 AND lease_holder = $3`,
			c.TenantID, c.TicketID, holder, c.JobID, w.Run, w.Stored, w.Content, w.Sent)
	}
	batch.Queue(`
		UPDATE ticket_notes
		SET note_id = $3, updated_at = now(), written_for = greatest(written_for, $5),
		    lease_until = CASE WHEN lease_holder = $4 THEN NULL ELSE lease_until END,
		    lease_holder = CASE WHEN lease_holder = $4 THEN NULL ELSE lease_holder END
		WHERE tenant_id = $1 AND ticket_id = $2`, c.TenantID, c.TicketID, c.NoteID, holder, c.ReceivedAt)
	err := l.db.InTenant(ctx, c.TenantID, func(tx postgres.Tx) error {
		// The job before its step, which shares the lock: two attempts would wait for each other.
		run, err := completeJob(ctx, tx, c)
		if err != nil {
			return err
		}
		c.Step.Run = run
		if err := storeStep(ctx, tx, c.TenantID, c.JobID, c.Step); err != nil {
			return err
		}
		return tx.SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return explain(err, "complete", c.JobID)
	}
	return nil
}

// completeJob gives the run that it ends: a note that arrives late ends a job that was held meanwhile, and goes on with what it had, but
// not one that was begun anew.
func completeJob(ctx context.Context, tx postgres.Tx, c Completion) (run int, err error) {
	const (
		query = `
			UPDATE enhancement_history
			SET status = 'completed', note_id = $3, degraded = $4, failure_reason = '', finished_at = now(), held_for = '', withheld = ''
			WHERE tenant_id = $1 AND job_id = $2 AND first_run <= $6 AND ($5 OR cancelled_run < $6) RETURNING run`
		look = `SELECT run FROM enhancement_history WHERE tenant_id = $1 AND job_id = $2`
	)
	err = tx.QueryRow(ctx, query, c.TenantID, c.JobID, c.NoteID, c.Degraded, c.Sent, c.Run).Scan(&run)
	if errors.Is(err, pgx.ErrNoRows) {
		if err = tx.QueryRow(ctx, look, c.TenantID, c.JobID).Scan(&run); err == nil {
			err = ErrCancelled
		}
	}
	return run, err
}
