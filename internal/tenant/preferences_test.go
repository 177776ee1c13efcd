package tenant_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/ai-agents/ai-agents/internal/masking"
	"github.com/ai-agents/ai-agents/internal/tenant"
	"github.com/ai-agents/ai-agents/internal/ticket/tickettest"
)

// good are preferences that are taken.
func good() []string {
	return []string{
		`{}`,
		`{"format": "markdown", "mode": "shadow", "language": "de", "tone": "formal", "sections_off": ["documentation"]}`,
		`{"sections_off": ["similar_tickets", "documentation", "system_info"]}`,
		`{"language": "pt-BR"}`, `{"language": "zh-Hant-TW"}`, `{"language": "gsw"}`, `{"language": "de-x-formal"}`,
		`{"instructions": "` + strings.Repeat("ü", 1000) + `"}`,
		`{"pinned_facts": ["The intranet is down on Sundays."]}`, `{"instructions": "Never ask for a password, link the page https://reset.example.com. Codes are in the vault."}`, `{"pinned_facts": []}`,
		`{"model": "gpt-4o-mini"}`, `{"model": "meta/llama-3.3:70b@v1"}`, `{"temperature": 0}`, `{"temperature": 2}`,
		`{"mask": []}`, `{"mask": ["email", "address"]}`, `{"min_relevance": 0.35}`, `{"min_relevance": 1}`,
		`{"budget": {}}`, `{"budget": {"soft_usd": 10, "hard_usd": 10}}`, `{"budget": {"soft_usd": 10}}`, `{"budget": {"hard_usd": 0.5}}`,
		`{"ticket_url": "https://sdp.example.com/WorkOrder.do?woID={id}", "article_url": "http://kb.example.com/{id}"}`,
		`{"webhooks_per_minute": 0, "webhook_auth": "static", "long_descriptions": "truncate"}`, `{"webhooks_per_minute": 100000}`,
	}
}

// bad are preferences that are refused, with the beginning of what is said of each key, and a part of what to do.
func bad() map[string][]string {
	return map[string][]string{
		`{"format": "pdf"}`:                 {"format: has to be one of html, markdown"},
		`{"mode": "Shadow"}`:                {"mode: has to be one of off, shadow, live"},
		`{"mode": ""}`:                      {"mode: has to be one of"},
		`{"mode": null}`:                    {"mode: has to be a string, and is null"},
		`{"tone": 3}`:                       {"tone: has to be a string, and is a number"},
		`{"language": "German"}`:            {"language: has to be a language tag (BCP 47), such as de"},
		`{"language": "de_DE "}`:            {"language: has to be a language tag"},
		`{"sections_off": "documentation"}`: {"sections_off: has to be an array, and is a string"},
		`{"sections_off": ["all"]}`:         {"sections_off[0]: has to be one of similar_tickets"},
		`{"sections_off": ["similar_tickets", "documentation", "system_info", "recommendations"]}`: {"sections_off: has 4 items, of which 3 are allowed"},
		`{"mask": ["email", "email"]}`:        {"mask: names something twice"},
		`{"mask": ["shoe_size"]}`:             {"mask[0]: has to be one of credential, email"},
		`{"instructions": ""}`:                {"instructions: is empty"},
		`{"pinned_facts": ["a", ""]}`:         {"pinned_facts[1]: is empty"},
		`{"model": "drop table; --"}`:         {"model: has to be the name of a model"},
		`{"temperature": 2.1}`:                {"temperature: has to be 2 or less"},
		`{"temperature": "warm"}`:             {"temperature: has to be a number"},
		`{"min_relevance": -0.1}`:             {"min_relevance: has to be 0 or more"},
		`{"min_relevance": 35}`:               {"min_relevance: has to be 1 or less"},
		`{"budget": {"soft_usd": -1}}`:        {"budget.soft_usd: has to be 0 or more"},
		`{"budget": {"weekly_usd": 1}}`:       {"budget.weekly_usd: there is no such key"},
		`{"budget": 10}`:                      {"budget: has to be an object"},
		`{"ticket_url": "https://x.example"}`: {"ticket_url: has to be an absolute http or https URL with {id}"},
		`{"webhooks_per_minute": 1.5}`:        {"webhooks_per_minute: has to be an integer"},
		`{"tonne": "formal", "lang": "de"}`:   {"lang: there is no such key: there are article_url", "tonne: there is no such key: did you mean tone?"},
		`{"min-relevance": 0.5}`:              {"min-relevance: there is no such key: did you mean min_relevance?"},
		`{"format": "pdf", "temperature": 7}`: {"format: has to be", "temperature: has to be"},
		`[]`:                                  {"the preferences: has to be an object"},
		`{"mode": `:                           {"the preferences: are no JSON"},

		`{"instructions": "` + strings.Repeat("ü", 1001) + `"}`:                             {"instructions: has 1001 characters, of which 1000 are allowed"},
		`{"pinned_facts": ["` + strings.Repeat("x", 301) + `"]}`:                            {"pinned_facts[0]: has 301 characters, of which 300"},
		`{"pinned_facts": ["1","2","3","4","5","6","7","8","9","10","11"]}`:                 {"pinned_facts: has 11 items, of which 10"},
		`{"budget": {"soft_usd": 1, "hard_usd": 1e300}, "webhooks_per_minute": 100001}`:     {"budget.hard_usd: has to be 1000000 or less", "webhooks_per_minute: has to be 100000"},
		`{"ticket_url": "ftp://sdp.example.com/{id}", "article_url": "kb.example.com{id}"}`: {"article_url: has to be an absolute", "ticket_url: has to be an absolute"},
	}
}

