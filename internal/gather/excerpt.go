package gather

import (
	"strings"
	"unicode"
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
