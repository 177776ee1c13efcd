package console

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ai-agents/ai-agents/internal/tenant"
)

// pathSchema is where the JSON Schema of preferences is served, as it is checked with.
const pathSchema = "/schemas/preferences"

// keyword is the part of JSON Schema that the schema of preferences uses.
type keyword struct {
	Type        string              `json:"type"`
	Description string              `json:"description"`
	Enum        []any               `json:"enum"`
	Default     any                 `json:"default"`
	Pattern     string              `json:"pattern"`
	Form        string              `json:"x-form"`
	Minimum     *float64            `json:"minimum"`
	Maximum     *float64            `json:"maximum"`
	MinLength   *int                `json:"minLength"`
	MaxLength   *int                `json:"maxLength"`
	MaxItems    *int                `json:"maxItems"`
	Unique      bool                `json:"uniqueItems"`
	Items       *keyword            `json:"items"`
	Properties  map[string]*keyword `json:"properties"`
}

func (k *keyword) huma() *huma.Schema {
	if k == nil {
		return nil
	}
	s := &huma.Schema{
		Type: k.Type, Description: k.Description, Enum: k.Enum, Default: k.Default, Pattern: k.Pattern, PatternDescription: k.Form,
		Minimum: k.Minimum, Maximum: k.Maximum, MinLength: k.MinLength, MaxLength: k.MaxLength, MaxItems: k.MaxItems, UniqueItems: k.Unique,
		Items: k.Items.huma(),
	}
	if k.Type == huma.TypeObject {
		s.AdditionalProperties = false
		s.Properties = map[string]*huma.Schema{}
		for name, property := range k.Properties {
			s.Properties[name] = property.huma()
		}
	}
	s.PrecomputeMessages()
	return s
}

// preferencesSchema is the schema of preferences as huma has schemas. It is made of the one they are checked with, so that there is no second
// description of them.
func preferencesSchema() *huma.Schema {
	var whole keyword
	// It is part of the program, and compiled by tenant's tests.
	if err := json.Unmarshal(tenant.PreferencesSchema(), &whole); err != nil {
		panic("the schema of preferences: " + err.Error())
	}
	return whole.huma()
}

// describePreferences has huma describe and check preferences by their schema, and not by their type.
func describePreferences(schemas huma.Registry) {
	described := schemas.Schema(reflect.TypeFor[tenant.Preferences](), false, "")
	*described = *preferencesSchema()
	delete(schemas.Map(), reflect.TypeFor[tenant.Budget]().Name()) // which is described within
}

// meant says which preference was meant by one that there is not; empty for anything else.
func meant(location string) string {
	key, inside := strings.CutPrefix(location, "body.enhancement_prefs.")
	if !inside { // those of a preview
		key, inside = strings.CutPrefix(location, "body.preferences.")
	}
	if !inside {
		return ""
	}
	if closest := tenant.ClosestPreference(key); closest != "" {
		return ": did you mean " + closest + "?"
	}
	return ""
}
