package synthesis

import (
	"regexp"
	"strings"
)

var (
	ordinalForm = regexp.MustCompile(`^(\d{1,3})(?:st|nd|rd|th|er|ère|e|ème|eme|ste|de|º|ª)$`)
	// longWord is one that a language has, and no part of an identifier.
	longWord = regexp.MustCompile(`^\p{L}{4,}$`)
	nameWord = regexp.MustCompile(`^\p{Lu}\p{Ll}{3,}$`)
	pureWord = regexp.MustCompile(`^\p{L}+$`)
)

// idents finds identifiers: words that have letters and digits. "5-minute" is a number and its unit, "3e" a number.
func (s *scanner) idents() {
	for _, at := range factIdent.FindAllStringIndex(s.rest, -1) {
		word := s.rest[at[0]:at[1]]
		if !hasDigit.MatchString(word) || !hasLetter.MatchString(word) || !known(word) && (hasUnit(word) || ordinal(word) != "") {
			continue
		}
		s.take(fact{kind: factCode}, at[0], at[1])
	}
}

// hasUnit says whether word is a number with its unit, with or without more behind it: "5GB", "10-minute", "64-GB-Modul".
func hasUnit(word string) bool {
	if _, _, ok := measured(word); ok {
		return true
	}
	number, rest, _ := strings.Cut(word, "-")
	of, more, _ := strings.Cut(rest, "-")
	return !hasLetter.MatchString(number) && unit(of) != noUnit && !hasDigit.MatchString(more)
}

// ordinal is the number of an ordinal such as "3rd" or the French "3e"; empty for other words.
func ordinal(word string) string {
	if m := ordinalForm.FindStringSubmatch(word); m != nil {
		return m[1]
	}
	return ""
}

// core is an identifier without the words that a language puts around it with hyphens: of "KB5031234-Installation" it is the number of
// the update, of "Windows-11-Rechner" the name of the system. What is short may be a part of it, as in "srv-12-db".
func core(word string) string {
	parts := strings.Split(word, "-")
	for len(parts) > 1 {
		last := parts[len(parts)-1]
		if !longWord.MatchString(last) && (!pureWord.MatchString(last) || !nameWord.MatchString(parts[0])) {
			break
		}
		parts = parts[:len(parts)-1]
	}
	for len(parts) > 1 && longWord.MatchString(parts[0]) && hasDigit.MatchString(parts[1]) && hasLetter.MatchString(parts[1]) {
		parts = parts[1:]
	}
	return strings.Join(parts, "-")
}
