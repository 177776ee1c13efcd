package synthesis

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/ai-agents/ai-agents/internal/gather"
)

// What checking dropped from a model's answer, and why: the keys of Output.Dropped.
const (
	DropMalformed         = "malformed"          // an item not of the form asked for
	DropEmpty             = "empty"              // an item without text
	DropUncited           = "uncited"            // an item that no valid citation supports
	DropInventedTicket    = "invented_ticket"    // a text that names a ticket number nobody gave it
	DropDuplicate         = "duplicate"          // an item that says what an earlier one said
	DropExcess            = "excess"             // an item beyond the most a section takes
	DropUnknownCitation   = "unknown_citation"   // a citation of something that was not gathered
	DropMisplacedCitation = "misplaced_citation" // a citation of a kind that the section does not take
	DropWordLimit         = "word_limit"         // an item that the word limit left no room for
)

const (
	maxSectionItems = 8
	maxItemRefs     = 4
)

var ticketNumber = regexp.MustCompile(`#\d{3,}`)

// checker turns an answer into items of a note, believing only what the sources bear out.
type checker struct {
	src     sources
	numbers map[string]bool // ticket numbers, with "#", that a text may name
	dropped map[string]int
}

func newChecker(in Input, src sources) checker {
	c := checker{src: src, numbers: map[string]bool{"#" + in.Ticket.ID: true}, dropped: map[string]int{}}
	c.know(in.Ticket.Text())
	for _, s := range src.byLabel {
		c.numbers["#"+s.item.ID] = true
		c.know(s.item.Title, s.item.Text, s.item.Resolution)
	}
	return c
}

// know allows the ticket numbers in texts to be named.
func (c checker) know(texts ...string) {
	for _, text := range texts {
		for _, number := range ticketNumber.FindAllString(text, -1) {
			c.numbers[number] = true
		}
	}
}

// items checks all sections of a.
func (c checker) items(a answer) (items [sectionCount][]Item) {
	for i, spec := range sectionSpecs() {
		items[i] = c.section(spec.kind, a.sections[i])
	}
	return items
}

// summary gives the answer's summary, or nothing when it names a ticket that does not exist.
func (c checker) summary(a answer) string {
	text := modelText(a.summary)
	if c.inventsTicket(text) {
		c.dropped[DropInventedTicket]++
		return ""
	}
	return shorten(text, maxSummaryWords)
}

func (c checker) section(kind gather.Kind, raw []rawItem) []Item {
	var items []Item
	seen := map[string]bool{}
	for _, r := range raw {
		item, reason := c.item(kind, r)
		key := fold(item.Text)
		switch {
		case reason != "":
		case seen[key]:
			reason = DropDuplicate
		case len(items) == maxSectionItems:
			reason = DropExcess
		}
		if reason != "" {
			c.dropped[reason]++
			continue
		}
		seen[key] = true
		items = append(items, item)
	}
	return items
}

// item checks one item; reason says why it must be dropped.
func (c checker) item(kind gather.Kind, r rawItem) (item Item, reason string) {
	if r.malformed {
		return Item{}, DropMalformed
	}
	text := modelText(r.text)
	refs := c.refs(kind, r.cites)
	switch {
	case fold(text) == "":
		return Item{}, DropEmpty
	case len(refs) == 0:
		return Item{}, DropUncited
	case c.inventsTicket(text):
		return Item{}, DropInventedTicket
	}
	return Item{Text: shorten(text, maxItemWords), Sources: refs}, ""
}

// refs resolves labels to sources of the kind that the section takes.
func (c checker) refs(kind gather.Kind, labels []string) []Ref {
	var refs []Ref
	seen := map[string]bool{}
	for _, label := range labels {
		label = strings.ToUpper(strings.Trim(label, "[]()# \t\n"))
		src, ok := c.src.byLabel[label]
		switch {
		case !ok:
			c.dropped[DropUnknownCitation]++
		case kind != "" && src.ref.Kind != kind:
			c.dropped[DropMisplacedCitation]++
		case !seen[label] && len(refs) < maxItemRefs:
			seen[label] = true
			refs = append(refs, src.ref)
		}
	}
	return refs
}

// inventsTicket says whether text names a ticket number that neither the ticket nor a source knows. It
// would read like one of our citations.
func (c checker) inventsTicket(text string) bool {
	for _, number := range ticketNumber.FindAllString(text, -1) {
		if !c.numbers[number] {
			return true
		}
	}
	return false
}

// fold reduces text to what decides whether two texts say the same: its letters and digits.
func fold(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}
