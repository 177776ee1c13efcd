package embedding

import (
	"cmp"
	"math"
	"slices"

	"github.com/ai-agents/ai-agents/internal/gather"
)

// DefaultWeight is the share of meaning in the blend. Slightly more than half, because the cosines of
// common models stay below 0.8 even for good paraphrases, while a lookalike gets 1 by words.
const DefaultWeight = 0.6

// ridge, in squared relevance, keeps a slope that few or like candidates hint at from being believed.
const ridge = 0.1

// blend gives candidates, best first, with a relevance of
//
//	(1 − weight) · relevance by words + weight · relevance by meaning
//
// where the relevance by meaning is the cosine between the query and the candidate, 0 where it is negative: no
// text is less relevant than an unrelated one.
//
// A candidate without a vector must neither gain nor lose by that. Taking the meaning's share for zero would
// punish it, and leaving its relevance by words as it is would do either, as cosines happen to be lower
// or higher than relevances by words in the model at hand. So it gets the relevance by meaning that is to be
// expected of it, going by those that have a vector: their mean, on a line through the relevance by words
// (ridge regression; A. Hoerl and R. Kennard, "Ridge Regression", 1970), since what matches better by words
// tends to match better by meaning. Two things follow: candidates without vectors keep their order among
// themselves, and a single vector, which compares to nothing, changes no order.
//
// Candidates of equal relevance stay in the order that they had.
func blend(candidates []gather.Candidate, cosines map[string]float64, weight float64) []gather.Candidate {
	expected := expectation(candidates, cosines)
	blended := make([]gather.Candidate, len(candidates))
	for i, c := range candidates {
		words := fraction(c.Relevance)
		meaning, known := cosines[c.ID]
		if !known {
			meaning = expected(words)
		}
		blended[i] = gather.Candidate{ID: c.ID, Relevance: (1-weight)*words + weight*fraction(meaning)}
	}
	slices.SortStableFunc(blended, func(a, b gather.Candidate) int { return cmp.Compare(b.Relevance, a.Relevance) })
	return blended
}

// expectation estimates the relevance by meaning from that by words.
func expectation(candidates []gather.Candidate, cosines map[string]float64) func(words float64) float64 {
	var n, words, meaning float64
	for _, c := range candidates {
		if cosine, known := cosines[c.ID]; known {
			n++
			words += fraction(c.Relevance)
			meaning += fraction(cosine)
		}
	}
	if n == 0 {
		return func(words float64) float64 { return words }
	}
	words, meaning = words/n, meaning/n
	together, square := 0.0, ridge
	for _, c := range candidates {
		if cosine, known := cosines[c.ID]; known {
			off := fraction(c.Relevance) - words
			together += off * (fraction(cosine) - meaning)
			square += off * off
		}
	}
	// A falling line would put the worse match by words first.
	slope := max(0, together/square)
	return func(w float64) float64 { return meaning + slope*(w-words) }
}

// fraction keeps x between 0 and 1, and takes what is no number for 0.
func fraction(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return min(1, max(0, x))
}
