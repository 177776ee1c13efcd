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
	if err := checkPreferences(document); err != nil {
		return Preferences{}, err
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
func (p Preferences) Validate() error {
	document, err := json.Marshal(p)
	if err != nil {
		return errors.New(wholeDocument + ": have a number that is none")
	}
	errs := []error{checkPreferences(document)}
	if errs[0] == nil { // of what has another form, nothing more is said
		errs = append(errs, p.validLanguage(), p.Budget.validate(), p.withoutSecrets())
	}
	for _, link := range []struct {
		key string
		to  LinkTemplate
	}{{"ticket_url", p.TicketURL}, {"article_url", p.ArticleURL}} {
		if err := link.to.Validate(); err != nil && errs[0] == nil {
			errs = append(errs, fmt.Errorf("%s: %w", link.key, err))
		}
	}
	return errors.Join(errs...)
}

func (p Preferences) validLanguage() error {
	if p.Language == "" {
		return nil
	}
	if tag, err := language.Parse(p.Language); err != nil || tag == language.Und {
		return errors.New("language: there is no such language: write it as a tag (BCP 47), such as de or pt-BR")
	}
	return nil
}

// withoutSecrets refuses secrets in what is kept for good: versions of preferences are never changed, and many can read them.
func (p Preferences) withoutSecrets() error {
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
	return errors.Join(errs...)
}

func (b Budget) validate() error {
	if b.HardUSD > 0 && b.SoftUSD > b.HardUSD {
		return errors.New("budget.soft_usd: is more than hard_usd, so that nobody would be told in time: lower it, or raise hard_usd")
	}
	return nil
}
