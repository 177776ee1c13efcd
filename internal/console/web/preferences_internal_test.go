package web

import (
	"encoding/json"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"testing"

	"github.com/ai-agents/ai-agents/internal/adminapi"
	"github.com/ai-agents/ai-agents/internal/tenant"
)

func TestTheFormHasEveryPreferenceOnce(t *testing.T) {
	var shown []string
	for _, g := range preferenceGroups() {
		shown = append(shown, g.keys...)
	}
	slices.Sort(shown)
	if known := slices.Sorted(maps.Keys(preferences())); !slices.Equal(shown, known) {
		t.Errorf("the form has %q, the schema %q", shown, known)
	}
}

// What a form shows and sends again is what was set.
func TestPreferencesComeBackAsTheyWere(t *testing.T) {
	for _, text := range []string{
		`{}`,
		`{"format":"markdown","mode":"off","language":"pt-BR","tone":"friendly","sections_off":["documentation","system_info"],"instructions":"a\nb",
		  "pinned_facts":["one","two"],"model":"m-1","temperature":0,"mask":["credential"],"min_relevance":0.25,"budget":{"soft_usd":1.5,"hard_usd":2},
		  "ticket_url":"https://desk.example.com/{id}","article_url":"https://kb.example.com/{id}","webhooks_per_minute":7,"webhook_auth":"static",
		  "long_descriptions":"truncate"}`,
		`{"mask":[]}`,
	} {
		set, err := tenant.ParsePreferences([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		d, err := document(set)
		if err != nil {
			t.Fatal(err)
		}
		sent := url.Values{}
		for _, g := range preferencesForm(adminapi.Tenant{}, d).Groups {
			for _, f := range g.Fields {
				switch f.Kind {
				case kindSelect, kindChoices:
					for _, o := range f.Options {
						if o.Chosen {
							sent.Add(f.Name, o.Value)
						}
					}
				default:
					sent.Set(f.Name, f.Value)
				}
			}
		}
		again, err := json.Marshal(typedPreferences(sent))
		if err != nil {
			t.Fatal(err)
		}
		read, err := tenant.ParsePreferences(again)
		if err != nil {
			t.Fatalf("%s: %v", again, err)
		}
		// What was left out and what is set to the default are the same.
		set.Format, set.Mode, set.WebhookAuth = set.NoteFormat(), set.NoteMode(), set.Auth()
		if set.Tone == "" {
			set.Tone = tenant.ToneNeutral
		}
		if set.LongDescriptions == "" {
			set.LongDescriptions = tenant.LongRefused
		}
		if len(read.SectionsOff) == 0 {
			read.SectionsOff = set.SectionsOff
		}
		if !reflect.DeepEqual(set, read) {
			t.Errorf("%+v came back as %+v", set, read)
		}
	}
}
