package servicedesktest

import (
	"html"
	"strings"

	"github.com/microcosm-cc/bluemonday"
)

// newPolicy keeps the simple tags and links the real server keeps, and drops scripts,
// event handlers, comments, classes and styles.
func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("h1", "h2", "h3", "h4", "p", "br", "b", "i", "em", "strong", "ul", "ol", "li", "code", "pre", "a",
		"table", "thead", "tbody", "tr", "td", "th")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https")
	p.RequireParseableURLs(true)
	return p
}

// lastInPlane is the last character that a database keeps which has three bytes for each.
const lastInPlane = 0xffff

// sanitize makes of a note's text what is stored. s.mu may be held.
func (s *Server) sanitize(description string) string {
	if _, alters := s.faults.take(OperationWriteNote, FaultAlteredNotes); alters {
		description = strings.ReplaceAll(description, `href="https://`, `href="https://leaving.example.com/?to=https://`)
		description = strings.Map(func(r rune) rune {
			if r > lastInPlane {
				return -1
			}
			return r
		}, description)
	}
	return s.policy.Sanitize(description)
}

// newNoTags is costly to make, and a list needs it for each of its tickets.
func newNoTags() *bluemonday.Policy { return bluemonday.StrictPolicy().AddSpaceWhenStrippingTag(true) }

const shortLength = 250

// short is the short_description of lists: the beginning of the text without tags.
func (s *Server) short(description string) string {
	text := html.UnescapeString(s.noTags.Sanitize(description))
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > shortLength {
		return string(runes[:shortLength])
	}
	return text
}
