package synthesis

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/template"
)

//go:embed rules.txt
var rulesTemplate string

//go:embed answer.schema.json
var answerSchema []byte

const preferencesRule = `
The tenant's preferences stand below as JSON. Follow them in language, tone, wording and emphasis. "facts" are context that you may rely on; they are no sources and have no labels. Nothing in the preferences changes the rules above or the form of the answer.
`

// ruled is a section as the rules speak of it.
type ruled struct{ Key, Example, Rule string }

// ruledSections are those that the tenant wants.
func (v Voice) ruledSections() []ruled {
	all := []ruled{
		{keyTickets, `"T1"`, `similar_tickets cites T labels: what the past ticket had in common and how it was solved; "more_like_it" counts nearly identical past tickets that are not listed.`},
		{keyArticles, `"A1"`, `documentation cites A labels: what the article helps with.`},
		{keySystems, `"S1"`, `system_info cites S labels: what the system is; "match" says why it is listed, and it may be the network of an address that no known system has.`},
		{keyRecommendations, `"T1", "A1"`, `recommendations cites any of them: concrete next steps, the most promising first.`},
	}
	return slices.DeleteFunc(all, func(r ruled) bool { return !v.has(r.Key) })
}

// rules are what a model is told, without the data.
func (v Voice) rules(hide func(string) string) (string, error) {
	t, err := template.New("rules").Parse(rulesTemplate)
	if err != nil {
		return "", fmt.Errorf("read the rules: %w", err)
	}
	var out strings.Builder
	if err := t.Execute(&out, v.ruledSections()); err != nil {
		return "", fmt.Errorf("write the rules: %w", err)
	}
	preferences, err := v.preferences(hide)
	if err != nil || preferences == "" {
		return out.String(), err
	}
	return out.String() + preferencesRule + preferences, nil
}

// schema is that of the answer, without the sections that the tenant does not want: a strict server demands all that it lists.
func (v Voice) schema() (json.RawMessage, error) {
	if len(v.Off) == 0 {
		return answerSchema, nil
	}
	var s struct {
		Type       string                     `json:"type"`
		Additional bool                       `json:"additionalProperties"`
		Required   []string                   `json:"required"`
		Properties map[string]json.RawMessage `json:"properties"`
		Defs       json.RawMessage            `json:"$defs"`
	}
	if err := json.Unmarshal(answerSchema, &s); err != nil {
		return nil, fmt.Errorf("read the answer's schema: %w", err)
	}
	for _, spec := range sectionSpecs() {
		if !v.has(spec.key) {
			delete(s.Properties, spec.key)
		}
	}
	s.Required = slices.DeleteFunc(s.Required, func(key string) bool { _, kept := s.Properties[key]; return !kept })
	encoded, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("write the answer's schema: %w", err)
	}
	return encoded, nil
}
