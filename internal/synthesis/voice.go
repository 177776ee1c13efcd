package synthesis

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Limits of a tenant's own words in a prompt, in characters.
const (
	maxPromptInstructions = 2000
	maxPromptFact         = 300
	maxPromptFacts        = 20
)

// The preferences stand between these lines, encoded like the data.
const (
	preferencesOpen  = "<preferences>"
	preferencesClose = "</preferences>"
)

// promptPreferences are a tenant's preferences as the model gets them.
type promptPreferences struct {
	Language     string   `json:"language,omitempty"`
	Tone         string   `json:"tone,omitempty"`
	Instructions string   `json:"instructions,omitempty"`
	Facts        []string `json:"facts,omitempty"`
}

// tones say what a tone means. The words are ours: a tone that is not among them is left out.
func tones() map[string]string {
	return map[string]string{
		"concise":  "concise: short sentences, no word that can be spared",
		"friendly": "friendly: as to a colleague, and to the point",
		"formal":   "formal: full sentences, no contractions",
	}
}

// has says whether the tenant wants the section that the answer calls key.
func (v Voice) has(key string) bool { return !slices.Contains(v.Off, key) }

// facts are the pinned facts as the model gets them.
func (v Voice) facts(hide func(string) string) []string {
	var facts []string
	for _, fact := range v.PinnedFacts[:min(maxPromptFacts, len(v.PinnedFacts))] {
		if fact = clipWord(hide(fact), maxPromptFact); strings.TrimSpace(fact) != "" {
			facts = append(facts, fact)
		}
	}
	return facts
}

// preferences are what follows the rules: the tenant's wishes, as encoded data below our rules in rank; empty for none.
func (v Voice) preferences(hide func(string) string) (string, error) {
	p := promptPreferences{
		Language: clip(hide(v.Language), maxPromptField), Tone: tones()[v.Tone],
		Instructions: clipWord(hide(v.Instructions), maxPromptInstructions), Facts: v.facts(hide),
	}
	if p.Language == "" && p.Tone == "" && p.Instructions == "" && len(p.Facts) == 0 {
		return "", nil
	}
	encoded, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("encode preferences: %w", err)
	}
	return preferencesOpen + "\n" + string(encoded) + "\n" + preferencesClose + "\n", nil
}
