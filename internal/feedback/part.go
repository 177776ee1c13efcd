package feedback

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// Kind is what a part of a note is.
type Kind string

// The kinds. They prefix the keys of parts, so they are stored. Systems have none: a ticket names them, so that no ranking decides on them.
const (
	KindSection Kind = "section"
	KindTicket  Kind = "ticket"
	KindArticle Kind = "article"
)

const (
	// maxParts bounds the page. No note cites so many sources.
	maxParts = 60
	// maxPart is the length of the longest key in characters.
	maxPart = 500
)

// Part is what can be voted on by itself: a section of a note, or a past ticket or article that it cites.
type Part struct {
	Kind Kind
	// Name is a section's, such as recommendations, or what the note calls the source: #1001, an article's title.
	Name string
	// Vote is what was said last; empty for nothing. ChangedAt is when.
	Vote      Value
	ChangedAt time.Time
}

// Key is how p is stored.
func (p Part) Key() string { return string(p.Kind) + ":" + p.Name }

// PartVote is what is said of the part of that key; an empty value takes back what was said before.
type PartVote struct {
	Key   string
	Value Value
}

// ErrNoPart says that the note has no such part.
var ErrNoPart = errors.New("the note has no such part")

// sectionOf names the sections as preferences do, by the titles under which a note keeps them.
func sectionOf(title string) tenant.Section {
	return map[string]tenant.Section{
		"Similar Tickets": tenant.SectionTickets, "Documentation": tenant.SectionArticles,
		"System Info": tenant.SectionSystems, "Recommendations": tenant.SectionRecommendations,
	}[title]
}

// partsOf are the parts of a note as its job keeps it, each once: first sections that say something, then what they cite.
func partsOf(stored []byte) ([]Part, error) {
	var note struct {
		Sections []struct {
			Title string `json:"title"`
			Items []struct {
				Sources []struct {
					Kind Kind   `json:"kind"`
					Text string `json:"text"`
				} `json:"sources"`
			} `json:"items"`
		} `json:"sections"`
	}
	if len(stored) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(stored, &note); err != nil {
		return nil, fmt.Errorf("read the parts of a note: %w", err)
	}
	var sections, sources []Part
	known := map[string]bool{}
	for _, s := range note.Sections {
		if name := sectionOf(s.Title); name != "" && len(s.Items) > 0 {
			sections = append(sections, Part{Kind: KindSection, Name: string(name)})
		}
		for _, item := range s.Items {
			for _, source := range item.Sources {
				p := Part{Kind: source.Kind, Name: strings.TrimSpace(source.Text)}
				if p.Kind != KindTicket && p.Kind != KindArticle || p.Name == "" || utf8.RuneCountInString(p.Key()) > maxPart || known[p.Key()] {
					continue
				}
				known[p.Key()] = true
				sources = append(sources, p)
			}
		}
	}
	parts := slices.Concat(sections, sources)
	return parts[:min(len(parts), maxParts)], nil
}
