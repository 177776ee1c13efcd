package search

import (
	"context"
	"errors"
	"fmt"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Lock makes the caller the only writer of the tenant's collection until its transaction ends. Whoever adds or removes
// documents calls it before touching rows of its own, so that two writers cannot wait for each other.
func (c Collection) Lock(ctx context.Context, tx postgres.Tx) error {
	const lock = `
		INSERT INTO search_collections (tenant_id, collection)
		VALUES (current_setting('app.tenant_id'), $1)
		ON CONFLICT (tenant_id, collection) DO UPDATE SET next_document = search_collections.next_document`
	if _, err := tx.Exec(ctx, lock, c); err != nil {
		return fmt.Errorf("lock the search index of %s: %w", c, err)
	}
	return nil
}

// Add indexes documents and gives the number of the first; the others follow it. The transaction is the tenant's and
// holds the Lock. Thousands in one call are cheaper than one at a time by an order of magnitude.
func (c Collection) Add(ctx context.Context, tx postgres.Tx, documents []Document) (first int32, err error) {
	if len(documents) == 0 {
		return 0, errors.New("there is nothing to index")
	}
	const number = `
		UPDATE search_collections SET next_document = next_document + $2 WHERE collection = $1
		RETURNING next_document - $2`
	if err := tx.QueryRow(ctx, number, c, len(documents)).Scan(&first); err != nil {
		return 0, fmt.Errorf("number %d documents of %s: %w", len(documents), c, err)
	}
	s, lists := newSegment(first, documents)
	if s.number, err = c.nextSegment(ctx, tx); err != nil {
		return 0, err
	}
	if err := c.insertRows(ctx, tx, s.number, rowsOf(lists, s.hashBits)); err != nil {
		return 0, fmt.Errorf("index %d documents of %s: %w", len(documents), c, err)
	}
	if err := c.insertSegment(ctx, tx, s); err != nil {
		return 0, fmt.Errorf("index %d documents of %s: %w", len(documents), c, err)
	}
	if err := c.merge(ctx, tx); err != nil {
		return 0, fmt.Errorf("merge segments of %s: %w", c, err)
	}
	return first, nil
}

func newSegment(first int32, documents []Document) (segment, map[string]*postingList) {
	s := segment{first: first, live: int32(len(documents)), analyzer: analyzerVersion} //nolint:gosec // far fewer
	lists := make(map[string]*postingList)
	words := newAnalyzer()
	frequencies := make(map[string]int)
	for i, d := range documents {
		clear(frequencies)
		code := encodeLength(d.count(words, frequencies))
		s.lengths = append(s.lengths, code)
		s.words += int64(decodedLengths[code])
		for term, frequency := range frequencies {
			list := lists[term]
			if list == nil {
				list = &postingList{}
				lists[term] = list
			}
			list.add(uint32(int(first)+i), frequency) //nolint:gosec // numbers are positive
		}
	}
	s.terms, s.hashBits = len(lists), hashBits(len(lists))
	return s, lists
}

// count adds up how often each term occurs in d, a word of the title counting as TitleWeight words, and gives d's
// length by the same measure.
func (d Document) count(words *analyzer, frequencies map[string]int) (length int) {
	words.each(d.Title, func(term string) {
		frequencies[term] += TitleWeight
		length += TitleWeight
	})
	words.each(d.Body, func(term string) {
		frequencies[term]++
		length++
	})
	return length
}
