package synthesis

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/ticket"
)

// Limits of the texts in a note. Words alone do not bound a text that has no spaces.
const (
	maxItemWords    = 60
	maxSummaryWords = 60
	maxTitleWords   = 12
	maxNoticeWords  = 20
	runesPerWord    = 12
	maxIDRunes      = 40
	maxMarks        = 3      // combining marks on one letter; more of them paint over the lines around
	maxShownRunes   = 1500   // of a source's text, before it is shortened to what is shown
	maxRawRunes     = 12_000 // looked at of any text, so that a huge one costs no more
)

const ellipsis = "…"

// Links are ours to make: an address in somebody else's text is taken out, since the reader's client may
// turn it into a link by itself. Bare host names stay, technicians need them.
var (
	link = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://\S*` +
		`|\bwww\.\S+` +
		`|(?:javascript|vbscript|mailto):\S*` +
		`|\bdata:[a-z]+/\S*|\bfile:/\S*|\btel:\+?[0-9]\S*` +
		`|(?:[a-z0-9-]+\.)+[a-z]{2,}(?::[0-9]+)?(?:/\S*|[?#]\S+)`)
	// A share of a host of the internet is reached by whoever opens it, with his name and a proof of his password. Shares of hosts
	// without a domain stay, technicians need them.
	share        = regexp.MustCompile(`(?i)\\\\[a-z0-9-]+(?:\.[a-z0-9-]+)+\S*`)
	relativeLink = regexp.MustCompile(`(^|["'(=])//\S+`)
	markdownLink = regexp.MustCompile(`!?\[([^\[\]]*)\]\([^()\s]*(?:\s[^()]*)?\)`)
	inlineLabel  = regexp.MustCompile(`\s*[\[(]\s*[TAS]\d{1,3}(?:\s*[,;]\s*[TAS]\d{1,3})*\s*[\])]`)
	markup       = strings.NewReplacer("**", "", "`", "") //nolint:gochecknoglobals // immutable, like the expressions
)

const linkRemoved = "(link removed)"

// plain makes one line of harmless text out of text of unknown origin: no control, bidirectional or
// invisible characters, no addresses, no line breaks. It does not escape; that is the renderer's part.
func plain(s string) string {
	s = visible(ticket.Normalize(clip(s, maxRawRunes)))
	words := strings.Fields(s)
	for i, word := range words {
		words[i] = withoutLink(word)
	}
	return strings.Join(words, " ")
}

// withoutLink takes an address out of a word. Most words are spared the expressions, which are slow.
func withoutLink(word string) string {
	if !strings.ContainsAny(word, ":/?#\\") && !strings.Contains(strings.ToLower(word), "www.") {
		return word
	}
	word = share.ReplaceAllString(link.ReplaceAllString(word, linkRemoved), linkRemoved)
	return relativeLink.ReplaceAllString(word, "${1}"+linkRemoved)
}

// modelText is plain for text that a model wrote, which tends to carry Markdown and labels of sources.
func modelText(s string) string {
	s = visible(ticket.Normalize(clip(s, maxRawRunes)))
	s = markdownLink.ReplaceAllString(s, "$1")
	s = markup.Replace(s)
	s = inlineLabel.ReplaceAllString(s, "")
	return plain(s)
}

// plainReference is the reference on one line; ours, hence nothing in it is replaced.
func plainReference(s string) string {
	return strings.Join(strings.Fields(ticket.Normalize(s)), " ")
}

// visible drops characters that show nothing although Unicode does not class them as control or format,
// and combining marks beyond what any script stacks.
func visible(s string) string {
	marks := 0
	return strings.Map(func(r rune) rune {
		switch {
		case r < utf8.RuneSelf: // most of them, and none is in the tables
			marks = 0
			return r
		case unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r),
			unicode.Is(unicode.Variation_Selector, r),
			unicode.Is(unicode.Co, r), r == '\u2800', r == utf8.RuneError:
			return -1
		case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Me, r):
			if marks++; marks > maxMarks {
				return -1
			}
			return r
		default:
			marks = 0
			return r
		}
	}, s)
}

// WordCount counts words as a word processor does: whatever stands between white space.
func WordCount(text string) int { return len(strings.Fields(text)) }

// shorten cuts a title, which is no sentence, to at most words words, with an ellipsis. Text that is all one word is cut inside of it.
func shorten(text string, words int) string {
	if fields := strings.Fields(text); len(fields) > words {
		text = strings.TrimRight(strings.Join(fields[:words], " "), ",;:-–—") + ellipsis
	}
	return clip(text, words*runesPerWord)
}

// clip cuts s to at most n characters, the last of which then is an ellipsis.
func clip(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	count := 0
	for i := range s {
		if count++; count == n {
			return strings.TrimSpace(s[:i]) + ellipsis
		}
	}
	return s
}

// without removes unwanted from s, also where removing it would form it anew.
func without(s, unwanted string) string {
	for strings.Contains(s, unwanted) {
		s = strings.Join(strings.Fields(strings.ReplaceAll(s, unwanted, " ")), " ")
	}
	return s
}
