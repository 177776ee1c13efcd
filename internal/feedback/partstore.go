package feedback

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Parts are the parts of the job's note with what was said of them; none while the job has made no note.
func (s *Store) Parts(ctx context.Context, n Note) ([]Part, error) {
	var parts []Part
	err := s.db.InTenant(ctx, n.TenantID, func(tx postgres.Tx) error {
		var err error
		if parts, err = partsIn(ctx, tx, n); err != nil || len(parts) == 0 {
			return err
		}
		said, err := saidOf(ctx, tx, n)
		for i := range parts {
			if at := slices.IndexFunc(said, func(p Part) bool { return p.Key() == parts[i].Key() }); at >= 0 {
				parts[i] = said[at]
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the parts of the note of job %s: %w", n.JobID, err)
	}
	return parts, nil
}

// GivenParts are the parts of the job's note that something was said of, whether the note still has them or not: a job that is run
// again makes another note.
func (s *Store) GivenParts(ctx context.Context, n Note) ([]Part, error) {
	var parts []Part
	err := s.db.InTenant(ctx, n.TenantID, func(tx postgres.Tx) error {
		said, err := saidOf(ctx, tx, n)
		parts = slices.DeleteFunc(said, func(p Part) bool { return p.Vote == "" })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the votes on parts of the note of job %s: %w", n.JobID, err)
	}
	return parts, nil
}

func partsIn(ctx context.Context, tx postgres.Tx, n Note) ([]Part, error) {
	const query = `SELECT result FROM enhancement_steps WHERE tenant_id = $1 AND job_id = $2 AND step = 'synthesize'`
	var stored []byte
	if err := tx.QueryRow(ctx, query, n.TenantID, n.JobID).Scan(&stored); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, err
	}
	return partsOf(stored)
}

func saidOf(ctx context.Context, tx postgres.Tx, n Note) ([]Part, error) {
	const query = `
		SELECT split_part(part, ':', 1), substr(part, strpos(part, ':') + 1), vote, changed_at
		FROM note_feedback_parts WHERE tenant_id = $1 AND job_id = $2 ORDER BY part COLLATE "C"`
	rows, err := tx.Query(ctx, query, n.TenantID, n.JobID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Part, err error) {
		err = row.Scan(&p.Kind, &p.Name, &p.Vote, &p.ChangedAt)
		return p, err
	})
}

// recordParts stores what is said of the note's parts, but for what says nothing of a part of which nothing was said. A vote that is said
// again keeps its time: it is no newer opinion.
func recordParts(ctx context.Context, tx postgres.Tx, n Note, on []PartVote) error {
	parts, err := partsIn(ctx, tx, n)
	if err != nil {
		return err
	}
	said := map[string]Value{}
	for _, vote := range on {
		if _, twice := said[vote.Key]; twice || vote.Value != "" && !vote.Value.Valid() {
			return ErrInvalid
		}
		if !slices.ContainsFunc(parts, func(p Part) bool { return p.Key() == vote.Key }) {
			return ErrNoPart
		}
		said[vote.Key] = vote.Value
	}
	keys, values := make([]string, 0, len(said)), make([]string, 0, len(said))
	for key, value := range said {
		keys, values = append(keys, key), append(values, string(value))
	}
	const query = `
		INSERT INTO note_feedback_parts AS f (tenant_id, job_id, part, vote)
		SELECT $1, $2, s.part, s.vote FROM unnest($3::text[], $4::text[]) AS s (part, vote)
		WHERE s.vote <> '' OR EXISTS (SELECT FROM note_feedback_parts b WHERE b.tenant_id = $1 AND b.job_id = $2 AND b.part = s.part)
		ORDER BY s.part
		ON CONFLICT (tenant_id, job_id, part) DO UPDATE SET vote = excluded.vote, changed_at = now() WHERE f.vote <> excluded.vote`
	_, err = tx.Exec(ctx, query, n.TenantID, n.JobID, keys, values)
	return err
}
