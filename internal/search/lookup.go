package search

import (
	"bytes"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// lookup finds the postings of a query's terms.
type lookup struct {
	segments  []segment
	at        map[int32]int // segment number to place in segments
	terms     map[string]bool
	documents map[string]int64 // in how many documents a term occurs
	lists     []sharedList
	own       map[rowName]string // rows of terms with long lists, and the term
	wanted    []rowName
}

type rowName struct {
	segment int32
	key     int64
}

// sharedList is what the shared rows have of one term.
type sharedList struct {
	segment int // place in segments
	term    string
	list    []byte
}

func newLookup(segments []segment, terms []string) *lookup {
	l := &lookup{
		segments: segments, at: make(map[int32]int, len(segments)), terms: make(map[string]bool, len(terms)),
		documents: make(map[string]int64, len(terms)), own: make(map[rowName]string),
	}
	seen := make(map[rowName]bool)
	for _, term := range terms {
		l.terms[term] = true
	}
	for i, s := range segments {
		l.at[s.number] = i
		for _, term := range terms {
			hash := hashOf(term)
			own := rowName{s.number, ownKey(hash)}
			l.own[own] = term
			for _, name := range []rowName{own, {s.number, sharedKey(hash, s.hashBits)}} {
				if !seen[name] {
					seen[name] = true
					l.wanted = append(l.wanted, name)
				}
			}
		}
	}
	return l
}

// readShared reads the shared rows, and of the others in how many documents their term occurs: common terms may
// turn out not to be worth reading.
func (l *lookup) readShared(ctx context.Context, tx postgres.Tx, c Collection) error {
	segments, keys := columns(l.wanted)
	found, err := tx.Query(ctx, sharedRows, c, segments, keys)
	if err != nil {
		return fmt.Errorf("read terms: %w", err)
	}
	var (
		name      rowName
		documents int64
		row       pgtype.DriverBytes // valid until the next row: of many terms' lists, few are kept
		present   = make(map[rowName]string)
	)
	_, err = pgx.ForEachRow(found, []any{&name.segment, &name.key, &documents, &row}, func() error {
		if name.key < 0 {
			present[name] = l.own[name]
			l.documents[l.own[name]] += documents
			return nil
		}
		return eachEntry(row, func(term, list []byte) error {
			if l.terms[string(term)] {
				l.lists = append(l.lists, sharedList{l.at[name.segment], string(term), bytes.Clone(list)})
				l.documents[string(term)] += documentsOf(list)
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("read terms: %w", err)
	}
	l.own = present
	return nil
}

func columns(names []rowName) (segments []int32, keys []int64) {
	for _, name := range names {
		segments, keys = append(segments, name.segment), append(keys, name.key)
	}
	return segments, keys
}

// score adds up the scores of all documents by the terms that have a weight.
func (l *lookup) score(ctx context.Context, tx postgres.Tx, c Collection, scores *scores) error {
	for _, s := range l.lists {
		if err := scores.add(s.segment, s.term, s.list); err != nil {
			return err
		}
	}
	var long []rowName
	for name, term := range l.own {
		if scores.weighs(term) {
			long = append(long, name)
		}
	}
	if len(long) == 0 {
		return nil
	}
	segments, keys := columns(long)
	found, err := tx.Query(ctx, ownRows, c, segments, keys)
	if err != nil {
		return fmt.Errorf("read postings: %w", err)
	}
	var (
		segment int32
		row     pgtype.DriverBytes // valid until the next row, which is long enough and spares a copy
	)
	_, err = pgx.ForEachRow(found, []any{&segment, &row}, func() error {
		return eachEntry(row, func(term, list []byte) error { return scores.add(l.at[segment], string(term), list) })
	})
	if err != nil {
		return fmt.Errorf("read postings: %w", err)
	}
	return nil
}
