package search

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Passage is the part of text, at most limit characters, that has most of the weight of terms: a run of whole lines or
// sentences, or the beginning of one that is too long. What was left out before or behind it shows as an ellipsis. Of
// equals it is the first. cut shortens one that is too long to so many characters.
func Passage(text string, terms Weights, limit int, cut func(text string, limit int) string) string {
	pieces := sentences(text)
	if len(pieces) == 0 || limit <= 0 {
		return ""
	}
	words := newAnalyzer()
	for i := range pieces {
		pieces[i].terms = make(map[string]bool)
		words.each(pieces[i].text, func(term string) {
			if terms[term] > 0 {
				pieces[i].terms[term] = true
			}
		})
	}
	from, to, most := 0, 1, -1.0
	for start := range pieces {
		end, weight := window(pieces[start:], terms, limit-2*len(" …"))
		if weight > most {
			from, to, most = start, start+end, weight
		}
	}
	return joined(pieces, from, to, limit, cut)
}

// piece is a sentence or a line of a text.
type piece struct {
	text  string
	size  int // in characters
	terms map[string]bool
}

// sentences cuts text behind line ends, and behind full stops, question and exclamation marks followed by a space.
func sentences(text string) []piece {
	var pieces []piece
	start := 0
	cut := func(end int) {
		if s := strings.Join(strings.Fields(text[start:end]), " "); s != "" {
			pieces = append(pieces, piece{text: s, size: utf8.RuneCountInString(s)})
		}
		start = end
	}
	previous := ' '
	for i, r := range text {
		if r == '\n' || unicode.IsSpace(r) && strings.ContainsRune(".?!", previous) {
			cut(i)
		}
		previous = r
	}
	cut(len(text))
	return pieces
}

// window is how many pieces from the first on fit into limit characters, at least one, and what weighs what they say.
func window(pieces []piece, terms Weights, limit int) (n int, weight float64) {
	seen := make(map[string]bool)
	size := 0
	for n < len(pieces) {
		if size += pieces[n].size + 1; size > limit && n > 0 {
			break
		}
		for term := range pieces[n].terms {
			if !seen[term] {
				seen[term] = true
				weight += terms[term]
			}
		}
		n++
	}
	return n, weight
}

func joined(pieces []piece, from, to, limit int, cut func(text string, limit int) string) string {
	var passage strings.Builder
	if from > 0 {
		passage.WriteString("… ")
	}
	for i := from; i < to; i++ {
		if i > from {
			passage.WriteByte(' ')
		}
		passage.WriteString(pieces[i].text)
	}
	text := passage.String()
	room := limit
	if to < len(pieces) {
		room -= 2
	}
	if utf8.RuneCountInString(text) > room {
		return cut(text, limit)
	}
	if to < len(pieces) {
		return text + " …"
	}
	return text
}
