package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// fold decomposes characters and drops their accents and joiners, so that "Zürich" is found by "zurich". What is left is composed
// again: a Korean syllable is three characters otherwise, and a word of five of them too long.
func fold(word string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) || isJoiner(r) {
			return -1
		}
		return r
	}, norm.NFKD.String(word)))
}

// parts are what a compound identifier is made of, or nothing when it is one word: it is split where lower case
// turns to upper, letters to digits, and before the last capital of several (HTTPServer). Hexadecimal codes stay whole.
func parts(word string) []string {
	if strings.HasPrefix(word, "0x") || strings.HasPrefix(word, "0X") {
		return nil
	}
	var found []string
	start := 0
	runes := []rune(word)
	for i := 1; i < len(runes); i++ {
		before, at := runes[i-1], runes[i]
		hump := unicode.IsLower(before) && unicode.IsUpper(at)
		lastCapital := unicode.IsUpper(before) && unicode.IsUpper(at) && i+1 < len(runes) && unicode.IsLower(runes[i+1])
		if hump || lastCapital || unicode.IsDigit(before) != unicode.IsDigit(at) {
			found = append(found, string(runes[start:i]))
			start = i
		}
	}
	if start == 0 {
		return nil
	}
	return append(found, string(runes[start:]))
}

// run is how many of the first runes are of a script of the same sort: one that puts no spaces between words, or one
// that does.
func run(runes []rune) (size int, unspaced bool) {
	unspaced = isUnspaced(runes[0])
	for size = 1; size < len(runes) && isUnspaced(runes[size]) == unspaced; {
		size++
	}
	return size, unspaced
}

func isUnspaced(r rune) bool {
	const longVowel = 'ー' // of both Japanese scripts, and therefore of neither
	return r == longVowel || unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// pairs cuts a run of a script without spaces into overlapping pairs of characters.
func pairs(run []rune, fn func(string)) {
	if len(run) == 1 {
		fn(string(run))
	}
	for i := 1; i < len(run); i++ {
		fn(string(run[i-1 : i+1]))
	}
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

func isASCIILetters(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < 'a' || 'z' < r }) < 0
}
