// Package tenant owns what a client of the provider is to us: its identity, how to reach its
// systems, its preferences, and its credentials, which exist outside of this process only sealed.
package tenant

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ai-agents/ai-agents/internal/masking"
)

// ErrNotFound says that there is no such tenant, or none that is enabled.
var ErrNotFound = errors.New("no such tenant")

var idPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// ValidID says whether id has the form of a tenant id: lower-case letters, digits and hyphens, at most 63.
func ValidID(id string) bool { return idPattern.MatchString(id) }

// Profile is the edition of ServiceDesk Plus a tenant runs.
type Profile string

// The editions.
const (
	ProfileOnPrem Profile = "onprem"
	ProfileCloud  Profile = "cloud"
)

// Format is the markup a tenant's notes are written in.
type Format string

// The markups.
const (
	FormatHTML     Format = "html"
	FormatMarkdown Format = "markdown"
)

// Tenant is a client of the provider, without secrets.
type Tenant struct {
	ID   string
	Name string
	// ServiceDeskURL is the base of the tenant's API, up to and including /api/v3.
	ServiceDeskURL string
	Profile        Profile
	// TechnicianID is ServiceDesk Plus's id of the technician our key belongs to; empty when unknown.
	TechnicianID string
	// KnowledgeURL is the base of the tenant's knowledge-base API; empty when it has none.
	KnowledgeURL string
	Preferences  Preferences
	// Version grows with every change an operator makes, by more than 1 when others change too, and is given once: a tenant that
	// is created anew after a purge has a higher one. 0 for a tenant that is not stored.
	Version   int64
	UpdatedAt time.Time
}

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

// Mode is what becomes of a tenant's notes.
type Mode string

// The modes.
const (
	ModeOff    Mode = "off"    // none is made
	ModeShadow Mode = "shadow" // they are made and kept, and never posted
	ModeLive   Mode = "live"
)

// NoteMode is the mode, live unless the tenant chose.
func (p Preferences) NoteMode() Mode { return cmp.Or(p.Mode, ModeLive) }

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

// Validate names everything that is wrong with t, field by field.
func (t Tenant) Validate() error {
	var errs []error
	if !ValidID(t.ID) {
		errs = append(errs, errors.New("tenant_id: use 1 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen"))
	}
	if t.Name == "" {
		errs = append(errs, errors.New("name: is missing"))
	}
	for _, f := range []struct{ field, text string }{{"name", t.Name}, {"technician_id", t.TechnicianID}} {
		if !utf8.ValidString(f.text) || strings.ContainsRune(f.text, 0) {
			errs = append(errs, fmt.Errorf("%s: has a character that cannot be stored", f.field))
		}
	}
	if err := validBaseURL(t.ServiceDeskURL); err != nil {
		errs = append(errs, fmt.Errorf("servicedesk_url: %w", err))
	}
	if t.Profile != ProfileOnPrem && t.Profile != ProfileCloud {
		errs = append(errs, fmt.Errorf("servicedesk_profile: %q is neither %q nor %q", t.Profile, ProfileOnPrem, ProfileCloud))
	}
	if t.KnowledgeURL != "" {
		if err := validBaseURL(t.KnowledgeURL); err != nil {
			errs = append(errs, fmt.Errorf("kb_url: %w", err))
		}
	}
	if f := t.Preferences.NoteFormat(); f != FormatHTML && f != FormatMarkdown {
		errs = append(errs, fmt.Errorf("enhancement_prefs.format: %q is neither %q nor %q", f, FormatHTML, FormatMarkdown))
	}
	if err := t.Preferences.TicketURL.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("enhancement_prefs.ticket_url: %w", err))
	}
	if err := t.Preferences.ArticleURL.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("enhancement_prefs.article_url: %w", err))
	}
	return errors.Join(append(errs, t.Preferences.validateWebhooks()...)...)
}

// validBaseURL is for what paths are appended to: they would become part of a query or a fragment.
func validBaseURL(s string) error {
	if err := validURL(s); err != nil {
		return err
	}
	if strings.ContainsAny(s, "?#") {
		return errors.New("a query (?) and a fragment (#) do not belong into the URL")
	}
	return nil
}

func validURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return errors.New("expected an absolute http or https URL")
	}
	if u.User != nil {
		return errors.New("credentials do not belong into the URL")
	}
	return nil
}
