package search

import (
	"context"
	"fmt"
	"math/bits"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// Most terms are in one or two documents, and a row of the database for each would cost twenty times what is in it. So
// a few dozen share a row, found by the first bits of the term's hash; a dictionary block of Lucene's is of like
// size. A long list has a row of its own, which the others' readers need not read.
const (
	termsPerRow = 24
	longList    = 400 // bytes
)

// hashOf is stored: rows are found by it.
func hashOf(term string) uint64 { return xxhash.Sum64String(term) }

// hashBits is how many bits name the rows of so many terms.
func hashBits(terms int) int { return bits.Len(uint(terms / termsPerRow)) }

// sharedKey is the key of the row in which a term is that is not alone in it.
func sharedKey(hash uint64, hashBits int) int64 {
	return int64(hash >> (64 - hashBits)) //nolint:gosec // by far fewer bits
}

// ownKey is the key of the row of a term that has its own; negative.
func ownKey(hash uint64) int64 { return -1 - int64(hash>>1) }

// rows are rows of search_postings before they are written.
type rows struct {
	keys      []int64
	documents []int32
	postings  [][]byte
}

// rowsOf lays lists out in rows.
func rowsOf(lists map[string]*postingList, hashBits int) rows {
	var r rows
	shared := make(map[int64][]string)
	for term, list := range lists {
		hash := hashOf(term)
		if len(list.tail) > longList {
			r.add(ownKey(hash), int32(list.count), appendEntry(nil, term, list)) //nolint:gosec // a count of documents
			continue
		}
		key := sharedKey(hash, hashBits)
		shared[key] = append(shared[key], term)
	}
	keys := make([]int64, 0, len(shared))
	for key := range shared {
		keys = append(keys, key)
	}
	slices.Sort(keys) // neighbours in the index become neighbours in the table
	for _, key := range keys {
		slices.Sort(shared[key])
		var row []byte
		for _, term := range shared[key] {
			row = appendEntry(row, term, lists[term])
		}
		r.add(key, 0, row)
	}
	return r
}

func (r *rows) add(key int64, documents int32, postings []byte) {
	r.keys, r.documents, r.postings = append(r.keys, key), append(r.documents, documents), append(r.postings, postings)
}

func (c Collection) insertRows(ctx context.Context, tx postgres.Tx, segment int32, r rows) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO search_postings (tenant_id, collection, segment, key, documents, postings)
		SELECT current_setting('app.tenant_id'), $1, $2, t.*
		FROM unnest($3::bigint[], $4::integer[], $5::bytea[]) AS t`, c, segment, r.keys, r.documents, r.postings)
	if err != nil {
		return fmt.Errorf("write postings: %w", err)
	}
	return nil
}
