package synthesis

import (
	"github.com/ai-agents/ai-agents/internal/gather"
)

// Note is a work note before it is rendered. It is stored and passed on as JSON.
type Note struct {
	Summary string `json:"summary,omitempty"`
	// Sections are Similar Tickets, Documentation, System Info and Recommendations, in this order, but for those that the
	// tenant has switched off.
	Sections []Section `json:"sections"`
	// Generated says that a language model wrote the texts.
	Generated bool `json:"generated"`
	// Notices tell the reader how far the note can be relied on.
	Notices []string `json:"notices,omitempty"`
	// Changed tells what differs from the ticket's note before this one; empty when nothing does, or there was none.
	Changed string `json:"changed,omitempty"`
	// Reference is the note's last line: visible, and never altered, because the note is found again by it.
	Reference string `json:"reference,omitempty"`
	// Confidence is computed from what was checked, and not what a model says of itself; nil for a note without a model.
	Confidence *Confidence `json:"confidence,omitempty"`
	Footer     Footer      `json:"footer,omitzero"`
}

// Level is how far a note can be relied on.
type Level string

// The levels.
const (
	LevelLow    Level = "low"
	LevelMedium Level = "medium"
	LevelHigh   Level = "high"
)

// Confidence is how far a note can be relied on, and why.
type Confidence struct {
	Level Level `json:"level"`
	// Score lies between 0 and 1.
	Score float64 `json:"score"`
	// Because is one short sentence for the reader.
	Because string `json:"because"`
}

// Section is one part of a note.
//
//nolint:recvcheck // only the word limit changes one
type Section struct {
	Title string `json:"title"`
	Items []Item `json:"items"`
	// Empty is what stands in place of items when there are none.
	Empty string `json:"empty,omitempty"`
	// Omitted counts the items that the word limit left no room for.
	Omitted int `json:"omitted,omitempty"`
}

// Item is one statement and the sources that support it.
type Item struct {
	Text    string `json:"text"`
	Sources []Ref  `json:"sources"`
	// New says that the ticket's note before this one did not name one of the sources.
	New bool `json:"new,omitempty"`
}

// Ref is a citation of a gathered source.
type Ref struct {
	// Label is the source's name in the prompt, such as T1; it is not shown.
	Label string      `json:"label"`
	Kind  gather.Kind `json:"kind"`
	// Text is what the reader sees: "#1234", an article's title, a host name.
	Text string `json:"text"`
	// URL is empty or a well-formed http or https address.
	URL string `json:"url,omitempty"`
	// Relevance lies between 0 and 1, and Date is a day such as 2026-05-28; zero and empty where the source has none.
	Relevance float64 `json:"relevance,omitempty"`
	Date      string  `json:"date,omitempty"`
}

// sectionSpec says how a section is titled, what the model's answer calls it, and the only kind of
// source that may be cited in it; no kind means any.
type sectionSpec struct {
	title string
	key   string
	kind  gather.Kind
}

const sectionCount = 4

func sectionSpecs() [sectionCount]sectionSpec {
	return [sectionCount]sectionSpec{
		{title: "Similar Tickets", key: keyTickets, kind: gather.KindTicket},
		{title: "Documentation", key: keyArticles, kind: gather.KindArticle},
		{title: "System Info", key: keySystems, kind: gather.KindSystem},
		{title: "Recommendations", key: keyRecommendations, kind: ""},
	}
}

// adviceSection is the place of the recommendations among the sections.
const adviceSection = sectionCount - 1

// keyOf is what the answer calls the section of a kind of source.
func keyOf(kind gather.Kind) string {
	for _, spec := range sectionSpecs() {
		if spec.kind == kind {
			return spec.key
		}
	}
	return ""
}

// newNote frames the items of the four sections, in their order, with what holds for every note on in. Sections that the tenant has turned
// off are left out.
func newNote(in Input, items [sectionCount][]Item) Note {
	n := Note{Sections: []Section{}, Reference: plainReference(in.Reference), Footer: in.Footer}
	for i, spec := range sectionSpecs() {
		if !in.Voice.has(spec.key) {
			continue
		}
		s := Section{Title: spec.title, Items: items[i]}
		if len(s.Items) == 0 {
			s.Items = []Item{}
			s.Empty = in.emptyText(spec.kind)
		}
		n.Sections = append(n.Sections, s)
	}
	return n
}

// withoutReference removes the reference from all other texts of n: whoever searches for the note by its
// last line must not be led to another one that quotes it.
func withoutReference(n Note) Note {
	if n.Reference == "" {
		return n
	}
	n.Summary = without(n.Summary, n.Reference)
	for i := range n.Notices {
		n.Notices[i] = without(n.Notices[i], n.Reference)
	}
	for i := range n.Sections {
		for j := range n.Sections[i].Items {
			item := &n.Sections[i].Items[j]
			item.Text = without(item.Text, n.Reference)
			for k := range item.Sources {
				item.Sources[k].Text = without(item.Sources[k].Text, n.Reference)
			}
		}
	}
	return n
}
