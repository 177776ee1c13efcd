package retrieval

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
)

// reference is plain BM25 in memory: every word counts, in lower case and as it is written; k1 1.2, b 0.75, no
// fields. It is the yardstick and shares no code with the product.
type reference struct {
	postings map[string][]occurrence
	lengths  []float64
	total    float64
}

type occurrence struct {
	document int
	times    float64
}

func newReference(documents []string) *reference {
	r := &reference{postings: make(map[string][]occurrence)}
	for i, text := range documents {
		times := make(map[string]float64)
		n := 0.0
		for word := range plainWords(text) {
			times[word]++
			n++
		}
		for word, t := range times {
			r.postings[word] = append(r.postings[word], occurrence{i, t})
		}
		r.lengths = append(r.lengths, n)
		r.total += n
	}
	return r
}

func plainWords(text string) func(yield func(string) bool) {
	return strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' })
}

// search gives the numbers of the best documents that may be found, best first.
func (r *reference) search(query string, may func(document int) bool, limit int) []int {
	const k1, b, half = 1.2, 0.75, 0.5
	n := float64(len(r.lengths))
	average := r.total / n
	scores := make([]float64, len(r.lengths))
	for word := range plainWords(query) {
		found := r.postings[word]
		df := float64(len(found))
		idf := math.Log1p((n - df + half) / (df + half))
		for _, o := range found {
			scores[o.document] += idf * o.times * (k1 + 1) / (o.times + k1*(1-b+b*r.lengths[o.document]/average))
		}
	}
	var best []int
	for document, score := range scores {
		if score > 0 && may(document) {
			best = append(best, document)
		}
	}
	slices.SortFunc(best, func(x, y int) int { return cmp.Or(cmp.Compare(scores[y], scores[x]), cmp.Compare(x, y)) })
	return best[:min(len(best), limit)]
}

func anyDocument(int) bool { return true }
