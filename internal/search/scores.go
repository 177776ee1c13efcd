package search

import (
	"math"
	"slices"
)

// scores are those of all documents of a collection, segment by segment.
type scores struct {
	segments []segment
	weights  Weights
	// norms holds, for every code of a length, the part of BM25's denominator that depends on it.
	norms [math.MaxUint8 + 1]float32
	// bySegment adds up in double precision what is added in single: no digit is lost, so that the order in which terms
	// are read cannot decide between equal documents.
	bySegment [][]float64
}

func newScores(segments []segment, w weighted) *scores {
	s := &scores{segments: segments, weights: w.terms, bySegment: make([][]float64, len(segments))}
	for i := range segments {
		s.bySegment[i] = make([]float64, len(segments[i].lengths))
	}
	for code := range s.norms {
		s.norms[code] = float32(k1 * (1 - b + b*decodedLengths[code]/w.average))
	}
	return s
}

func (s *scores) weighs(term string) bool { return s.weights[term] > 0 }

// add adds what the documents of a list get for term.
func (s *scores) add(segment int, term string, list []byte) error {
	weight := float32(s.weights[term]) * (k1 + 1)
	if weight == 0 {
		return nil
	}
	first, lengths, sums := s.segments[segment].first, s.segments[segment].lengths, s.bySegment[segment]
	return eachPosting(list, func(document uint32, frequency byte) {
		at := int(document) - int(first)
		if at < 0 || at >= len(sums) {
			return // a damaged index must not stop the others from being found
		}
		times := float32(frequency)
		sums[at] += float64(weight * times / (times + s.norms[lengths[at]]))
	})
}

// best are the highest scores of documents that were not removed.
func (s *scores) best(limit int) []Hit {
	var hits []Hit
	worst := 0.0 // of the hits, once there are limit
	for i, segment := range slices.Backward(s.segments) {
		for at, score := range slices.Backward(s.bySegment[i]) {
			if score <= worst || segment.lengths[at] == 0 {
				continue
			}
			hits = append(hits, Hit{Document: segment.first + int32(at), Score: score}) //nolint:gosec // a count of documents
			if len(hits) == 2*limit {
				hits = keepBest(hits, limit)
				worst = hits[limit-1].Score
			}
		}
	}
	return keepBest(hits, limit)
}
