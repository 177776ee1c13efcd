package search

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
)

// oracle is BM25 without an index: it goes through all documents.
type oracle struct {
	live map[int32]counted
	// ghosts were removed. As long as the segment is there in which they were, they count for how common a term is.
	ghosts map[int32]ghost
}

type counted struct {
	frequencies map[string]int
	code        byte
}

type ghost struct {
	counted

	segment int32
}

func newOracle() *oracle { return &oracle{live: map[int32]counted{}, ghosts: map[int32]ghost{}} }

func frequenciesOf(d Document) (frequencies map[string]int, length int) {
	frequencies = map[string]int{}
	for _, term := range termsOf(d.Title) {
		frequencies[term] += 3
		length += 3
	}
	for _, term := range termsOf(d.Body) {
		frequencies[term]++
		length++
	}
	return frequencies, length
}

func (o *oracle) add(first int32, documents []Document) {
	for i, d := range documents {
		frequencies, length := frequenciesOf(d)
		o.live[first+int32(i)] = counted{frequencies, encodeLength(length)}
	}
}

// remove takes what the segments were before it.
func (o *oracle) remove(documents []int32, before []segment) {
	for _, d := range documents {
		c, ok := o.live[d]
		if !ok {
			continue
		}
		delete(o.live, d)
		for _, s := range before {
			if s.first <= d && d < s.end() {
				o.ghosts[d] = ghost{c, s.number}
			}
		}
	}
}

// forget takes what the segments are now: those that were dropped, swept or merged took their ghosts along.
func (o *oracle) forget(now []segment) {
	for d, g := range o.ghosts {
		if !slices.ContainsFunc(now, func(s segment) bool { return s.number == g.segment }) {
			delete(o.ghosts, d)
		}
	}
}

// find gives the score of every document that has a word of the query, and that of a document that is the query.
func (o *oracle) find(query Document) (scores map[int32]float64, perfect float64) {
	asked, length := frequenciesOf(query)
	words := 0.0
	for _, d := range o.live {
		words += math.Floor(math.Pow(2, float64(d.code-1)/8))
	}
	all := float64(len(o.live))
	average := max(words/max(all, 1), 1)
	scores = map[int32]float64{}
	tf := func(times, length float64) float64 { return times * 3 / (times + 2*(0.1+0.9*length/average)) }
	for term, times := range asked {
		n := 0.0
		for _, d := range o.live {
			n += min(float64(d.frequencies[term]), 1)
		}
		for _, d := range o.ghosts {
			n += min(float64(d.frequencies[term]), 1)
		}
		n = min(n, all)
		weight := max(math.Log(1+(all-n+0.5)/(n+0.5)), 0.3) * float64(times) * 9 / (float64(times) + 8)
		for number, d := range o.live {
			if f := d.frequencies[term]; f > 0 {
				scores[number] += weight * tf(min(float64(f), 255), math.Pow(2, float64(d.code-1)/8))
			}
		}
		perfect += weight * tf(float64(times), float64(length))
	}
	return scores, perfect
}

func near(x, y float64) bool { return math.Abs(x-y) <= 1e-4*max(math.Abs(x), math.Abs(y)) }

// check compares an answer of the index with the oracle's.
func (o *oracle) check(t *testing.T, query Document, limit int, found Result) {
	t.Helper()
	scores, perfect := o.find(query)
	best := make([]float64, 0, len(scores))
	for _, score := range scores {
		best = append(best, score)
	}
	slices.SortFunc(best, func(x, y float64) int { return cmp.Compare(y, x) })
	best = best[:min(limit, len(best))]
	if len(found.Hits) != len(best) {
		t.Fatalf("%d hits for %+v, want %d", len(found.Hits), query, len(best))
	}
	seen := map[int32]bool{}
	for i, hit := range found.Hits {
		score, has := scores[hit.Document]
		if !has || seen[hit.Document] {
			t.Fatalf("hit %d is document %d, which is not there, has no word of the query, or came before", i, hit.Document)
		}
		seen[hit.Document] = true
		if !near(hit.Score, best[i]) || !near(hit.Score, score) {
			t.Fatalf("hit %d is document %d with %v; it has %v, and the place is for %v", i, hit.Document, hit.Score, score, best[i])
		}
	}
	if len(scores) > 0 && !near(found.Perfect, perfect) {
		t.Fatalf("a document like the query has %v, want %v", found.Perfect, perfect)
	}
}

