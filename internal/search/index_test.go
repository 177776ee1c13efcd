package search

import (
	"slices"
	"testing"
)

// tenant is one of the tenants of TestIndexAgainstOracle.
type tenant struct {
	*oracle

	id    string
	words *vocabulary

	merges, sweeps, drops, long int
}

func (x *tenant) add(t *testing.T, w *world, documents []Document) {
	t.Helper()
	before := len(w.segments(t, x.id))
	x.oracle.add(w.add(t, x.id, documents...), documents)
	if len(w.inspect(t, x.id, x.oracle)) <= before {
		x.merges++
	}
}

func (x *tenant) remove(t *testing.T, w *world, documents []int32) {
	t.Helper()
	before := w.segments(t, x.id)
	w.remove(t, x.id, documents...)
	x.oracle.remove(documents, before)
	after := w.inspect(t, x.id, x.oracle)
	x.drops += len(before) - len(after)
	for _, s := range before {
		same := func(b segment) bool { return b.first == s.first && b.number != s.number }
		if slices.ContainsFunc(after, same) {
			x.sweeps++
		}
	}
}

// some are documents to be removed: a few, or all of a segment, or a third of one; and some that are not there.
func (x *tenant) some(t *testing.T, w *world) []int32 {
	t.Helper()
	random := x.words.random
	documents := []int32{-1, 1 << 30, int32(random.IntN(1000)), int32(random.IntN(1000))}
	segments := w.segments(t, x.id)
	if len(segments) == 0 {
		return documents
	}
	s := segments[random.IntN(len(segments))]
	share := []float64{0.01, 0.4, 1}[random.IntN(3)]
	if share == 1 && len(s.lengths) > 100 { // or nothing would be left
		share = 0.3
	}
	for at := range s.lengths {
		if random.Float64() < share {
			documents = append(documents, s.first+int32(at), s.first+int32(at))
		}
	}
	return documents
}

func (x *tenant) ask(t *testing.T, w *world) {
	t.Helper()
	query := Document{Title: x.words.text(1 + x.words.random.IntN(4)), Body: x.words.text(x.words.random.IntN(30))}
	x.long += w.count(t, "search_postings WHERE tenant_id = $1 AND key < 0", x.id)
	for _, limit := range []int{1, 7, 1 << 20} {
		x.check(t, query, limit, w.find(t, x.id, query, limit))
	}
}

// The index of each of two tenants must say what one says that goes through all documents, whatever was added, merged,
// removed, swept out and dropped in between.
func TestIndexAgainstOracle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const steps = 60
	tenants := []*tenant{
		{id: north, words: newVocabulary(1, 3000), oracle: newOracle()},
		{id: south, words: newVocabulary(5, 3000), oracle: newOracle()},
	}
	for step := range steps {
		for _, x := range tenants {
			if x.words.random.IntN(3) == 0 {
				x.remove(t, w, x.some(t, w))
			} else {
				x.add(t, w, x.words.documents([]int{1, 1, 2, 20, 20, 300}[x.words.random.IntN(6)]))
			}
			if step%3 == 0 {
				x.ask(t, w)
			}
		}
	}
	for _, x := range tenants {
		if x.merges == 0 || x.sweeps == 0 || x.drops == 0 || x.long == 0 {
			t.Errorf("%d merges, %d sweeps, %d drops and %d long lists: this proves little", x.merges, x.sweeps, x.drops, x.long)
		}
		all := make([]int32, 0, len(x.live))
		for d := range x.live {
			all = append(all, d)
		}
		x.remove(t, w, all)
		if got := w.find(t, x.id, Document{Title: x.words.text(50)}, 10); len(got.Hits) != 0 {
			t.Errorf("found %v in an index that is empty again", got.Hits)
		}
		if n := w.count(t, "search_postings WHERE tenant_id = $1", x.id); n != 0 {
			t.Errorf("%d rows of postings are left of no document", n)
		}
	}
}
