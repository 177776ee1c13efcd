package search

import (
	"context"
	"fmt"
	"slices"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Postings of removed documents are swept out of a segment when they are a quarter of its documents: searches
// then read at most a third more than they need, and the work is paid for by the removals. Below sweepMin a
// segment is soon merged anyway.
const (
	sweepShare = 4
	sweepMin   = 32
)

// Remove takes documents out of the index; one that is not in it does not matter. The transaction is the tenant's and
// holds the Lock.
func (c Collection) Remove(ctx context.Context, tx postgres.Tx, documents []int32) error {
	if len(documents) == 0 {
		return nil
	}
	documents = slices.Sorted(slices.Values(documents))
	segments, err := c.segments(ctx, tx)
	if err != nil {
		return err
	}
	for _, s := range segments {
		from, _ := slices.BinarySearch(documents, s.first)
		to, _ := slices.BinarySearch(documents, s.end())
		if from == to {
			continue
		}
		if err := c.removeFrom(ctx, tx, s, documents[from:to]); err != nil {
			return fmt.Errorf("remove documents of %s from the search index: %w", c, err)
		}
	}
	return nil
}

func (c Collection) removeFrom(ctx context.Context, tx postgres.Tx, s segment, documents []int32) error {
	for _, d := range documents {
		code := &s.lengths[d-s.first]
		if *code == 0 {
			continue
		}
		s.words -= int64(decodedLengths[*code])
		*code = 0
		s.live--
		s.removed++
	}
	switch {
	case s.live == 0:
		return c.drop(ctx, tx, s.number)
	case s.removed >= sweepMin && s.removed*sweepShare >= s.live+s.removed:
		return c.rewrite(ctx, tx, []segment{s})
	}
	_, err := tx.Exec(ctx, `UPDATE search_segments SET live = $3, removed = $4, words = $5, lengths = $6 WHERE collection = $1 AND segment = $2`,
		c, s.number, s.live, s.removed, s.words, s.lengths)
	return err
}

// Range is of document numbers: First is the lowest, End the one behind the highest.
type Range struct {
	First, End int32
}

// DropOutdated takes away the segments that another version of the analyzer made, or all, and says which documents have
// to be added again. The transaction is the tenant's and holds the Lock.
func (c Collection) DropOutdated(ctx context.Context, tx postgres.Tx, all bool) ([]Range, error) {
	segments, err := c.segments(ctx, tx)
	if err != nil {
		return nil, err
	}
	var ranges []Range
	for _, s := range segments {
		if s.analyzer == analyzerVersion && !all {
			continue
		}
		if err := c.drop(ctx, tx, s.number); err != nil {
			return nil, err
		}
		ranges = append(ranges, Range{First: s.first, End: s.end()})
	}
	return ranges, nil
}