// stricter are those that the schema takes and Go refuses, because the schema has no words for it.
func stricter() map[string][]string {
	return map[string][]string{
		`{"language": "xx"}`: {"language: there is no such language"}, `{"language": "und"}`: {"language: there is no such language"},
		`{"budget": {"soft_usd": 20, "hard_usd": 10}}`:                                               {"budget.soft_usd: is more than hard_usd"},
		`{"ticket_url": "https://{id}.example.com/"}`:                                                {"ticket_url: {id} belongs behind the host"},
		`{"article_url": "https://user:pw@kb.example.com/{id}"}`:                                     {"article_url: credentials do not belong"},
		`{"instructions": "Greet them. The password: hunter2-Example"}`:                              {"instructions: has what looks like a password or a key, and is kept for good: leave the password out"},
		`{"pinned_facts": ["VPN is new.", "admin pw is Hunter2!x", "key: sk-example0123456789abc"]}`: {"pinned_facts[1]: has what", "pinned_facts[2]: has what"},
		`{"pinned_facts": ["\u200b\u202e"]}`:                                                         {"pinned_facts[0]: is empty"},
	}
}

// What the published schema takes and what this program takes are the same, but for what a schema cannot say.
func TestTheSchemaAndItsReaderAgree(t *testing.T) {
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(tenant.PreferencesSchema())))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("published.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("published.json") // it says itself which draft it is of
	if err != nil || schema.DraftVersion != 2020 {
		t.Fatalf("draft %d, %v", schema.DraftVersion, err)
	}
	takes := func(text string) bool {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		return err == nil && schema.Validate(value) == nil
	}
	refused := func(text string, wants []string) {
		t.Helper()
		_, err := tenant.ParsePreferences([]byte(text))
		if err == nil {
			t.Errorf("%s is taken", text)
			return
		}
		lines := strings.Split(err.Error(), "\n")
		if len(lines) != len(wants) {
			t.Errorf("%s: %q, want %q", text, lines, wants)
			return
		}
		for i, want := range wants {
			if !strings.HasPrefix(lines[i], want) {
				t.Errorf("%s: %q, want %q", text, lines[i], want)
			}
		}
	}
	for _, text := range good() {
		p, err := tenant.ParsePreferences([]byte(text))
		if err != nil || !takes(text) {
			t.Errorf("%s: %v; the schema takes it: %t", text, err, takes(text))
		}
		again, err := json.Marshal(p)
		if err != nil || !takes(string(again)) || p.Validate() != nil {
			t.Errorf("%s becomes %s, which is not taken: %v", text, again, p.Validate())
		}
	}
	for text, wants := range bad() {
		if takes(text) {
			t.Errorf("the schema takes %s", text)
		}
		refused(text, wants)
	}
	for text, wants := range stricter() {
		if !takes(text) {
			t.Errorf("the schema refuses %s", text)
		}
		refused(text, wants)
	}
}

