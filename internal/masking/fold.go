package masking

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// folded is a text as a detector sees it: what deceives the eye of a program, and not that of a reader, is gone. Digits, blanks,
// hyphens and quotes of all scripts are those of ASCII, characters that nobody sees are left out, HTML entities are what they mean.
type folded struct {
	text string
	// at is where in the original each byte of text comes from, with one more for the end; nil when it is the same.
	at []int32
}

// original gives the place in the original text.
func (f folded) original(i int) int {
	if f.at == nil {
		return i
	}
	return int(f.at[i])
}

func fold(text string) folded {
	if isFolded(text) {
		return folded{text: text}
	}
	var b strings.Builder
	b.Grow(len(text))
	at := make([]int32, 0, len(text)+1)
	add := func(r rune, from int) {
		before := b.Len()
		b.WriteString(foldRune(r))
		for range b.Len() - before {
			at = append(at, int32(from)) //nolint:gosec // texts are bounded far below
		}
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == '&' {
			if meant, length := entity(text[i:]); length > 0 {
				for _, one := range meant {
					add(one, i)
				}
				i += length
				continue
			}
		}
		add(r, i)
		i += size
	}
	return folded{text: b.String(), at: append(at, int32(len(text)))} //nolint:gosec // as above
}

func isFolded(text string) bool {
	for i := range len(text) {
		if c := text[i]; c >= utf8.RuneSelf || c == '&' || c == '\r' || c == 0 {
			return false
		}
	}
	return true
}

// entity gives what an HTML entity at the beginning of text means, and its length; 0 for none.
func entity(text string) (meant string, length int) {
	const longest = 12
	end := strings.IndexByte(text[:min(len(text), longest)], ';')
	if end < 0 {
		return "", 0
	}
	meant = html.UnescapeString(text[:end+1])
	if meant == text[:end+1] {
		return "", 0
	}
	return meant, end + 1
}

// foldRune gives what r is to a detector; nothing for what nobody sees.
func foldRune(r rune) string {
	switch {
	case r < utf8.RuneSelf && r != 0 && r != '\r':
		return string(r)
	case r == '\u2028', r == '\u2029', r == '\u0085':
		return "\n"
	case r == 0, r == '\r', unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point):
		return ""
	case unicode.Is(unicode.Zs, r):
		return " "
	case unicode.Is(unicode.Pd, r), r == '\u2212', r == '\u2043':
		return "-"
	case unicode.Is(unicode.Nd, r):
		return digitOf(r)
	}
	switch r {
	case '‘', '’', '‚', '‛', '′', '´', '＇':
		return "'"
	case '“', '”', '„', '‟', '«', '»', '″', '＂':
		return `"`
	case '。', '｡', '․':
		return "."
	}
	if unicode.IsLetter(r) && r < '\uFB00' || unicode.IsMark(r) {
		return string(r)
	}
	// Letters in circles, full width, mathematical alphabets.
	return norm.NFKC.String(string(r))
}

// digitOf gives the ASCII digit for one of another script: their digits stand together, from zero on.
func digitOf(r rune) string {
	if compatible := norm.NFKC.String(string(r)); len(compatible) == 1 {
		return compatible
	}
	for _, table := range unicode.Nd.R16 {
		if rune(table.Lo) <= r && r <= rune(table.Hi) {
			return string('0' + (r-rune(table.Lo))%10)
		}
	}
	for _, table := range unicode.Nd.R32 {
		if rune(table.Lo) <= r && r <= rune(table.Hi) { //nolint:gosec // code points
			return string('0' + (r-rune(table.Lo))%10) //nolint:gosec // as above
		}
	}
	return string(r)
}
