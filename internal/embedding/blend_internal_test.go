package embedding

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/gather"
)

func order(candidates []gather.Candidate) []string {
	ids := make([]string, len(candidates))
	for i, c := range candidates {
		ids[i] = c.ID
	}
	return ids
}

func TestBlend(t *testing.T) {
	t.Parallel()
	words := []gather.Candidate{{ID: "a", Relevance: 0.9}, {ID: "b", Relevance: 0.5}, {ID: "c", Relevance: 0.2}}
	for name, tc := range map[string]struct {
		cosines map[string]float64
		want    []string
	}{
		"meaning agrees":             {map[string]float64{"a": 0.8, "b": 0.4, "c": 0.1}, []string{"a", "b", "c"}},
		"meaning is against a":       {map[string]float64{"a": 0.1, "b": 0.4, "c": 0.8}, []string{"c", "b", "a"}},
		"equal meaning":              {map[string]float64{"a": 0.4, "b": 0.4, "c": 0.4}, []string{"a", "b", "c"}},
		"opposite is no worse":       {map[string]float64{"a": -1, "b": 0, "c": -0.5}, []string{"a", "b", "c"}},
		"one vector changes nothing": {map[string]float64{"c": 0.99}, []string{"a", "b", "c"}},
		"none either":                {nil, []string{"a", "b", "c"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, order(blend(words, tc.cosines, DefaultWeight))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	got := blend(words[:2], map[string]float64{"a": 0.4, "b": 0.7}, 0.25)
	want := []gather.Candidate{{ID: "a", Relevance: 0.75*0.9 + 0.25*0.4}, {ID: "b", Relevance: 0.75*0.5 + 0.25*0.7}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the formula (-want +got):\n%s", diff)
	}
	if words[0].Relevance != 0.9 {
		t.Error("the given candidates were changed")
	}
}

func TestBlendTakesWhatIsNoRelevance(t *testing.T) {
	t.Parallel()
	got := blend([]gather.Candidate{{ID: "a", Relevance: math.NaN()}, {ID: "b", Relevance: 7}, {ID: "c", Relevance: -1}, {ID: "d", Relevance: 0.5}}, map[string]float64{"b": 1, "d": math.NaN()}, 0.5)
	for _, c := range got {
		if !(c.Relevance >= 0 && c.Relevance <= 1) {
			t.Errorf("relevance of %s is %v", c.ID, c.Relevance)
		}
	}
	if got[0].ID != "b" {
		t.Errorf("order is %v", order(got))
	}
}

func TestEqualCandidatesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	words := []gather.Candidate{{ID: "newest", Relevance: 0.5}, {ID: "newer", Relevance: 0.5}, {ID: "old", Relevance: 0.5}}
	got := blend(words, map[string]float64{"newest": 0.3, "newer": 0.3, "old": 0.3}, 0.6)
	if diff := cmp.Diff([]string{"newest", "newer", "old"}, order(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestALackingVectorNeitherHelpsNorHarms takes the vectors of a random half away, in lists where meaning follows
// words to several degrees, and wants the mean place of that half to stay what it was.
func TestALackingVectorNeitherHelpsNorHarms(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ level, slope float64 }{{0.1, 0}, {0.7, 0}, {0.2, 0.6}, {0.6, 0.3}} {
		t.Run(fmt.Sprint(tc), func(t *testing.T) {
			t.Parallel()
			const lists, size = 2000, 20
			random := rand.New(rand.NewPCG(3, 4))
			shift := 0.0
			for range lists {
				words := make([]gather.Candidate, size)
				all, half := make(map[string]float64), make(map[string]float64)
				for i := range words {
					words[i] = gather.Candidate{ID: strconv.Itoa(i), Relevance: random.Float64()}
					cosine := tc.level + tc.slope*words[i].Relevance + 0.1*random.Float64()
					all[words[i].ID] = cosine
					if i >= size/2 {
						half[words[i].ID] = cosine
					}
				}
				shift += meanPlace(blend(words, half, 0.6), half) - meanPlace(blend(words, all, 0.6), half)
			}
			if shift /= lists; math.Abs(shift) > 0.15 {
				t.Errorf("without a vector, a candidate moves by %.2f places of %d on average", shift, size)
			}
		})
	}
}

// meanPlace is where those that are not among known stand on average.
func meanPlace(candidates []gather.Candidate, known map[string]float64) float64 {
	sum, n := 0, 0
	for place, c := range candidates {
		if _, ok := known[c.ID]; !ok {
			sum += place
			n++
		}
	}
	return float64(sum) / float64(n)
}

// Meaning may well run against words among those that have a vector; that says nothing bad about the others.
func TestCandidatesWithoutVectorsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	words := []gather.Candidate{{ID: "a", Relevance: 0.9}, {ID: "1st, no vector", Relevance: 0.7}, {ID: "2nd, no vector", Relevance: 0.4}, {ID: "b", Relevance: 0.2}}
	got := blend(words, map[string]float64{"a": 0.1, "b": 0.9}, 0.6)
	if diff := cmp.Diff([]string{"b", "1st, no vector", "2nd, no vector", "a"}, order(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A good match by words must not fall behind a worse one only because the worse one has a vector.
func TestTheExpectationFollowsTheWords(t *testing.T) {
	t.Parallel()
	words := []gather.Candidate{{ID: "best, no vector", Relevance: 0.9}, {ID: "a", Relevance: 0.85}, {ID: "b", Relevance: 0.5}, {ID: "c", Relevance: 0.2}, {ID: "worst, no vector", Relevance: 0.1}}
	got := blend(words, map[string]float64{"a": 0.84, "b": 0.7, "c": 0.58}, 0.6)
	if diff := cmp.Diff([]string{"best, no vector", "a", "b", "c", "worst, no vector"}, order(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
