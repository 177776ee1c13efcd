package feedback

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// Store keeps votes. It may be used concurrently.
type Store struct{ db *postgres.DB }

// NewStore makes a Store on db.
func NewStore(db *postgres.DB) *Store { return &Store{db: db} }

// Record takes a vote on the job's note, in place of an earlier one, and with it what is said of parts of the note. ErrNoNote when there is
// nothing to vote on, ErrInvalid for a vote that is none, ErrNoPart for a part that the note does not have; nothing is recorded then.
func (s *Store) Record(ctx context.Context, n Note, v Vote, on ...PartVote) (Vote, error) {
	v.Comment = strings.TrimSpace(ticket.Normalize(v.Comment))
	if !v.Value.Valid() || !v.Reason.Valid() || utf8.RuneCountInString(v.Comment) > MaxComment {
		return Vote{}, ErrInvalid
	}
	if v.Value == Up {
		v.Reason = ReasonNone // what was wrong with a note that helped is told by the comment
	}
	const query = `
		INSERT INTO note_feedback AS f (tenant_id, job_id, vote, reason, comment)
		SELECT h.tenant_id, h.job_id, $3, $4, $5
		FROM enhancement_history h JOIN tenant_configs t USING (tenant_id)
		WHERE h.tenant_id = $1 AND h.job_id = $2 AND t.enabled AND t.deleted_at IS NULL
		ON CONFLICT (tenant_id, job_id) DO UPDATE SET
			vote = excluded.vote, reason = excluded.reason, comment = excluded.comment, changed_at = now()
		RETURNING first_at, changed_at`
	err := s.db.InTenant(ctx, n.TenantID, func(tx postgres.Tx) error {
		err := tx.QueryRow(ctx, query, n.TenantID, n.JobID, v.Value, v.Reason, v.Comment).Scan(&v.FirstAt, &v.ChangedAt)
		if err != nil || len(on) == 0 {
			return err
		}
		return recordParts(ctx, tx, n, on)
	})
	if err != nil {
		return Vote{}, explain(err, "record a vote on", n)
	}
	return v, nil
}

// Vote is the vote on the job's note; nil for none yet, and ErrNoNote when there is nothing to vote on.
func (s *Store) Vote(ctx context.Context, n Note) (*Vote, error) {
	const query = `
		SELECT f.vote, f.reason, f.comment, f.first_at, f.changed_at
		FROM enhancement_history h JOIN tenant_configs t USING (tenant_id) LEFT JOIN note_feedback f USING (tenant_id, job_id)
		WHERE h.tenant_id = $1 AND h.job_id = $2 AND t.enabled AND t.deleted_at IS NULL`
	return s.read(ctx, query, n)
}

// Given is the vote on the job's note, for those who look after the tenant, which may be disabled; nil for none.
func (s *Store) Given(ctx context.Context, n Note) (*Vote, error) {
	const query = `SELECT vote, reason, comment, first_at, changed_at FROM note_feedback WHERE tenant_id = $1 AND job_id = $2`
	vote, err := s.read(ctx, query, n)
	if errors.Is(err, ErrNoNote) {
		return nil, nil //nolint:nilnil // none is an answer
	}
	return vote, err
}

func (s *Store) read(ctx context.Context, query string, n Note) (*Vote, error) {
	var (
		value, reason, comment *string
		first, changed         *time.Time
	)
	err := s.db.InTenant(ctx, n.TenantID, func(tx postgres.Tx) error {
		return tx.QueryRow(ctx, query, n.TenantID, n.JobID).Scan(&value, &reason, &comment, &first, &changed)
	})
	if err != nil {
		return nil, explain(err, "read the vote on", n)
	}
	if value == nil {
		return nil, nil //nolint:nilnil // none is an answer
	}
	return &Vote{Value: Value(*value), Reason: Reason(*reason), Comment: *comment, FirstAt: *first, ChangedAt: *changed}, nil
}

func explain(err error, doing string, n Note) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNoNote
	}
	if errors.Is(err, ErrInvalid) || errors.Is(err, ErrNoPart) {
		return err
	}
	return fmt.Errorf("%s the note of job %s: %w", doing, n.JobID, err)
}
