package knowledgetest

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// hit is an article as an answer has it.
type hit struct {
	ID      string  `json:"id"`
	Title   string  `json:"title"`
	Summary string  `json:"summary"`
	URL     string  `json:"url"`
	Score   float64 `json:"score"`
}

const (
	// titleShare is what the title counts for in a score, the summary and keywords having the rest.
	titleShare = 0.7
	// enough is how many words in common make the full share of summary and keywords.
	enough = 4
	// minScore is what an article must reach to be found.
	minScore = 0.2
)

// match gives the articles that share words with query, best first, by id among equals.
func (s *Server) match(query string, limit int) []hit {
	asked := wordsOf(query)
	s.mu.Lock()
	articles := slices.Clone(s.articles)
	s.mu.Unlock()
	hits := []hit{}
	for _, a := range articles {
		if score := a.score(asked); score >= minScore {
			hits = append(hits, hit{ID: a.ID, Title: a.Title, Summary: a.Summary, URL: a.URL, Score: score})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), strings.Compare(a.ID, b.ID))
	})
	return hits[:min(limit, len(hits))]
}

// score lies between 0 and 1: how much of the title was asked for, and how many of the other words.
func (a Article) score(asked map[string]bool) float64 {
	title := wordsOf(a.Title)
	body := wordsOf(a.Summary + " " + strings.Join(a.Keywords, " "))
	score := (1 - titleShare) * min(1, float64(common(body, asked))/enough)
	if len(title) > 0 {
		score += titleShare * float64(common(title, asked)) / float64(len(title))
	}
	return score
}

func common(a, b map[string]bool) int {
	n := 0
	for word := range a {
		if b[word] {
			n++
		}
	}
	return n
}

// wordsOf are the words of text with more than two letters, in lower case and without a plural's s.
func wordsOf(text string) map[string]bool {
	words := make(map[string]bool)
	for word := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		if len(word) > 2 {
			words[strings.TrimSuffix(word, "s")] = true
		}
	}
	return words
}
