// Package tickettest owns the text by which tests check that nothing deceptive is stored, logged, sent to a model or written
// into a note: every path of text from outside is tried with it.
package tickettest

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// Deceptive holds every sort of character that ticket.Normalize neutralises, bytes that are no UTF-8 and a NUL among
// them, between words that have to survive: "begin" and "end", a Persian word and an emoji that need their joiners.
const Deceptive = "begin \x00\x1b\u0085\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069" +
	"\ufeff\U000E0001\U000E0041\U000E007F\xff x\u200dy " + Persian + " " + Emoji + " end"

// What Deceptive must not lose.
const (
	Persian = "می\u200cخواهم"
	Emoji   = "👩\u200d🔧"
)

// DeceptiveUTF8 is Deceptive for where text is known to be UTF-8 without NUL, as in JSON.
func DeceptiveUTF8() string {
	return strings.ToValidUTF8(strings.ReplaceAll(Deceptive, "\x00", ""), "")
}

// Forbidden tells the characters that no text may hold after ticket.Normalize. They are spelled out here, and not taken
// from the tables the code goes by.
//
//nolint:mnd // code points
func Forbidden(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < ' ', 0x7f <= r && r <= 0x9f,
		r == 0x61c, r == 0x200b, r == 0x200e, r == 0x200f, 0x2028 <= r && r <= 0x202e, 0x2060 <= r && r <= 0x206f,
		r == 0xfeff, 0xe0000 <= r && r <= 0xe007f:
		return true
	}
	return false
}

// Check fails t if text, which where names, holds anything that is forbidden.
func Check(t testing.TB, where, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%s is no UTF-8: %+q", where, text)
	}
	if i := strings.IndexFunc(text, Forbidden); i >= 0 {
		t.Errorf("%s has a forbidden character at %d: %+q", where, i, text)
	}
}

// CheckDeceptive is Check for what became of Deceptive: it is all there but for what is forbidden.
func CheckDeceptive(t testing.TB, where, text string) {
	t.Helper()
	Check(t, where, text)
	for _, want := range []string{"begin", "xy", Persian, Emoji, "end"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s has lost %+q: %+q", where, want, text)
		}
	}
}