// The schema has each key of the type, and no other; and the kinds that are masked.
func TestTheSchemaHasEveryPreference(t *testing.T) {
	type property struct {
		Description string `json:"description"`
		Default     any    `json:"default"`
		Items       struct {
			Enum []string `json:"enum"`
		} `json:"items"`
		Properties map[string]any `json:"properties"`
	}
	var schema struct {
		Properties map[string]property `json:"properties"`
	}
	if err := json.Unmarshal(tenant.PreferencesSchema(), &schema); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for key, p := range schema.Properties {
		if keys = append(keys, key); p.Description == "" {
			t.Errorf("%s is not described", key)
		}
	}
	slices.Sort(keys)
	if diff := cmp.Diff(jsonKeys(reflect.TypeFor[tenant.Preferences]()), keys); diff != "" {
		t.Error(diff)
	}
	var budget []string
	for key := range schema.Properties["budget"].Properties {
		budget = append(budget, key)
	}
	slices.Sort(budget)
	if diff := cmp.Diff(jsonKeys(reflect.TypeFor[tenant.Budget]()), budget); diff != "" {
		t.Error(diff)
	}
	var defaults []any
	for _, kind := range masking.Defaults() {
		defaults = append(defaults, string(kind))
	}
	if diff := cmp.Diff(defaults, schema.Properties["mask"].Default); diff != "" {
		t.Error(diff)
	}
	for _, kind := range masking.Defaults() {
		if !slices.Contains(schema.Properties["mask"].Items.Enum, string(kind)) {
			t.Errorf("the schema does not know %s", kind)
		}
	}
}

func jsonKeys(of reflect.Type) (keys []string) {
	for field := range of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		keys = append(keys, name)
	}
	slices.Sort(keys)
	return keys
}

func TestPreferencesAreNormalised(t *testing.T) {
	text, err := json.Marshal(map[string]any{
		"instructions": tickettest.Deceptive + " ", "pinned_facts": []string{" " + tickettest.Deceptive}, "language": "pt-br",
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := tenant.ParsePreferences(text)
	if err != nil {
		t.Fatal(err)
	}
	tickettest.CheckDeceptive(t, "instructions", p.Instructions)
	tickettest.CheckDeceptive(t, "a pinned fact", p.PinnedFacts[0])
	if p.Language != "pt-BR" {
		t.Errorf("language %q", p.Language)
	}
}

// Preferences that a newer release has stored are read all the same; what this one does not know is out of its reach.
func TestPreferencesOfANewerReleaseAreRead(t *testing.T) {
	var p tenant.Preferences
	err := json.Unmarshal([]byte(`{"format": "markdown", "of_a_later_release": {"x": [1]}, "mode": "pause"}`), &p)
	if err != nil || p.Format != tenant.FormatMarkdown || p.NoteMode() != tenant.ModeShadow {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestChangedPreferences(t *testing.T) {
	warm := 0.5
	a := tenant.Preferences{Format: tenant.FormatHTML, Tone: tenant.ToneFormal, Mask: []masking.Kind{}, Budget: tenant.Budget{SoftUSD: 1}}
	b := tenant.Preferences{Format: tenant.FormatHTML, Temperature: &warm, Budget: tenant.Budget{SoftUSD: 2}}
	if got := tenant.ChangedKeys(a, b); !slices.Equal(got, []string{"budget", "mask", "temperature", "tone"}) {
		t.Errorf("changed %q", got)
	}
	if got := tenant.ChangedKeys(a, a); len(got) != 0 {
		t.Errorf("changed %q", got)
	}
}
