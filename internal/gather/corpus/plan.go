package corpus

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/postgres"
	"github.com/ai-agents/ai-agents/internal/search"
)

// plan is what has to be done for a Put.
type plan struct {
	table  Table
	origin gather.Origin
	rows   []Row
	stored map[string]storedRow

	change   gather.Change
	write    []int   // of rows
	outdated []int32 // documents that no longer say what their row says
	touched  []int   // rows of which only time or origin are new
}

func (p *plan) add(i int) {
	r := p.rows[i]
	s, exists := p.stored[r.ID]
	switch {
	case !exists:
		p.change.Added++
		p.write = append(p.write, i)
	case bytes.Equal(s.digest, r.Digest) && r.Searchable == (s.document != nil):
		p.change.Unchanged++
		// The database keeps microseconds.
		moved := !r.UpdatedAt.IsZero() && (s.updatedAt == nil || !s.updatedAt.Equal(r.UpdatedAt.Truncate(time.Microsecond)))
		if moved || s.origin == gather.OriginFile && p.origin != s.origin {
			p.touched = append(p.touched, i)
		}
	default:
		p.change.Changed++
		p.write = append(p.write, i)
		if s.document != nil {
			p.outdated = append(p.outdated, *s.document)
		}
	}
}

func (p *plan) carryOut(ctx context.Context, tx postgres.Tx, write Write) error {
	if err := p.table.Collection.Remove(ctx, tx, p.outdated); err != nil {
		return err
	}
	documents, err := p.index(ctx, tx)
	if err != nil {
		return err
	}
	if len(p.write) > 0 {
		if err := write(ctx, tx, p.write, documents); err != nil {
			return fmt.Errorf("write the rows: %w", err)
		}
	}
	return p.touch(ctx, tx)
}

// index adds the searchable rows to the index and gives every row's number.
func (p *plan) index(ctx context.Context, tx postgres.Tx) ([]*int32, error) {
	numbers := make([]*int32, len(p.write))
	var texts []search.Document
	for _, i := range p.write {
		if p.rows[i].Searchable {
			texts = append(texts, p.rows[i].Text)
		}
	}
	if len(texts) == 0 {
		return numbers, nil
	}
	next, err := p.table.Collection.Add(ctx, tx, texts)
	if err != nil {
		return nil, err
	}
	for at, i := range p.write {
		if p.rows[i].Searchable {
			number := next
			numbers[at] = &number
			next++
		}
	}
	return numbers, nil
}

func (p *plan) touch(ctx context.Context, tx postgres.Tx) error {
	if len(p.touched) == 0 {
		return nil
	}
	batch := &pgx.Batch{}
	for _, i := range p.touched {
		var updatedAt *time.Time
		if !p.rows[i].UpdatedAt.IsZero() {
			updatedAt = &p.rows[i].UpdatedAt
		}
		batch.Queue(p.table.sql(`
			UPDATE {table} SET updated_at = coalesce($2, updated_at), origin = CASE origin WHEN 'file' THEN $3 ELSE origin END
			WHERE {key} = $1`), p.rows[i].ID, updatedAt, p.origin)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("note when rows changed: %w", err)
	}
	return nil
}
