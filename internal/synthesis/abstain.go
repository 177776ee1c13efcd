package synthesis

import "strings"

// mostUnrelated is how many sources of a kind a note names although none is relevant.
const mostUnrelated = 3

const (
	nothingRelevant    = "Nothing relevant was found for this ticket."
	nothingRecommended = "Nothing relevant was found, so nothing is recommended."
	unrelated          = "Probably unrelated"
)

// abstention is the note of a model that found nothing relevant. It says so first. A technician who doubts it sees what the searches gave:
// the first of each kind by name, marked as probably unrelated, and the systems, which the ticket itself mentions, as they are known. It
// recommends nothing.
func abstention(in Input, src sources, summary string) Note {
	t := telling{words: usualWords, title: maxTitleWords}
	n := newNote(in, [sectionCount][]Item{t.unrelated(src.tickets), t.unrelated(src.articles), t.systems(src.systems), nil})
	for i := range n.Sections {
		s := &n.Sections[i]
		switch s.Title {
		case sectionSpecs()[0].title:
			s.Omitted = max(0, len(src.tickets)-mostUnrelated)
		case sectionSpecs()[1].title:
			s.Omitted = max(0, len(src.articles)-mostUnrelated)
		case sectionSpecs()[adviceSection].title:
			s.Empty = nothingRecommended
		}
	}
	n.Generated = true
	n.Summary = strings.TrimSpace(nothingRelevant + " " + summary)
	n.Notices = in.notices()
	n.Confidence = &Confidence{Level: LevelLow, Because: "No source was judged to fit this ticket."}
	return n
}

// unrelated names the first of found.
func (t telling) unrelated(found []source) []Item {
	var items []Item
	for _, s := range found[:min(mostUnrelated, len(found))] {
		text := unrelated + "."
		if title := shorten(s.shown.Title, t.title); title != "" && title != s.ref.Text {
			text = unrelated + ": " + title
		}
		item := t.cited(text, s)
		item.Sources[0].Relevance = 0 // by its words it may match, which the judgement contradicts
		items = append(items, item)
	}
	return items
}
