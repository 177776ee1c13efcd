package synthesis

import "strings"

// quotedWords in a row of our rules are no chance. What a model quotes of them helps nobody who reads a note, and somebody who writes
// tickets.
const quotedWords = 6

// quotes says whether text has quotedWords of rules, which are in pieces, in a row.
func quotes(text, rules string) bool {
	words := strings.Fields(pieces(text))
	for i := 0; i+quotedWords <= len(words); i++ {
		if strings.Contains(rules, " "+strings.Join(words[i:i+quotedWords], " ")+" ") {
			return true
		}
	}
	return false
}
