package inventory

import (
	"iter"
	"strings"
	"unicode"
)

// mentions scans text for addresses and networks. A token is what a reader takes for one word; an address
// is found inside it, so that a part of a longer word never passes for one.
func mentions(text string) iter.Seq[mention] {
	return func(yield func(mention) bool) {
		var before preceding
		for t := range tokens(text) {
			announced := before.announcesVersion(text, t)
			for _, m := range addressesIn(t, announced) {
				if network, ok := networkBehind(m.addr, text[m.end():]); ok {
					m.network = network
				}
				if !yield(m) {
					return
				}
			}
			before.pass(t, announced)
		}
	}
}

// part is a piece of the text that begins at byte offset at.
type part struct {
	text string
	at   int
}

func (p part) slice(from, to int) part { return part{p.text[from:to], p.at + from} }

func (p part) end() int { return p.at + len(p.text) }

func tokens(text string) iter.Seq[part] {
	return func(yield func(part) bool) {
		whole, start := part{text: text}, -1
		for i, r := range text {
			switch inside := inToken(r); {
			case inside && start < 0:
				start = i
			case !inside && start >= 0:
				if !yield(whole.slice(start, i)) {
					return
				}
				start = -1
			}
		}
		if start >= 0 {
			yield(whole.slice(start, len(text)))
		}
	}
}

// inToken tells what words and addresses are made of. Scripts that put no space between words are
// left out: there, an address directly touches its neighbours.
func inToken(r rune) bool {
	if r < unicode.MaxASCII {
		return unicode.IsLetter(r) || isDigit(r) || strings.ContainsRune(".:%-_", r)
	}
	return unicode.In(r, unicode.L, unicode.N, unicode.M) && !unicode.In(r, unicode.Han, unicode.Hiragana,
		unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

func split(p part, separator byte) iter.Seq[part] {
	return func(yield func(part) bool) {
		for from := 0; from <= len(p.text); {
			to := len(p.text)
			if i := strings.IndexByte(p.text[from:], separator); i >= 0 {
				to = from + i
			}
			if !yield(p.slice(from, to)) {
				return
			}
			from = to + 1
		}
	}
}
