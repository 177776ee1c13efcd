package search

import (
	"context"
	"fmt"
	"math/bits"

	"github.com/jackc/pgx/v5"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

const (
	// mergeFactor is how many segments of about one size become one of the next. A search asks every segment, and
	// a document is written anew once a level: few large segments make searches cheap, many make writes cheap. This
	// is the logarithmic method of Bentley and Saxe (1980), as in Lucene and in log-structured merge trees.
	mergeFactor       = 8
	bitsOfMergeFactor = 3
	// chunkBits is how many parts, as a power of two, large segments are rewritten in; it bounds memory.
	chunkBits = 5
)

// level is the logarithm of a segment's size to the base mergeFactor.
func (s segment) level() int { return (bits.Len(uint(len(s.lengths))) - 1) / bitsOfMergeFactor }

// mergeable are the newest segments that should become one: as many neighbours as mergeFactor or more, none of a
// higher level than the newest. Only neighbours are merged, so that a segment's documents have consecutive numbers.
func mergeable(segments []segment) []segment {
	if len(segments) == 0 {
		return nil
	}
	newest := segments[len(segments)-1]
	from := len(segments)
	for from > 0 && segments[from-1].level() <= newest.level() && segments[from-1].analyzer == newest.analyzer {
		from--
	}
	if len(segments)-from < mergeFactor {
		return nil
	}
	return segments[from:]
}

// merge joins the newest segments until none is to be joined.
func (c Collection) merge(ctx context.Context, tx postgres.Tx) error {
	for {
		segments, err := c.segments(ctx, tx)
		if err != nil {
			return err
		}
		small := mergeable(segments)
		if small == nil {
			return nil
		}
		if err := c.rewrite(ctx, tx, small); err != nil {
			return err
		}
	}
}

// rewrite makes one segment of neighbours, or of one, without the postings of removed documents.
func (c Collection) rewrite(ctx context.Context, tx postgres.Tx, old []segment) error {
	joined := join(old)
	var err error
	if joined.number, err = c.nextSegment(ctx, tx); err != nil {
		return err
	}
	chunks := min(chunkBits, joined.hashBits)
	joined.terms = 0
	for chunk := range uint64(1) << chunks {
		lists := make(map[string]*postingList)
		for _, s := range old {
			if err := c.collect(ctx, tx, s, chunk, chunks, lists); err != nil {
				return fmt.Errorf("rewrite segment %d: %w", s.number, err)
			}
		}
		joined.terms += len(lists)
		if err := c.insertRows(ctx, tx, joined.number, rowsOf(lists, joined.hashBits)); err != nil {
			return err
		}
	}
	numbers := make([]int32, len(old))
	for i, s := range old {
		numbers[i] = s.number
	}
	if err := c.drop(ctx, tx, numbers...); err != nil {
		return err
	}
	return c.insertSegment(ctx, tx, joined)
}

// join adds up what is known of neighbours. Numbers between two of them, of a segment that was dropped, get no document.
func join(old []segment) segment {
	s := segment{first: old[0].first, analyzer: old[0].analyzer}
	for _, o := range old {
		s.lengths = append(s.lengths, make([]byte, o.first-s.end())...)
		s.lengths = append(s.lengths, o.lengths...)
		s.live += o.live
		s.words += o.words
		s.terms += o.terms
	}
	s.hashBits = hashBits(s.terms / min(len(old), 2)) // about half of the terms are in several
	return s
}

// collect adds to lists the terms of s whose hash begins with the bits of chunk.
func (c Collection) collect(ctx context.Context, tx postgres.Tx, s segment, chunk uint64, chunks int, lists map[string]*postingList) error {
	from, to := chunk<<(64-chunks), (chunk+1)<<(64-chunks)-1
	const query = `
		SELECT postings FROM search_postings WHERE collection = $1 AND segment = $2 AND key BETWEEN $3 AND $4
		UNION ALL
		SELECT postings FROM search_postings WHERE collection = $1 AND segment = $2 AND key BETWEEN $5 AND $6`
	found, err := tx.Query(ctx, query, c, s.number, sharedKey(from, s.hashBits), sharedKey(to, s.hashBits), ownKey(to), ownKey(from))
	if err != nil {
		return fmt.Errorf("read postings: %w", err)
	}
	var row []byte
	_, err = pgx.ForEachRow(found, []any{&row}, func() error {
		return eachEntry(row, func(term, list []byte) error {
			if hash := hashOf(string(term)); hash < from || hash > to {
				return nil // a row of a small segment is in several chunks
			}
			return s.keepLive(string(term), list, lists)
		})
	})
	if err != nil {
		return fmt.Errorf("read postings: %w", err)
	}
	return nil
}

// keepLive adds a list to lists, without documents that were removed.
func (s segment) keepLive(term string, encoded []byte, lists map[string]*postingList) error {
	list := lists[term]
	if list == nil {
		list = &postingList{}
	}
	err := eachPosting(encoded, func(document uint32, frequency byte) {
		if at := int(document) - int(s.first); 0 <= at && at < len(s.lengths) && s.lengths[at] != 0 {
			list.add(document, int(frequency))
		}
	})
	if list.count > 0 {
		lists[term] = list
	}
	return err
}
