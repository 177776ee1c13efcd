package search

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// segment is a row of search_segments: a part of the index, for documents of consecutive numbers.
type segment struct {
	number, first, live, removed int32
	words                        int64
	terms, hashBits, analyzer    int
	lengths                      []byte // one code a document, 0 for one that was removed
}

// segmentsOf is the statement by which every operation begins.
const segmentsOf = `
	SELECT segment, first_document, live, removed, words, terms, hash_bits, analyzer, lengths
	FROM search_segments WHERE collection = $1 ORDER BY first_document`

// segments are all segments of the collection, by document number.
func (c Collection) segments(ctx context.Context, tx postgres.Tx) ([]segment, error) {
	found, err := tx.Query(ctx, segmentsOf, c)
	if err != nil {
		return nil, fmt.Errorf("read the segments of %s: %w", c, err)
	}
	all, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (segment, error) {
		var s segment
		err := row.Scan(&s.number, &s.first, &s.live, &s.removed, &s.words, &s.terms, &s.hashBits, &s.analyzer, &s.lengths)
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the segments of %s: %w", c, err)
	}
	return all, nil
}

// end is the number behind the segment's last document.
func (s segment) end() int32 { return s.first + int32(len(s.lengths)) } //nolint:gosec // a count of documents

func (c Collection) nextSegment(ctx context.Context, tx postgres.Tx) (number int32, err error) {
	const next = `UPDATE search_collections SET next_segment = next_segment + 1 WHERE collection = $1 RETURNING next_segment`
	if err := tx.QueryRow(ctx, next, c).Scan(&number); err != nil {
		return 0, fmt.Errorf("number a segment of %s: %w", c, err)
	}
	return number, nil
}

func (c Collection) insertSegment(ctx context.Context, tx postgres.Tx, s segment) error {
	const insert = `
		INSERT INTO search_segments
			(tenant_id, collection, segment, first_document, live, removed, words, terms, hash_bits, analyzer, lengths)
		VALUES (current_setting('app.tenant_id'), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	_, err := tx.Exec(ctx, insert, c, s.number, s.first, s.live, s.removed, s.words, s.terms, s.hashBits, s.analyzer, s.lengths)
	if err != nil {
		return fmt.Errorf("write a segment: %w", err)
	}
	return nil
}

// drop takes whole segments away.
func (c Collection) drop(ctx context.Context, tx postgres.Tx, numbers ...int32) error {
	batch := &pgx.Batch{}
	batch.Queue(`DELETE FROM search_postings WHERE collection = $1 AND segment = ANY ($2)`, c, numbers)
	batch.Queue(`DELETE FROM search_segments WHERE collection = $1 AND segment = ANY ($2)`, c, numbers)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("drop segments: %w", err)
	}
	return nil
}
