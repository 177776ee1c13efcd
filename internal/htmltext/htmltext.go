// Package htmltext owns turning the HTML of tickets, resolutions and articles into plain text that a
// person, a search index and a language model can read: code keeps its line breaks and indentation, tables
// keep their rows, lists and paragraphs their shape. Everything a reader would not see is dropped.
//
// The markup is somebody else's: mail programs', editors', and what people pasted. It is read token by token, because a
// document tree of hostile markup costs too much, and nothing in it makes reading fail: unclosed and misplaced tags, any
// nesting, and attributes of any size.
package htmltext

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/ai-agents/ai-agents/internal/ticket"
)

// Limits, in bytes. What lies beyond is left out.
const (
	// MaxMarkup is how much markup is read: twice what the client reads of an answer.
	MaxMarkup = 8 << 20
	// MaxText is how long a text becomes.
	MaxText = 256 << 10
)

// cutMark ends a text that was cut.
const cutMark = "\n…"

// FromHTML is what a reader sees of markup that is known to be HTML, such as a description in ServiceDesk
// Plus, in the form of ticket.Normalize and at most MaxText bytes long. It has no tags and no entities; outside of
// code, white space is collapsed. Cells of a row are separated by " | ", and a link is followed by its target in
// parentheses where that is a web address and differs from the link's text.
//
// Tags that HTML does not know are taken for text, because people write List<String> and <none>; those of
// office programs (<o:p>) are dropped. A text without any tag keeps its line breaks.
func FromHTML(markup string) string {
	markup = upTo(markup, MaxMarkup)
	if !hasTag(markup) {
		return finish(html.UnescapeString(markup))
	}
	r := newReader(markup)
	r.run()
	return finish(r.out.String())
}

// FromEither does the same with a text of which it is not known whether it is HTML. One in which no tag of HTML
// is found is taken as it stands, entities included.
func FromEither(text string) string {
	if hasTag(upTo(text, MaxMarkup)) {
		return FromHTML(text)
	}
	return finish(text)
}

func finish(text string) string {
	// No-break spaces are how pasted code is indented; nobody searches for them.
	text = strings.ReplaceAll(text, "\u00a0", " ")
	// Cut first: normalising is linear, but a hostile text is long.
	text = ticket.Normalize(upTo(text, 2*MaxText))
	if len(text) <= MaxText {
		return text
	}
	return ticket.Normalize(upTo(text, MaxText-len(cutMark))) + cutMark
}

// upTo is at most the first n bytes of s, with no character cut apart.
func upTo(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
