package tenant

import "github.com/ai-agents/ai-agents/internal/masking"

// Format is the markup a tenant's notes are written in.
type Format string

// The markups.
const (
	FormatHTML     Format = "html"
	FormatMarkdown Format = "markdown"
)

// Preferences is what is set for a tenant about its notes and its webhooks. Unknown keys are kept out of reach, not
// refused: a newer release may have written them.
type Preferences struct {
	Format Format `json:"format,omitempty"`
	// TicketURL and ArticleURL are where a browser finds a past ticket and an article, with {id} in place of its id; for
	// those that were stored without a URL of their own.
	TicketURL  LinkTemplate `json:"ticket_url,omitempty"`
	ArticleURL LinkTemplate `json:"article_url,omitempty"`
	// WebhooksPerMinute is how many webhooks are accepted in any 60 seconds; 0 for as many as the gateway's setting says.
	WebhooksPerMinute int `json:"webhooks_per_minute,omitempty"`
	// WebhookAuth and LongDescriptions: ask Auth and Truncates, which know the defaults.
	WebhookAuth      WebhookAuth      `json:"webhook_auth,omitempty"`
	LongDescriptions LongDescriptions `json:"long_descriptions,omitempty"`

	// Mode says what becomes of a note; ask NoteMode, which knows the default.
	Mode Mode `json:"mode,omitempty"`
	// Language of the note as a BCP 47 tag, such as "de"; empty for that of the ticket.
	Language string `json:"language,omitempty"`
	Tone     Tone   `json:"tone,omitempty"`
	// SectionsOff are the sections that the tenant's notes do without.
	SectionsOff []Section `json:"sections_off,omitempty"`
	// Instructions are the tenant's own words to the model, and PinnedFacts what it is to know on every ticket.
	Instructions string   `json:"instructions,omitempty"`
	PinnedFacts  []string `json:"pinned_facts,omitempty"`
	// Model is one of those that the platform offers; empty for its default. Temperature is the model's own when nil.
	Model       string   `json:"model,omitempty"`
	Temperature *float64 `json:"temperature,omitempty"`
	// Mask are the kinds of data that no model sees; nil for masking.Defaults. Credentials are masked always.
	Mask []masking.Kind `json:"mask,omitzero"`
	// MinRelevance, between 0 and 1, is below what a source is left out; 0 for none.
	MinRelevance float64 `json:"min_relevance,omitempty"`
	Budget       Budget  `json:"budget,omitzero"`
}

// Tone is how a note is worded.
type Tone string

// The tones.
const (
	ToneNeutral  Tone = "neutral"
	ToneConcise  Tone = "concise"
	ToneFriendly Tone = "friendly"
	ToneFormal   Tone = "formal"
)

// Section is a part of a note. The names are those of the model's answer (package synthesis).
type Section string

// The sections.
const (
	SectionTickets         Section = "similar_tickets"
	SectionArticles        Section = "documentation"
	SectionSystems         Section = "system_info"
	SectionRecommendations Section = "recommendations"
)

// Budget is what a tenant may spend on models in a calendar month (UTC), in US dollars; 0 for no limit. Over Soft operators
// are told, over Hard notes are made from the gathered context alone.
type Budget struct {
	SoftUSD float64 `json:"soft_usd,omitempty"`
	HardUSD float64 `json:"hard_usd,omitempty"`
}

// MaxWebhooksPerMinute is the highest limit that a tenant may have.
const MaxWebhooksPerMinute = 100_000

// NoteFormat is the markup to write, HTML unless the tenant chose.
func (p Preferences) NoteFormat() Format {
	if p.Format == "" {
		return FormatHTML
	}
	return p.Format
}