// inspect checks that the index of a tenant is as it should be, row by row.
func (w *world) inspect(t *testing.T, tenantID string, o *oracle) []segment {
	t.Helper()
	segments := w.segments(t, tenantID)
	o.forget(segments)
	live, end := 0, int32(0)
	for _, s := range segments {
		if s.first < end {
			t.Fatalf("segment %d begins at %d, before the one before it ends at %d", s.number, s.first, end)
		}
		end = s.end()
		live += w.inspectSegment(t, tenantID, o, s)
	}
	if live != len(o.live) {
		t.Fatalf("the segments have %d documents, want %d", live, len(o.live))
	}
	orphans := w.count(t, `search_postings p WHERE tenant_id = $1 AND NOT EXISTS
		(SELECT FROM search_segments s WHERE (s.tenant_id, s.collection, s.segment) = (p.tenant_id, p.collection, p.segment))`, tenantID)
	if orphans != 0 {
		t.Fatalf("%d rows of postings have no segment", orphans)
	}
	return segments
}

func (w *world) inspectSegment(t *testing.T, tenantID string, o *oracle, s segment) (live int) {
	t.Helper()
	want, words, removed := map[string]map[int32]int{}, int64(0), int32(0)
	note := func(number int32, c counted) {
		for term, f := range c.frequencies {
			if want[term] == nil {
				want[term] = map[int32]int{}
			}
			want[term][number] = min(f, 255)
		}
	}
	for at, code := range s.lengths {
		number := s.first + int32(at)
		d, alive := o.live[number]
		if code != d.code { // 0 of one that is not there
			t.Fatalf("document %d has the length %d, want %d", number, code, d.code)
		}
		if g, was := o.ghosts[number]; was && g.segment == s.number {
			removed++
			note(number, g.counted)
		}
		if alive {
			live++
			words += int64(decodedLengths[code])
			note(number, d)
		}
	}
	if int(s.live) != live || s.removed != removed || s.words != words || s.terms != len(want) {
		t.Fatalf("segment %+v: want live %d, removed %d, words %d, terms %d", s, live, removed, words, len(want))
	}
	if removed >= sweepMin && int(removed)*3 >= live { // a quarter of all
		t.Fatalf("segment %d has %d live documents and %d that should have been swept out", s.number, live, removed)
	}
	w.inspectPostings(t, tenantID, s, want)
	return live
}

func (w *world) inspectPostings(t *testing.T, tenantID string, s segment, want map[string]map[int32]int) {
	t.Helper()
	rows, err := w.admin.Query(t.Context(), `
		SELECT key, documents, postings FROM search_postings WHERE tenant_id = $1 AND collection = $2 AND segment = $3`, tenantID, Tickets, s.number)
	if err != nil {
		t.Fatal(err)
	}
	var (
		key       int64
		documents int
		row       []byte
	)
	_, err = pgx.ForEachRow(rows, []any{&key, &documents, &row}, func() error {
		return eachEntry(row, func(name, list []byte) error {
			term, got := string(name), map[int32]int{}
			if key != ownKey(hashOf(term)) && key != sharedKey(hashOf(term), s.hashBits) {
				t.Fatalf("%q of segment %d is in row %d", term, s.number, key)
			}
			if key < 0 && documents != len(want[term]) || key >= 0 && documents != 0 {
				t.Fatalf("row %d says %d documents, want %d", key, documents, len(want[term]))
			}
			err := eachPosting(list, func(document uint32, frequency byte) { got[int32(document)] = int(frequency) })
			for d, f := range want[term] {
				if got[d] != f {
					t.Fatalf("%q occurs %d times in document %d, want %d", term, got[d], d, f)
				}
			}
			if len(got) != len(want[term]) || len(got) == 0 {
				t.Fatalf("%q is in %d documents, want %d", term, len(got), len(want[term]))
			}
			delete(want, term) // or it is there twice
			return err
		})
	})
	if err != nil || len(want) != 0 {
		t.Fatalf("segment %d lacks %d terms; %v", s.number, len(want), err)
	}
}
