package ticket

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestCluster bounds how far a cut moves to the left, in characters, so as not to fall into what a reader sees as
// one: with more marks than this on a letter, nobody reads it.
const longestCluster = 32

// Truncate is s in at most limit characters (Unicode code points), s being normalised text. What is too long is cut
// between two characters as a reader sees them (not inside of an emoji, nor between a letter and its accent), and
// ends with a line that says how much is missing. Where not even that line fits, it is left out.
func Truncate(s string, limit int) string {
	total := utf8.RuneCountInString(s)
	if total <= limit {
		return s
	}
	room := limit - utf8.RuneCountInString(cutMark(total))
	if room <= 0 {
		return beginning(s, max(limit, 0))
	}
	kept := beginning(s, room)
	return kept + cutMark(total-utf8.RuneCountInString(kept))
}

func cutMark(missing int) string { return fmt.Sprintf("\n[… cut: %d more characters]", missing) }

// beginning is at most the first n characters of s, of which there are more.
func beginning(s string, n int) string {
	characters := []rune(s)
	end := n
	for end > 0 && n-end < longestCluster && insideCluster(characters, end) {
		end--
	}
	if end == 0 || n-end == longestCluster {
		end = n
	}
	return strings.TrimRightFunc(string(characters[:end]), func(r rune) bool { return unicode.IsSpace(r) || r == zeroWidthJoiner })
}

// insideCluster says whether a cut before characters[at] would split what a reader sees as one.
func insideCluster(characters []rune, at int) bool {
	before, after := characters[at-1], characters[at]
	switch {
	case unicode.Is(unicode.M, after), isJoiner(after), isSkinTone(after):
		return true
	case before == zeroWidthJoiner, unicode.Is(unicode.Prepended_Concatenation_Mark, before):
		return true
	case isRegional(before) && isRegional(after): // flags are pairs
		pairs := 0
		for at > 0 && isRegional(characters[at-1]) {
			pairs, at = pairs+1, at-1
		}
		return pairs%2 == 1
	}
	return isHangulPart(after) && (isHangulPart(before) || unicode.Is(unicode.Hangul, before))
}

func isRegional(r rune) bool { return '\U0001F1E6' <= r && r <= '\U0001F1FF' }

// isHangulPart tells the letters of Korean syllables that are written as several characters.
func isHangulPart(r rune) bool { return '\u1100' <= r && r <= '\u11ff' }
