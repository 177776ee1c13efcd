package tenant

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/ai-agents/ai-agents/internal/masking"
	"github.com/ai-agents/ai-agents/internal/ticket"
)

// ParsePreferences reads preferences as an operator writes them: a JSON object by PreferencesSchema. The error names everything that is
// wrong, key by key, with what to do.
func ParsePreferences(document []byte) (Preferences, error) {
	if errs := checkPreferences(document); len(errs) > 0 {
		return Preferences{}, errors.Join(errs...)
	}
	var p Preferences
	if err := json.Unmarshal(document, &p); err != nil {
		return Preferences{}, errors.New(wholeDocument + ": have a number that is too large or too exact")
	}
	p = p.Normalized()
	return p, p.Validate()
}

// Normalized is p without what deceives the eye, as tickets are, with the language as it is usually written.
func (p Preferences) Normalized() Preferences {
	p.Instructions = strings.TrimSpace(ticket.Normalize(p.Instructions))
	p.PinnedFacts = slices.Clone(p.PinnedFacts)
	for i, fact := range p.PinnedFacts {
		p.PinnedFacts[i] = strings.TrimSpace(ticket.Normalize(fact))
	}
	if tag, err := language.Parse(p.Language); err == nil && p.Language != "" {
		p.Language = tag.String()
	}
	return p
}

// Validate names everything that is wrong with p, each as "key: what is wrong and what to do": by the schema, and what that
// cannot say.
func (p Preferences) Validate() error { return errors.Join(p.problems()...) }

func (p Preferences) problems() []error {
	document, err := json.Marshal(p)
	if err != nil {
		return []error{errors.New(wholeDocument + ": have a number that is none")}
	}
	if errs := checkPreferences(document); len(errs) > 0 { // of what has another form, nothing more is said
		return errs
	}
	errs := p.secrets()
	for key, err := range map[string]error{
		"language": p.validLanguage(), "budget.soft_usd": p.Budget.validate(),
		"ticket_url": p.TicketURL.Validate(), "article_url": p.ArticleURL.Validate(),
	} {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errs
}

func (p Preferences) validLanguage() error {
	if p.Language == "" {
		return nil
	}
	if tag, err := language.Parse(p.Language); err != nil || tag == language.Und {
		return errors.New("there is no such language: write it as a tag (BCP 47), such as de or pt-BR")
	}
	return nil
}

// secrets refuses secrets in what is kept for good: versions of preferences are never changed, and many can read them.
func (p Preferences) secrets() []error {
	const wrong = "has what looks like a password or a key, and is kept for good: leave the password out"
	var errs []error
	if masking.TellsSecret(p.Instructions) {
		errs = append(errs, errors.New("instructions: "+wrong))
	}
	for i, fact := range p.PinnedFacts {
		if masking.TellsSecret(fact) {
			errs = append(errs, fmt.Errorf("pinned_facts[%d]: %s", i, wrong))
		}
	}
	return errs
}

func (b Budget) validate() error {
	if b.HardUSD > 0 && b.SoftUSD > b.HardUSD {
		return errors.New("is more than hard_usd, so that nobody would be told in time: lower it, or raise hard_usd")
	}
	return nil
}
