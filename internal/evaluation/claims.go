package evaluation

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/synthesis"
)

// What is told here of claims is told without package synthesis, whose own checks are measured by it: its words and rules differ, so
// that a mistake of the one is not one of the other.

// claims holds each sentence of a note against the sources that it cites. The ticket counts as a source, for restating it invents
// nothing; a summary may draw on all sources.
func (o *Outcome) claims(c Case, n synthesis.Note) {
	evidence := c.evidence()
	ticket := strings.Join([]string{c.Ticket.ID, c.Ticket.Subject, c.Ticket.Description}, "\n")
	o.weigh(n.Summary, strings.Join(append(slices.Collect(maps.Values(evidence)), ticket), "\n"))
	for _, s := range n.Sections {
		for _, item := range s.Items {
			if strings.HasPrefix(item.Text, disclaimed) {
				continue
			}
			cited := []string{ticket}
			for _, ref := range item.Sources {
				if id, ok := c.cited(ref); ok {
					cited = append(cited, evidence[id])
				}
			}
			o.weigh(item.Text, strings.Join(cited, "\n"))
		}
	}
}

func (o *Outcome) weigh(text, evidence string) {
	for _, sentence := range sentences(text) {
		o.Claims++
		switch {
		case !factsAreIn(sentence, evidence):
			o.Unsupported = append(o.Unsupported, sentence)
		case !wordsAreIn(sentence, evidence):
			o.OffSource = append(o.OffSource, sentence)
		}
	}
}

var sentenceEnd = regexp.MustCompile(`[.!?]\s+|[。！？]`)

func sentences(text string) []string {
	var found []string
	for _, s := range sentenceEnd.Split(text, -1) {
		if s = strings.TrimSpace(s); s != "" {
			found = append(found, s)
		}
	}
	return found
}

var (
	word = regexp.MustCompile(`[\p{L}\p{N}_][\p{L}\p{M}\p{N}_.:/\\@%+#'’-]*`)
	// A fact is what can be wrong by a character: whatever has a digit, a code in capitals, a dotted name, a path.
	fact = regexp.MustCompile(`\p{N}|^[A-Z]{2,}_|_[A-Z]{2,}|\p{L}\.\p{L}{2,}|[\\/]\S`)
)

// factsAreIn says whether each fact of sentence stands in evidence, with nothing of a word around it, and each amount with its unit.
func factsAreIn(sentence, evidence string) bool {
	if !amountsAreIn(sentence, evidence) {
		return false
	}
	sentence = withoutKnownForms(sentence, evidence)
	evidence = strings.ToLower(evidence)
	for _, at := range word.FindAllStringIndex(sentence, -1) {
		token := strings.TrimRight(sentence[at[0]:at[1]], ".:/-'’")
		cut := strings.HasPrefix(sentence[at[1]:], "…")
		if fact.MatchString(token) && !stands(strings.ToLower(token), evidence, cut) && !partsStand(strings.ToLower(token), evidence) {
			return false
		}
	}
	return true
}

// stands looks for token in text as a word of its own; one that was cut short may go on.
func stands(token, text string, cut bool) bool {
	for offset := 0; ; {
		i := strings.Index(text[offset:], token)
		if i < 0 {
			return false
		}
		start, end := offset+i, offset+i+len(token)
		before, _ := utf8.DecodeLastRuneInString(text[:start])
		after, _ := utf8.DecodeRuneInString(text[end:])
		if !joins(before) && (cut || !joins(after)) && !partOfDotted(token, text[:start], text[end:]) {
			return true
		}
		offset = end
	}
}

var numberAlone = regexp.MustCompile(`^\d+$`)

// partOfDotted says whether token is a number within an address, a version or a time, and none of its own.
func partOfDotted(token, before, after string) bool {
	return numberAlone.MatchString(token) && (afterDigit.MatchString(before) || beforeDigit.MatchString(after))
}

var (
	afterDigit  = regexp.MustCompile(`\d[.:]$`)
	beforeDigit = regexp.MustCompile(`^[.:]\d`)
)

func joins(r rune) bool { return r < unicode.MaxLatin1 && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// Of a sentence's words so many must be the evidence's. Fewer words than leastWords prove nothing.
const (
	leastShare = 0.5
	leastWords = 4
)

// wordsAreIn says whether sentence is worded in what evidence says. It knows no synonyms, translations or paraphrases.
func wordsAreIn(sentence, evidence string) bool {
	said, known := wording(sentence), wording(evidence)
	shared := 0
	for w := range said {
		if known[w] {
			shared++
		}
	}
	return len(said) < leastWords || float64(shared) >= leastShare*float64(len(said))
}

// wording are the beginnings of the longer words of text, and pairs of characters where writing has no spaces.
func wording(text string) map[string]bool {
	const long, beginning = 4, 5
	found := map[string]bool{}
	for _, w := range word.FindAllString(strings.ToLower(text), -1) {
		runes := []rune(w)
		switch {
		case unicode.In(runes[0], unicode.Han, unicode.Hiragana, unicode.Katakana):
			for i := range len(runes) - 1 {
				found[string(runes[i:i+2])] = true
			}
		case len(runes) >= long:
			found[string(runes[:min(beginning, len(runes))])] = true
		}
	}
	return found
}
