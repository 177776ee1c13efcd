package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kljensen/snowball/english"
)

// analyzerVersion changes with every change of what each gives for a text: an index made by another
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

// each calls fn for every term of text, in order, with repetitions: words in lower case without accents, English ones
// stemmed (Porter's second algorithm), stop words left out. A compound identifier (getUserName, HP4250) is found as
// a whole and by its parts. Scripts without spaces between words give pairs of characters.
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
		case start >= 0 && isJoiner(r):
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

// isJoiner tells the characters that only say how the letters around them are drawn. Who searches may leave them out.
func isJoiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

func isApostrophe(r rune) bool { return r == '\'' || r == '’' }

func followedByLetter(rest string) bool {
	r, _ := utf8.DecodeRuneInString(rest)
	return unicode.IsLetter(r)
}

//nolint:gochecknoglobals // never changes, and is made once
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
