package tenant

import (
	"bytes"
	_ "embed" // for the schema
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/agnivade/levenshtein"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// preferencesSchema is what preferences may be: the one place for it. The API's document, agentctl's check of a file and Validate are made
// of it.
//
//go:embed preferences.schema.json
var preferencesSchema []byte

// PreferencesSchema is the JSON Schema (draft 2020-12) of Preferences. "x-form" says in words what a pattern means.
func PreferencesSchema() []byte { return slices.Clone(preferencesSchema) }

// compiled is the schema as it is checked with, and forms what its patterns mean, by key.
type compiled struct {
	schema *jsonschema.Schema
	keys   []string
	forms  map[string]string
}

var preferences = sync.OnceValues(compile) //nolint:gochecknoglobals // compiled once, never changed

// PreferenceKeys are the keys of Preferences, sorted. What is stored besides is a newer release's.
func PreferenceKeys() ([]string, error) {
	c, err := preferences()
	return slices.Sorted(slices.Values(c.keys)), err
}

func compile() (compiled, error) {
	const name = "preferences.schema.json"
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(preferencesSchema))
	if err != nil {
		return compiled{}, fmt.Errorf("read the schema of preferences: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(name, document); err != nil {
		return compiled{}, fmt.Errorf("take the schema of preferences: %w", err)
	}
	c := compiled{forms: map[string]string{}}
	if c.schema, err = compiler.Compile(name); err != nil {
		return compiled{}, fmt.Errorf("compile the schema of preferences: %w", err)
	}
	var outline struct {
		Properties map[string]struct {
			Form string `json:"x-form"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(preferencesSchema, &outline); err != nil {
		return compiled{}, fmt.Errorf("read the keys of the schema of preferences: %w", err)
	}
	for key, property := range outline.Properties {
		c.keys, c.forms[key] = append(c.keys, key), property.Form
	}
	slices.Sort(c.keys)
	return c, nil
}

// checkPreferences says what the schema finds wrong with a document, key by key, as "key: what is wrong".
func checkPreferences(document []byte) []error {
	c, err := preferences()
	if err != nil {
		return []error{err}
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return []error{errors.New(wholeDocument + ": are no JSON")}
	}
	failed, ok := errors.AsType[*jsonschema.ValidationError](c.schema.Validate(value))
	if !ok {
		return nil
	}
	var errs []error
	for _, leaf := range leaves(failed) {
		errs = append(errs, c.explain(leaf)...)
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errs
}

// leaves are the faults themselves, without what they are found in.
func leaves(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var all []*jsonschema.ValidationError
	for _, cause := range e.Causes {
		all = append(all, leaves(cause)...)
	}
	return all
}

// explain puts a fault into words that say what to do. Values are not repeated.
func (c compiled) explain(e *jsonschema.ValidationError) []error {
	at := place(e.InstanceLocation)
	say := func(format string, args ...any) []error { return []error{named(at, fmt.Sprintf(format, args...))} }
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		var errs []error
		for _, key := range k.Properties {
			errs = append(errs, named(place(append(slices.Clone(e.InstanceLocation), key)), c.unknown(e.InstanceLocation, key)))
		}
		return errs
	case *kind.Type:
		return say("has to be %s, and is %s", article(strings.Join(k.Want, " or ")), article(k.Got))
	case *kind.Enum:
		return say("has to be one of %s", list(k.Want))
	case *kind.MaxLength:
		return say("has %d characters, of which %d are allowed: shorten it", k.Got, k.Want)
	case *kind.MinLength:
		return say("is empty: say something, or leave it out")
	case *kind.MaxItems:
		return say("has %d items, of which %d are allowed: leave some out", k.Got, k.Want)
	case *kind.UniqueItems:
		return say("names something twice: leave one out")
	case *kind.Minimum:
		want, _ := k.Want.Float64()
		return say("has to be %s or more", number(want))
	case *kind.Maximum:
		want, _ := k.Want.Float64()
		return say("has to be %s or less", number(want))
	case *kind.Pattern:
		return say("has to be %s", c.forms[e.InstanceLocation[0]])
	default:
		return say("is not as the schema of preferences says: %s", strings.Join(k.KeywordPath(), "/"))
	}
}

// unknown says what may have been meant by a key that there is not.
func (c compiled) unknown(within []string, key string) string {
	const message = "there is no such key"
	if len(within) > 0 {
		return message
	}
	if closest := c.closest(key); closest != "" {
		return fmt.Sprintf("%s: did you mean %s?", message, closest)
	}
	return fmt.Sprintf("%s: there are %s", message, strings.Join(c.keys, ", "))
}

// ClosestPreference is the key that may have been meant by one that there is not; empty when none is like it.
func ClosestPreference(key string) string {
	c, err := preferences()
	if err != nil {
		return ""
	}
	return c.closest(key)
}

// closest goes by letters: at most a third of them may be others.
func (c compiled) closest(key string) string {
	const alike = 3
	key = strings.ToLower(strings.ReplaceAll(key, "-", "_"))
	best, least := "", len(key)/alike+1
	for _, candidate := range c.keys {
		if distance := levenshtein.ComputeDistance(key, candidate); distance < least {
			best, least = candidate, distance
		}
	}
	return best
}

// place is where a value stands: budget.soft_usd, pinned_facts[2].
func place(path []string) string {
	var at strings.Builder
	for i, name := range path {
		if _, err := strconv.Atoi(name); err == nil {
			at.WriteString("[" + name + "]")
			continue
		}
		if i > 0 {
			at.WriteString(".")
		}
		at.WriteString(name)
	}
	return at.String()
}

// wholeDocument stands in an error where no key can.
const wholeDocument = "the preferences"

func named(at, message string) error {
	if at == "" {
		return errors.New(wholeDocument + ": " + message)
	}
	return fmt.Errorf("%s: %s", at, message)
}

func article(kind string) string {
	switch {
	case kind == "null":
		return "null"
	case strings.IndexAny(kind, "aeiou") == 0:
		return "an " + kind
	default:
		return "a " + kind
	}
}

func list(values []any) string {
	words := make([]string, len(values))
	for i, value := range values {
		words[i] = fmt.Sprint(value)
	}
	return strings.Join(words, ", ")
}

func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
