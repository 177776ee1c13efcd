package retrieval

import (
	"math"
	"testing"
)

func TestTally(t *testing.T) {
	t.Parallel()
	tally := newTally()
	tally.add([]bool{false, true, false, true}, 2) // AP (1/2 + 2/4) / 2
	tally.add(nil, 3)                              // AP 0
	for what, c := range map[string]struct{ got, want float64 }{
		"P@1": {tally.precisionAt(first), 0}, "P@5": {tally.precisionAt(five), 2.0 / 5 / 2},
		"S@1": {tally.success(first), 0}, "S@3": {tally.success(three), 0.5},
		"MAP": {tally.meanAP(), 0.25}, "MRR": {tally.meanRR(), 0.25},
	} {
		if math.Abs(c.got-c.want) > 1e-9 {
			t.Errorf("%s is %v, want %v", what, c.got, c.want)
		}
	}
	if tally.nothing != 1 || tally.queries != 2 {
		t.Errorf("%d of %d queries found nothing, want 1 of 2", tally.nothing, tally.queries)
	}
}

func TestReferenceRanksByRareWordsAndLength(t *testing.T) {
	t.Parallel()
	r := newReference([]string{
		"printer, the office printer, our printer", "the printer", "toner of the printer", "the toner is empty and so is much else in the long text of this",
	})
	if got := r.search("printer toner", anyDocument, 2); len(got) != 2 || got[0] != 2 {
		t.Errorf("found %v, want the document with both words first", got)
	}
	// By hand: n 4, df 3, idf ln(1 + 1.5/3.5), one occurrence of 2 words, average 27/4.
	if got := r.search("printer", func(d int) bool { return d != 0 }, 5); len(got) != 2 || got[0] != 1 {
		t.Errorf("found %v, want the shorter document first and the excluded one not at all", got)
	}
}
