package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kljensen/snowball/english"
	"golang.org/x/text/unicode/norm"
)

// analyzerVersion changes with every change of what Terms gives for a text: an index made by another
// version has to be made anew.
const analyzerVersion = 1

const (
	// maxText bounds what is read of one text, in bytes. Behind it come logs.
	maxText = 100_000
	// longestTerm is in bytes. What is longer is a checksum or a token, which nobody writes twice.
	longestTerm = 40
	// memoSize bounds the words whose stem an analyzer remembers.
	memoSize = 1 << 16
)

// analyzer turns text into terms. It remembers stems, which are costly, and is not safe for concurrent use.
type analyzer struct {
	stems map[string]string
}

func newAnalyzer() *analyzer { return &analyzer{stems: make(map[string]string)} }

// Terms are the terms of text, in order, with repetitions: words in lower case without accents, English ones
// stemmed (Porter's second algorithm), stop words left out. A compound identifier (getUserName, HP4250) is found as
// a whole and by its parts. Scripts without spaces between words give pairs of characters.
func Terms(text string) []string {
	var terms []string
	newAnalyzer().each(text, func(term string) { terms = append(terms, term) })
	return terms
}

// each calls fn for every term of text.
func (a *analyzer) each(text string, fn func(term string)) {
	if len(text) > maxText {
		text = text[:maxText]
	}
	start := -1
	for i, r := range text {
		switch {
		case isWordRune(r):
			if start < 0 {
				start = i
			}
		case start >= 0 && isApostrophe(r) && followedByLetter(text[i+utf8.RuneLen(r):]):
		case start >= 0:
			a.word(text[start:i], fn)
			start = -1
		}
	}
	if start >= 0 {
		a.word(text[start:], fn)
	}
}

func isWordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.In(r, unicode.L, unicode.N, unicode.M)
}

func isApostrophe(r rune) bool { return r == '\'' || r == '’' }

func followedByLetter(rest string) bool {
	r, _ := utf8.DecodeRuneInString(rest)
	return unicode.IsLetter(r)
}

var apostrophes = strings.NewReplacer("'", "", "’", "")

// word gives the terms of one word as it is written.
func (a *analyzer) word(written string, fn func(string)) {
	if len(written) <= longestTerm && isASCIILetters(written) { // as most are
		a.term(written, fn)
		return
	}
	if isASCII(written) {
		a.spaced(written, fn)
		return
	}
	// "VPN接続" is a word and a run of another script, with nothing between them.
	for rest := []rune(fold(written)); len(rest) > 0; {
		size, unspaced := run(rest)
		if unspaced {
			pairs(rest[:size], fn)
		} else {
			a.spaced(string(rest[:size]), fn)
		}
		rest = rest[size:]
	}
}

// spaced gives the terms of one word of a script that separates words.
func (a *analyzer) spaced(written string, fn func(string)) {
	written = apostrophes.Replace(written)
	if written == "" || len(written) > longestTerm {
		return
	}
	a.term(written, fn)
	for _, part := range parts(written) {
		if len(part) > 1 {
			a.term(part, fn)
		}
	}
}

func (a *analyzer) term(written string, fn func(string)) {
	lower := strings.ToLower(written)
	if isStopWord(lower) {
		return
	}
	stem, known := a.stems[lower]
	if !known {
		stem = lower
		if isASCIILetters(lower) {
			stem = english.Stem(lower, true)
		}
		if len(a.stems) >= memoSize {
			clear(a.stems)
		}
		a.stems[strings.Clone(lower)] = stem
	}
	fn(stem)
}

// fold decomposes characters and drops their accents, so that "Zürich" is found by "zurich". What is left is composed
// again: a Korean syllable is three characters otherwise, and a word of five of them too long.
func fold(word string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
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
