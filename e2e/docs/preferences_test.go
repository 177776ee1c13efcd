package docs_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// preference is what the schema says of a key.
type preference struct {
	Type       string                `json:"type"`
	Enum       []string              `json:"enum"`
	Form       string                `json:"x-form"`
	Default    any                   `json:"default"`
	Minimum    float64               `json:"minimum"`
	Maximum    float64               `json:"maximum"`
	MaxLength  int                   `json:"maxLength"`
	MaxItems   int                   `json:"maxItems"`
	Items      *preference           `json:"items"`
	Properties map[string]preference `json:"properties"`
}

// values says in words what may be set.
func (p preference) values() string {
	switch {
	case len(p.Enum) > 0:
		return quoted(p.Enum)
	case p.Form != "":
		return p.Form
	case p.Items != nil && p.MaxItems > 0 && len(p.Items.Enum) > 0:
		return fmt.Sprintf("list of at most %d of %s", p.MaxItems, p.Items.values())
	case p.Items != nil && p.MaxItems > 0:
		return fmt.Sprintf("list of at most %d texts of at most %d characters", p.MaxItems, p.Items.MaxLength)
	case p.Items != nil:
		return "list of " + p.Items.values()
	case p.Type == "string":
		return fmt.Sprintf("text of at most %d characters", p.MaxLength)
	default:
		return fmt.Sprintf("%.0f to %.0f", p.Minimum, p.Maximum)
	}
}

func (p preference) otherwise() string {
	switch value := p.Default.(type) {
	case string:
		return "`" + value + "`"
	case float64:
		return fmt.Sprint(value)
	case []any:
		words := make([]string, len(value))
		for i, word := range value {
			words[i] = fmt.Sprint(word)
		}
		return cmp.Or(quoted(words), "none")
	default:
		return "none"
	}
}

func quoted(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return "`" + strings.Join(words, "`, `") + "`"
}

// Every preference is in the table, with its values, limits and default as the schema has them.
func TestEveryPreferenceIsDocumented(t *testing.T) {
	var schema preference
	if err := json.Unmarshal(tenant.PreferencesSchema(), &schema); err != nil {
		t.Fatal(err)
	}
	var existing []string
	for key, p := range schema.Properties {
		if p.Type != "object" {
			existing = append(existing, key+" | "+p.values()+" | "+p.otherwise())
		}
		for inner, q := range p.Properties {
			existing = append(existing, key+"."+inner+" | "+q.values()+" | "+q.otherwise())
		}
	}
	var documented []string
	for _, row := range rows(read(t, filepath.Join(repository(t), "docs", "preferences.md"))) {
		documented = append(documented, strings.Trim(row[0], "`")+" | "+row[1]+" | "+row[2])
	}
	compare(t, "preference (key, values, default)", documented, existing)
}
