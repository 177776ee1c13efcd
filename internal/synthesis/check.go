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
	DropTooLong           = "too_long"           // an item whose first sentence is longer than an item may be
	DropAbstained         = "abstained"          // an item beside the statement that nothing is relevant
	DropUnwanted          = "unwanted"           // an item of a section that the tenant has turned off
	DropPromptBudget      = "prompt_budget"      // a source that the prompt had no room for
	DropRules             = "rules"              // a text that repeats our rules
	DropTruncated         = "truncated"          // an answer that broke off: what was cut off of it

	// DropUnsupportedCode and those below: a text that says what neither the cited sources nor the ticket do.
	DropUnsupportedCode    = "unsupported_code"    // an error code, an event, an identifier
	DropUnsupportedAddress = "unsupported_address" // an IP address, a host, a file
	DropUnsupportedContact = "unsupported_contact" // a phone number, a mail address; one to turn to that no source has
	DropUnsupportedNumber  = "unsupported_number"
	DropUnsupportedDate    = "unsupported_date" // or a time
	DropUnsupportedQuote   = "unsupported_quote"
	DropUnsupportedCommand = "unsupported_command" // or a path

	// DropAsksSecrets and DropUnsafe: a text that no technician should be told, whoever says so.
	DropAsksSecrets = "asks_secrets" // it asks for a password, a code, a key
	DropUnsafe      = "unsafe"       // it advises to weaken a protection, to destroy data, to run a download, to pay somebody
)

const (
	maxSectionItems = 8
	maxItemRefs     = 4
)

var (
	ticketNumber = regexp.MustCompile(`#\d{3,}`)
	pinnedLabel  = regexp.MustCompile(`^F\d{1,2}$`)
)

// checker turns an answer into items of a note, believing only what the sources bear out.
type checker struct {
	in  Input
	src sources
	// left are the sources that were not in the prompt: a model that cites one has guessed.
	left    map[string]bool
	show    func(string) string
	claims  *claimChecker
	rules   ownRules
	numbers map[string]bool // ticket numbers, with "#", that a text may name
	dropped map[string]int
}

func newChecker(in Input, src sources, left map[string]bool) checker {
	c := checker{
		in: in, src: src, left: left, show: veiled{in.Veil}.show, claims: newClaimChecker(in, src, left), rules: newOwnRules(),
		numbers: map[string]bool{"#" + in.Ticket.ID: true}, dropped: map[string]int{},
	}
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
		if !c.in.Voice.has(spec.key) {
			c.drop(DropUnwanted, len(a.sections[i]))
			continue
		}
		items[i] = c.section(spec.kind, a.sections[i])
	}
	return items
}

func (c checker) drop(reason string, n int) {
	if n > 0 {
		c.dropped[reason] += n
	}
}

// summary gives the answer's summary, without the sentences that neither the ticket nor any source bears out.
func (c checker) summary(a answer) string {
	text := modelText(c.show(a.summary))
	if c.rules.in(text) {
		c.dropped[DropRules]++
		return ""
	}
	var kept []string
	for _, sentence := range sentences(whole(text, 2*maxSummaryWords)) {
		reason := unsafe(sentence, true)
		if reason == "" && c.inventsTicket(sentence) {
			reason = DropInventedTicket
		}
		if reason == "" {
			reason = c.claims.unsupportedByAll(sentence, c.show(a.summary))
		}
		if reason != "" {
			c.dropped[reason]++
			continue
		}
		kept = append(kept, sentence)
	}
	return whole(strings.Join(kept, " "), maxSummaryWords)
}

func (c checker) section(kind gather.Kind, raw []rawItem) []Item {
	var items []Item
	seen := map[string]bool{}
	for _, r := range raw {
		item, bad, reason := c.item(kind, r)
		key := fold(item.Text)
		switch {
		case reason != "":
		case seen[key]:
			reason = DropDuplicate
		case len(items) == maxSectionItems:
			reason = DropExcess
		}
		if reason == "" || reason == DropUncited { // of an item that is dropped for something else, labels do not matter
			c.drop(DropUnknownCitation, bad.unknown)
			c.drop(DropMisplacedCitation, bad.misplaced)
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

// badLabels counts the labels of an item that cite nothing.
type badLabels struct{ unknown, misplaced int }

// item checks one item; reason says why it must be dropped.
func (c checker) item(kind gather.Kind, r rawItem) (item Item, bad badLabels, reason string) {
	if r.malformed {
		return Item{}, bad, DropMalformed
	}
	raw := c.show(r.text)
	said := modelText(raw)
	text := whole(said, maxItemWords) // what is beyond it is not shown, and not checked
	refs, bad := c.refs(kind, r.cites)
	switch {
	case fold(said) == "":
		reason = DropEmpty
	case text == "":
		reason = DropTooLong
	case len(refs) == 0:
		reason = DropUncited
	case c.inventsTicket(text):
		reason = DropInventedTicket
	case c.rules.in(text):
		reason = DropRules
	default:
		reason = unsafe(text, kind != "")
	}
	if reason == "" {
		reason = c.claims.unsupported(text, raw, refs)
	}
	if reason != "" {
		return Item{}, bad, reason
	}
	return Item{Text: text, Sources: refs}, bad, ""
}

// refs resolves labels to sources of the kind that the section takes.
func (c checker) refs(kind gather.Kind, labels []string) (refs []Ref, bad badLabels) {
	seen := map[string]bool{}
	for _, label := range labels {
		label = strings.ToUpper(strings.Trim(label, "[]()# \t\n"))
		src, ok := c.src.byLabel[label]
		switch {
		case !ok && pinnedLabel.MatchString(label): // a tenant's own fact: it supports, and is no source
		case !ok, c.left[label]:
			bad.unknown++
		case kind != "" && src.ref.Kind != kind:
			bad.misplaced++
		case !seen[label] && len(refs) < maxItemRefs:
			seen[label] = true
			refs = append(refs, src.ref)
		}
	}
	return refs, bad
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
