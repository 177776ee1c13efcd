package synthesis

import (
	"slices"
	"strings"
	"unicode"
)

// A text gives our rules away when it has so many of their letters in a row; fewer are any English.
const (
	rulesRun  = 40
	rulesStep = rulesRun / 2
)

// ownRules notice our rules in what a model wrote. They hold no secret, but a note that has them was written by somebody's ticket.
type ownRules struct{ letters string }

func newOwnRules() ownRules {
	text, err := Voice{}.rules(func(s string) string { return s })
	if err != nil {
		text = rulesTemplate // the same, but for the names of sections
	}
	return ownRules{letters: lettersOf(text)}
}

// in says whether text has them, forwards or backwards, however it is spaced and punctuated.
func (o ownRules) in(text string) bool {
	forwards := lettersOf(text)
	backwards := []rune(forwards)
	slices.Reverse(backwards)
	return o.within(forwards) || o.within(string(backwards))
}

// within looks for a short run at every step, and how far it goes on from there.
func (o ownRules) within(text string) bool {
	for i := 0; i+rulesStep <= len(text); i += rulesStep {
		j := strings.Index(o.letters, text[i:i+rulesStep])
		if j < 0 {
			continue
		}
		before, after := 0, rulesStep
		for before < min(i, j) && text[i-before-1] == o.letters[j-before-1] {
			before++
		}
		for i+after < len(text) && j+after < len(o.letters) && text[i+after] == o.letters[j+after] {
			after++
		}
		if before+after >= rulesRun {
			return true
		}
	}
	return false
}

func lettersOf(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}
