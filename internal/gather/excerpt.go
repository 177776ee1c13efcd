package gather

import (
	"strings"
	"unicode"

	"github.com/ai-agents/ai-agents/internal/masking"
)

const ellipsis = "…"

// Excerpt is the beginning of text in at most limit characters, the closing ellipsis included. It
// ends between two words unless the last word alone would take more than half of the room.
func Excerpt(text string, limit int) string {
	text = strings.TrimSpace(text)
	if limit <= 0 {
		return ""
	}
	end, fits := cutAfter(text, limit)
	if fits {
		return text
	}
	end, _ = cutAfter(text[:end], limit-1)
	kept := text[:end]
	next := []rune(text[end:])[0]
	if !unicode.IsSpace(next) {
		if space := strings.LastIndexFunc(kept, unicode.IsSpace); space > len(kept)/2 {
			kept = kept[:space]
		}
	}
	return strings.TrimRightFunc(kept, notAtTheEnd) + ellipsis
}

// cutAfter is the byte offset behind the first n characters of text, and whether these are all of it.
func cutAfter(text string, n int) (int, bool) {
	seen := 0
	for offset := range text {
		if seen == n {
			return offset, false
		}
		seen++
	}
	return len(text), true
}

// notAtTheEnd tells what looks like a slip in front of an ellipsis.
func notAtTheEnd(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune(".,;:-–(", r)
}

// WholeExcerpt is Excerpt for text that is masked later, and people it names: no value that has to be masked is cut in two, because
// of half of it nobody could tell what it is. It is left out instead. Text that was cut before has to reach Overhang characters
// beyond limit, or to be whole.
func WholeExcerpt(text string, limit int, people []string) string {
	text = strings.TrimSpace(text)
	reach, _ := cutAfter(text, limit+Overhang)
	text = text[:reach]
	short := Excerpt(text, limit)
	if short == text || short == "" {
		return short
	}
	end := len(strings.TrimSuffix(short, ellipsis))
	return strings.TrimRightFunc(text[:masking.Before(text, end, people)], notAtTheEnd) + ellipsis
}

// Overhang is how many characters WholeExcerpt looks beyond its limit: more than a value has by which one is known.
const Overhang = 400
