package synthesis

import (
	"unicode"
	"unicode/utf8"
)

// Limits of a prompt's tokens, as they are estimated.
const (
	// DefaultPromptTokens are what a prompt takes at most.
	DefaultPromptTokens = 12_000
	// LeastPromptTokens hold our rules, a tenant's instructions, a ticket and a source.
	LeastPromptTokens = 3000
)

// estimateTokens is how many tokens text takes at most, for all tokenizers that are in use: three letters to a token (English takes
// four to five), two digits, one sign, and two bytes of what is not ASCII, or one of what takes four. Measured with cl100k_base and
// o200k_base, texts in thirteen languages and formats take between 30 and 95 percent of it; a tokenizer that never joins letters
// takes more.
func estimateTokens(text string) int {
	const (
		lettersPerToken = 3
		digitsPerToken  = 2
		bytesPerToken   = 2
	)
	tokens, letters, digits, bytes := 0, 0, 0, 0
	flush := func() {
		tokens += (letters+lettersPerToken-1)/lettersPerToken + (digits+digitsPerToken-1)/digitsPerToken
		letters, digits = 0, 0
	}
	for _, r := range text {
		switch {
		case r >= utf8.RuneSelf:
			flush()
			if n := utf8.RuneLen(r); n > 3 { //nolint:mnd // beyond the basic plane hardly anything is joined
				tokens += n
			} else {
				bytes += n
			}
		case unicode.IsLetter(r):
			letters++
		case unicode.IsDigit(r):
			digits++
		case r == ' ':
			flush()
		default:
			flush()
			tokens++
		}
	}
	flush()
	return tokens + (bytes+bytesPerToken-1)/bytesPerToken
}
