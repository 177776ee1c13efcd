package search

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func hitsOf(pairs ...float64) (hits []Hit) {
	for i := 0; i < len(pairs); i += 2 {
		hits = append(hits, Hit{Document: int32(pairs[i]), Score: pairs[i+1]})
	}
	return hits
}

func TestKeepBest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hits  []Hit
		limit int
		want  []Hit
	}{
		"none":              {nil, 3, nil},
		"best first":        {hitsOf(1, 0.5, 2, 0.9, 3, 0.7), 2, hitsOf(2, 0.9, 3, 0.7)},
		"equals, the newer": {hitsOf(1, 0.5, 7, 0.5, 3, 0.5), 2, hitsOf(7, 0.5, 3, 0.5)},
		"fewer than wanted": {hitsOf(1, 0.5), 9, hitsOf(1, 0.5)},
		"none wanted":       {hitsOf(1, 0.5), 0, nil},
	} {
		if got := keepBest(slices.Clone(c.hits), c.limit); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// Best must be what sorting everything gives, with many equal scores and removed documents among them.
func TestBest(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		s := &scores{}
		var all []Hit
		for next := 0; len(s.segments) < 1+random.IntN(4); next += 3 {
			part := segment{first: int32(next)}
			var sums []float64
			for range 1 + random.IntN(60) {
				score, code := float64(random.IntN(8)), byte(random.IntN(4))
				if score > 0 && code > 0 {
					all = append(all, Hit{Document: int32(next), Score: score})
				}
				part.lengths, sums = append(part.lengths, code), append(sums, score)
				next++
			}
			s.segments, s.bySegment = append(s.segments, part), append(s.bySegment, sums)
		}
		for _, limit := range []int{0, 1, 2, 5, 20, 500} {
			want := keepBest(slices.Clone(all), limit)
			if got := s.best(limit); !slices.Equal(got, want) {
				t.Fatalf("best(%d) = %v, want %v", limit, got, want)
			}
		}
	}
}

// The sum of a document does not depend on the order in which terms are read, which differs from one segment to another.
func TestScoresDoNotDependOnTheOrder(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	terms, weights, lists := []string{}, Weights{}, map[string][]byte{}
	for i := range 500 {
		term := string(rune('一' + i))
		var list postingList
		list.add(0, 1+random.IntN(300))
		terms, weights[term], lists[term] = append(terms, term), random.Float64()*12, list.appendTo(nil)
	}
	var first float64
	for round := range 20 {
		s := newScores([]segment{{lengths: []byte{100}}}, weighted{terms: weights, average: 40})
		random.Shuffle(len(terms), func(i, j int) { terms[i], terms[j] = terms[j], terms[i] })
		for _, term := range terms {
			if err := s.add(0, term, lists[term]); err != nil {
				t.Fatal(err)
			}
		}
		score := s.best(1)[0].Score
		if round == 0 {
			first = score
		}
		if score != first {
			t.Fatalf("the score is %v in one order and %v in another", first, score)
		}
	}
}

func TestReadable(t *testing.T) {
	t.Parallel()
	documents := map[string]int64{"everywhere": 100, "often": 50, "also": 50, "rare": 1}
	for budget, want := range map[int64][]string{
		201: {"rare", "also", "often", "everywhere"}, 200: {"rare", "also", "often"}, 101: {"rare", "also", "often"}, 100: {"rare", "also"}, 0: {"rare"},
	} {
		if got := readable(documents, budget); !slices.Equal(got, want) {
			t.Errorf("with a budget of %d: %q, want %q", budget, got, want)
		}
	}
	if got := readable(map[string]int64{"everywhere": 100}, 1); len(got) != 1 {
		t.Error("the only term was left out")
	}
}
