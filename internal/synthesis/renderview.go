package synthesis

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ai-agents/ai-agents/internal/gather"
)

// maxBecauseWords bounds what a note says of its confidence.
const maxBecauseWords = 25

// FrameWords is the most words that a note shows besides its summary, its notices, its items, and what changed: the headings,
// the confidence, the footer, and a reference of at most four words.
const FrameWords = 65

// newMark stands before an item that names a source which the note before did not.
const newMark = "New:"

// feedbackText is the link by which the reader says whether the note helped. It tells where it leads without what is around it.
const feedbackText = "Say whether this note helped"

// view is a note in the order in which it is read, in texts that no format has cleaned yet.
//
// It answers first what the reader came for: what this is about, how far to rely on it, what is new, what to do. What the advice
// rests on follows, in the order of the sections. Sections without items are a line each below, and last comes what the note
// says of itself.
type view struct {
	summary    string
	confidence string // empty, or "Confidence: high."
	because    string
	notices    []string
	changed    string
	sections   []Section // those with items
	empty      []absence
	footer     []string
	feedback   string // empty, or the address of the link

	evident map[string]bool // sources that a section of their own kind shows
}

func newView(n Note) view {
	v := view{
		summary: n.Summary, notices: n.Notices, changed: n.Changed,
		feedback: ownURL(n.Footer.FeedbackURL), footer: []string{n.made()}, empty: n.absences(), evident: map[string]bool{},
	}
	if n.Confidence != nil && n.Confidence.Level != "" {
		v.confidence = "Confidence: " + string(n.Confidence.Level) + "."
		v.because = shorten(plain(n.Confidence.Because), maxBecauseWords)
	}
	if n.Footer.JobID != "" {
		v.footer = append(v.footer, "Job "+clip(n.Footer.JobID, maxIDRunes))
	}
	var evidence []Section
	for _, s := range n.Sections {
		switch {
		case len(s.Items) == 0:
		case s.advises():
			v.sections = append(v.sections, s)
		default:
			evidence = append(evidence, s)
			for _, ref := range s.refs() {
				v.evident[ref.key()] = true
			}
		}
	}
	v.sections = append(v.sections, evidence...)
	return v
}

// absence tells of sections without items, which say the same in place of them.
type absence struct{ titles, text string }

// absences are the sections of n without items: a line for those that found nothing, and one for each that could not be asked.
func (n Note) absences() []absence {
	var all []absence
	for _, s := range n.Sections {
		if len(s.Items) > 0 {
			continue
		}
		text := strings.TrimSpace(s.Empty + " " + s.omission())
		if text == "" { // of an earlier release
			text = nothingFound
		}
		if i := slices.IndexFunc(all, func(a absence) bool { return a.text == text }); i >= 0 {
			all[i].titles += ", " + s.Title
			continue
		}
		all = append(all, absence{titles: s.Title, text: text})
	}
	return all
}

// advises says that s is the section of recommendations: its statements are ours, and its sources support them. In the others a
// source comes first, as in a list of search results, and the statement tells of it.
func (s Section) advises() bool { return s.Title == sectionSpecs()[adviceSection].title }

// made tells how the note came about.
func (n Note) made() string {
	cited := 0
	seen := map[string]bool{}
	for _, s := range n.Sections {
		for _, ref := range s.refs() {
			if !seen[ref.key()] {
				seen[ref.key()] = true
				cited++
			}
		}
	}
	switch {
	case n.Generated && cited == 0:
		return "Written by a language model. Verify before acting."
	case n.Generated:
		return fmt.Sprintf("Written by a language model from %s, each citation checked by code. Verify before acting.", count(cited, "source"))
	case cited == 0:
		return "Made without a language model."
	default:
		return fmt.Sprintf("Gathered from %s, without a language model.", count(cited, "source"))
	}
}

// omission tells how many items the word limit left out.
func (s Section) omission() string {
	if s.Omitted == 0 {
		return ""
	}
	return fmt.Sprintf("%d more left out.", s.Omitted)
}

// label is how a citation names its source: so that it can be told from others in a list of nothing but links.
func (r Ref) label() string {
	// A citation may stand behind a bracket, and "[~name]" is a mention.
	text := cmp.Or(strings.TrimLeft(plain(r.Text), "~ "), r.Label)
	if r.Kind == gather.KindTicket && strings.HasPrefix(text, "#") {
		return "Ticket " + text
	}
	return text
}

// details tell how much a source has in common with the ticket, and when it was; empty when neither is known.
func (r Ref) details() string {
	var parts []string
	if r.Relevance > 0 {
		const percent = 100
		parts = append(parts, fmt.Sprintf("%.0f%% match", max(1, math.Round(percent*min(1, r.Relevance)))))
	}
	switch date := plain(r.Date); {
	case date == "":
	case r.Kind == gather.KindTicket:
		parts = append(parts, "resolved "+date)
	default:
		parts = append(parts, date)
	}
	if len(parts) == 0 {
		return ""
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// citations writes refs, each by cite, and what else is told of them by text. A source tells its details where the reader looks for it: in its own section, and with
// advice only where that section does not show it.
func (v view) citations(refs []Ref, advice bool, cite func(Ref) string, text func(string) string) string {
	var cited []string
	for _, ref := range refs {
		name := cite(ref)
		if name == "" {
			continue
		}
		if details := ref.details(); details != "" && (!advice || !v.evident[ref.key()]) {
			name += " " + text(details)
		}
		cited = append(cited, name)
	}
	return strings.Join(cited, ", ")
}
