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

// estimateTokens is how many tokens text takes, rather too many, for all tokenizers in use: three letters to a token (English takes four to
// five), two digits, one sign, two bytes of what is not ASCII, and one of what takes four. Counted by cl100k_base, prose and logs in
// nine languages and formats take 56 to 94 percent of it (TestEstimatedTokens). Characters that no vocabulary has take up to one
// and a half times of it.
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
