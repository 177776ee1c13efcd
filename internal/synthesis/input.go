package synthesis

import (
	"fmt"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// Input is what a note is made from. It holds one tenant's data.
type Input struct {
	Ticket   ticket.Ticket `json:"ticket"`
	Tickets  Found         `json:"tickets"`
	Articles Found         `json:"articles"`
	Systems  Found         `json:"systems"`
	// Reference becomes the note's last line. It is ours, one line of at most 200 characters made of
	// letters, digits, spaces and . , : ; / # = ( ) [ ] _ -, so that no format has to escape it.
	Reference string `json:"reference"`

	// TenantID keeps the answers of one tenant apart from those of others where they are cached.
	TenantID string `json:"-"`
	Voice    Voice  `json:"-"`
	// Model and Temperature are the tenant's choice; the LLM's own when empty and nil.
	Model       string   `json:"-"`
	Temperature *float64 `json:"-"`
	// Limited is Prompt's.
	Limited bool `json:"-"`
	// Veil hides what no model may see; nil for nothing.
	Veil Veil `json:"-"`
	// Without, when set, says why no model is asked.
	Without Reason `json:"-"`
	// Footer is what a note says of itself below all else.
	Footer Footer `json:"-"`
}

// Voice is how a tenant wants its notes to be. The zero value is the usual one.
type Voice struct {
	Language string // a BCP 47 tag; that of the ticket when empty
	Tone     string // neutral, concise, friendly or formal; neutral when empty
	// Instructions and PinnedFacts are the tenant's own words. They are trusted more than a ticket, and less than our rules: what
	// is checked of an answer does not depend on them.
	Instructions string
	PinnedFacts  []string
	// Off are the keys of sections that are left out: similar_tickets, documentation, system_info, recommendations.
	Off []string
}

// Veil hides values in what goes to a model, and shows them again in what comes back. Both are of one draft: the same value has
// the same token in all of its texts.
type Veil interface {
	Hide(text string) string
	Show(text string) string
}

// Footer is what a note says of itself.
type Footer struct {
	// JobID is the job that wrote it; empty in a preview.
	JobID string `json:"job_id,omitempty"`
	// FeedbackURL is where the reader says whether the note helped; empty where nobody takes it.
	FeedbackURL string `json:"feedback_url,omitempty"`
}

// Found is what one source answered, or that it could not be asked.
type Found struct {
	gather.Result

	// Unavailable says why the source could not be asked; empty when it was. It is logged and not
	// shown, because an error's text may tell of our inside.
	Unavailable string `json:"unavailable,omitempty"`
}

const nothingFound = "Nothing relevant was found."

// emptyText is what a section shows that has no items.
func (in Input) emptyText(kind gather.Kind) string {
	switch {
	case kind == gather.KindTicket && in.Tickets.Unavailable != "":
		return "Past tickets could not be searched."
	case kind == gather.KindArticle && in.Articles.Unavailable != "":
		return "The knowledge base could not be reached."
	case kind == gather.KindSystem && in.Systems.Unavailable != "":
		return "The inventory could not be reached."
	default:
		return nothingFound
	}
}

// notices tell which sources are missing from the note, or answered with less than usual.
func (in Input) notices() []string {
	var notices []string
	for _, f := range []struct {
		kind  gather.Kind
		name  string
		found Found
	}{
		{gather.KindTicket, "Past tickets", in.Tickets},
		{gather.KindArticle, "Knowledge base", in.Articles},
		{gather.KindSystem, "Inventory", in.Systems},
	} {
		if f.found.Unavailable != "" {
			notices = append(notices, in.emptyText(f.kind))
			continue
		}
		if note := shorten(safeField(plain(veiled{in.Veil}.tell(f.found.Note))), maxNoticeWords); note != "" {
			notices = append(notices, fmt.Sprintf("%s: %s", f.name, note))
		}
	}
	return notices
}

// unavailable names the sections, as the prompt calls them, whose source could not be asked.
func (in Input) unavailable() []string {
	var keys []string
	for _, spec := range sectionSpecs() {
		if in.emptyText(spec.kind) != nothingFound {
			keys = append(keys, spec.key)
		}
	}
	return keys
}
