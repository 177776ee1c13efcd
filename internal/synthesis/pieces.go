package synthesis

import (
	"strings"
	"unicode"
)

// pieces cuts text into runs of letters and runs of digits, in lower case, with a space before and behind each: " ora 12541 " of "ORA-12541",
// "Ora12541" and "ORA 12541" alike. What is looked up in a text is looked up by its pieces, so that neither case nor punctuation nor
// the layout matters, and "vpn1" is not found in "vpn10".
func pieces(text string) string {
	var (
		out  strings.Builder
		kind rune // of the run that is being written: 'a', '0', 'c', or 0 for none
	)
	out.WriteByte(' ')
	for _, r := range text {
		var is rune
		switch {
		case unicode.IsDigit(r):
			is = '0'
		case unicode.In(r, spaced...):
			is, r = 'a', unicode.ToLower(r)
		case unicode.IsLetter(r): // of a script without spaces, or a rare one
			is = 'c'
		case unicode.Is(unicode.M, r) && kind > '0':
			is = kind
		}
		if is != kind && kind != 0 {
			out.WriteByte(' ')
		}
		if kind = is; is != 0 {
			out.WriteRune(r)
		}
	}
	if kind != 0 {
		out.WriteByte(' ')
	}
	return out.String()
}

// asciiDigits writes the decimal digits of all scripts as 0 to 9.
func asciiDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII || !unicode.Is(unicode.Nd, r) {
			return r
		}
		// Unicode has the ten digits of a script in a row, from zero on (chapter 4.6), and rows may follow each other.
		zero := r
		for unicode.Is(unicode.Nd, zero-1) {
			zero--
		}
		return '0' + (r-zero)%10
	}, text)
}
