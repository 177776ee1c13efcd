package search

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/ai-agents/ai-agents/internal/postgres"
)

// maxPostings bounds what one search reads. A query of common words over a million documents would go through
// tens of millions of postings to learn little; its commonest words are left out until the rest fits.
const maxPostings = 3_000_000

// maxQueryTerms bounds the distinct terms looked up for one query.
const maxQueryTerms = 1000

// The statements of a search. None has a condition on the tenant: row-level security adds it, and being leakproof
// like the others it becomes part of the index condition. The lateral join has the planner look up row by row whatever
// it believes: of a tenant that is newer than its statistics it believes that there are no rows, and would
// rather read all of them than look any up.
const (
	sharedRows = `
		SELECT w.segment, w.key, p.documents, CASE WHEN w.key >= 0 THEN p.postings END
		FROM unnest($2::integer[], $3::bigint[]) AS w (segment, key)
		CROSS JOIN LATERAL (
			SELECT documents, postings FROM search_postings WHERE collection = $1 AND segment = w.segment AND key = w.key LIMIT 1
		) AS p`

	ownRows = `
		SELECT w.segment, p.postings
		FROM unnest($2::integer[], $3::bigint[]) AS w (segment, key)
		CROSS JOIN LATERAL (
			SELECT postings FROM search_postings WHERE collection = $1 AND segment = w.segment AND key = w.key LIMIT 1
		) AS p`
)

// Find gives the documents most like query, at most limit, best first; of equals the newest. The transaction is the
// tenant's and must be a snapshot (postgres.DB.InTenantSnapshot): segments may be merged meanwhile.
func (c Collection) Find(ctx context.Context, tx postgres.Tx, query Document, limit int) (Result, error) {
	return c.find(ctx, tx, query, limit, maxPostings)
}

func (c Collection) find(ctx context.Context, tx postgres.Tx, query Document, limit int, budget int64) (Result, error) {
	asked := newQuestion(query)
	if len(asked.frequencies) == 0 {
		return Result{}, nil
	}
	segments, err := c.segments(ctx, tx)
	if err != nil {
		return Result{}, err
	}
	l := newLookup(segments, asked.order)
	if err := l.readShared(ctx, tx, c); err != nil {
		return Result{}, fmt.Errorf("search %s: %w", c, err)
	}
	w := asked.weigh(segments, l.documents, budget)
	if len(w.terms) == 0 {
		return Result{}, nil
	}
	scores := newScores(segments, w)
	if err := l.score(ctx, tx, c, scores); err != nil {
		return Result{}, fmt.Errorf("search %s: %w", c, err)
	}
	return Result{Hits: scores.best(limit), Perfect: w.perfect, Terms: w.terms}, nil
}

// question is a query as the index sees it.
type question struct {
	frequencies map[string]int
	order       []string // by first appearance, the title's terms first
	length      int
}

func newQuestion(query Document) question {
	q := question{frequencies: make(map[string]int)}
	words := newAnalyzer()
	note := func(term string, times int) {
		if q.frequencies[term] == 0 {
			if len(q.order) == maxQueryTerms {
				return
			}
			q.order = append(q.order, term)
		}
		q.frequencies[term] += times
		q.length += times
	}
	words.each(query.Title, func(term string) { note(term, TitleWeight) })
	words.each(query.Body, func(term string) { note(term, 1) })
	return q
}

// weighted is a question with what the collection's statistics make of it.
type weighted struct {
	terms   Weights
	average float64 // length of the collection's documents, in words
	perfect float64
}

func (q question) weigh(segments []segment, documents map[string]int64, budget int64) weighted {
	var live, words int64
	for _, s := range segments {
		live += int64(s.live)
		words += s.words
	}
	w := weighted{terms: make(Weights), average: max(float64(words)/float64(max(live, 1)), 1)}
	read := readable(documents, budget)
	for _, term := range read {
		w.terms[term] = q.weight(term, live, documents[term])
		w.perfect += w.terms[term] * q.saturation(term, w.average)
	}
	if len(read) == 0 {
		return w
	}
	// What no document says still belongs to what the query says: a ticket from another world shares a few words with
	// everything, and they must not look like all of it.
	for _, term := range q.order {
		if documents[term] == 0 {
			w.perfect += q.weight(term, live, 0) * q.saturation(term, w.average)
		}
	}
	return w
}

// weight is what the query makes of a term that occurs in so many of the live documents.
func (q question) weight(term string, live, documents int64) float64 {
	all, n := float64(live), float64(min(documents, live))
	const half = 0.5 // keeps the weight of a term finite that all documents have, or none
	idf := max(math.Log1p((all-n+half)/(n+half)), minIDF)
	times := float64(q.frequencies[term])
	return idf * times * (k3 + 1) / (times + k3)
}

// saturation is BM25's measure of how much a term says in a document that is the query itself.
func (q question) saturation(term string, average float64) float64 {
	times := float64(q.frequencies[term])
	return times * (k1 + 1) / (times + k1*(1-b+b*float64(q.length)/average))
}

// readable are the terms that occur, without the commonest when all together have more postings than the budget.
func readable(documents map[string]int64, budget int64) []string {
	terms := make([]string, 0, len(documents))
	for term := range documents {
		terms = append(terms, term)
	}
	slices.SortFunc(terms, func(x, y string) int { return cmp.Or(cmp.Compare(documents[x], documents[y]), cmp.Compare(x, y)) })
	var total int64
	for i, term := range terms {
		if total += documents[term]; total > budget && i > 0 {
			return terms[:i]
		}
	}
	return terms
}

func keepBest(hits []Hit, limit int) []Hit {
	slices.SortFunc(hits, func(x, y Hit) int {
		return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(y.Document, x.Document))
	})
	return hits[:min(len(hits), limit)]
}
