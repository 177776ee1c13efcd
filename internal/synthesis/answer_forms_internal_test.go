package synthesis

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const wholeAnswer = `{"nothing_relevant": false, "summary": "VPN drops. It's the \"client\".", "similar_tickets": [{"text": "A {b} [c].", "cites": ["T1"]},
 {"text": "Second.", "cites": ["T2"]}], "documentation": [{"text": "Third.", "cites": ["A1"]}], "system_info": [], "recommendations": [{"text": "Fourth.", "cites": ["T1", "A1"]}]}`

func claimed(a answer) []string {
	var all []string
	for _, items := range a.sections {
		for _, item := range items {
			all = append(all, item.text)
		}
	}
	return all
}

// Wherever an answer breaks off, what is read of it is a beginning of the whole one, and no item is a part of one.
func TestABrokenOffAnswerGivesItsWholeItems(t *testing.T) {
	t.Parallel()
	whole, err := parse(wholeAnswer)
	if err != nil {
		t.Fatal(err)
	}
	all := claimed(whole)
	most := 0
	for end := range len(wholeAnswer) {
		a, err := parse(wholeAnswer[:end])
		if err != nil {
			continue
		}
		got := claimed(a)
		if len(got) > 0 && !a.truncated {
			t.Errorf("cut at %d, it is not said to be truncated", end)
		}
		if len(got) > len(all) || !slices.Equal(all[:len(got)], got) {
			t.Errorf("cut at %d, it has %q", end, got)
		}
		if len(got) > 0 && a.summary != whole.summary {
			t.Errorf("cut at %d, the summary is %q", end, a.summary)
		}
		most = max(most, len(got))
	}
	if most != len(all) {
		t.Errorf("at most %d items are read", most)
	}
}

func TestAnAnswerOfAnyForm(t *testing.T) {
	t.Parallel()
	cutAnswer, _, _ := strings.Cut(wholeAnswer, `"documentation"`)
	for name, tc := range map[string]struct {
		text               string
		want               []string
		nothing, repaired  bool
		summary            string
		cites              []string // of the first item
		truncated, noItems bool
	}{
		"by the schema": {text: wholeAnswer, want: []string{"A {b} [c].", "Second.", "Third.", "Fourth."}, cites: []string{"T1"}},
		"a fence that breaks off": {
			text: "```json\n" + cutAnswer, want: []string{"A {b} [c].", "Second."}, truncated: true,
		},
		"a draft before one that breaks off": {
			text: `{"summary":"draft"} ` + cutAnswer, want: []string{"A {b} [c].", "Second."}, truncated: true,
		},
		"trailing commas": {
			text: `{"summary":"S.","recommendations":[{"text":"a","cites":["T1",]},],}`, want: []string{"a"}, repaired: true, summary: "S.", cites: []string{"T1"},
		},
		"single quotes": {text: `{'summary':'S.','recommendations':[{'text':'a','cites':['T1']}]}`, want: []string{"a"}, repaired: true},
		"bare keys":     {text: `{summary:"S.",recommendations:[{text:"a",cites:["T1"]}]}`, want: []string{"a"}, repaired: true},
		"a line break inside of a text": {
			text: "{\"summary\":\"S\nT.\",\"recommendations\":[{\"text\":\"a\nb\",\"cites\":[\"T1\"]}]}", want: []string{"a\nb"}, repaired: true,
		},
		"a path that is not escaped": {text: `{"summary":"S.","recommendations":[{"text":"C:\Windows","cites":["T1"]}]}`, want: []string{`C:\Windows`}, repaired: true},
		"abstaining":                 {text: `{"nothing_relevant":true,"summary":"S.","similar_tickets":[]}`, nothing: true, noItems: true},
		"abstaining in words":        {text: `{"nothing_relevant":"yes","summary":"S.","similar_tickets":[]}`, noItems: true}, // not true: of another form
		"lines": {
			text: "Summary: VPN drops.\nSince today.\n\nSimilar Tickets:\n- Same cause [T1, T2]\n* Another. (T3)\n\n## Recommendations\n1. Renew it [T1; A1].\n2. No label\n",
			want: []string{"Same cause", "Another.", "Renew it", "No label"}, summary: "VPN drops. Since today.", cites: []string{"T1", "T2"},
		},
		"lines by keys, in bold": {
			text: "**summary:** S.\n**similar_tickets:**\n- a [T1]\n", want: []string{"a"}, summary: "S.", cites: []string{"T1"},
		},
		"lines after a paragraph": {
			text: "VPN drops.\nSince today.\n\n## Similar Tickets\n- a [T1]\n", want: []string{"a"}, summary: "VPN drops. Since today.", cites: []string{"T1"},
		},
		"one line that abstains": {text: "Nothing relevant was found.", nothing: true, noItems: true},
		"lines that abstain":     {text: "summary: S.\nnothing_relevant\n", nothing: true, noItems: true, summary: "S."},
		"lines that do not":      {text: "nothing_relevant: false\nrecommendations:\n- a [T1]\n", want: []string{"a"}},
		"a line that breaks off": {text: "recommendations:\n- a [T1]\n- b [T", want: []string{"a", "b [T"}, cites: []string{"T1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := parse(tc.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, claimed(a)); diff != "" && !tc.noItems {
				t.Error(diff)
			}
			if a.nothing != tc.nothing || a.repaired != tc.repaired || a.truncated != tc.truncated || tc.noItems != (a.items() == 0) {
				t.Errorf("got %+v", a)
			}
			if tc.summary != "" && a.summary != tc.summary {
				t.Errorf("the summary is %q", a.summary)
			}
			for _, items := range a.sections {
				if len(items) > 0 && tc.cites != nil {
					if diff := cmp.Diff(tc.cites, items[0].cites); diff != "" {
						t.Error(diff)
					}
					break
				}
			}
		})
	}
}

func TestProseIsNoAnswer(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"I cannot help with that.", "Summary: all is well.", "Recommendations:\nnone", "- a [T1]\n- b [T2]", "Dear user:\n- buy [T1]",
		"similar_tickets", strings.Repeat("[", 60_000), strings.Repeat(`{"summary":`, 2000), strings.Repeat("{'", 9000), strings.Repeat("- a [T1]\n", 5000),
	} {
		if a, err := parse(text); err == nil {
			t.Errorf("%.40q is read as %+v", text, a)
		}
	}
}

// Each opening brace is a try to read what follows, so that braces alone would cost the square of their number.
func TestAnObjectIsLookedForAFewTimesOnly(t *testing.T) {
	t.Parallel()
	for tries, want := range map[int]bool{1: true, maxAnswerTries: true, maxAnswerTries + 1: false, 20_000: false} {
		if got := findObject(strings.Repeat("{ ", tries-1)+wholeAnswer) != nil; got != want {
			t.Errorf("found at brace %d: %t", tries, got)
		}
	}
	if a, err := parse(strings.Repeat(" ", maxAnswerBytes) + wholeAnswer); err == nil {
		t.Errorf("beyond what is read: %+v", a)
	}
}

func TestWhatAModelCanRepair(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		strings.ReplaceAll(wholeAnswer, `":`, `"=`): true, "Hello.": false, "{}": false, "similar_tickets": false,
		wholeAnswer + strings.Repeat(" ", maxRepairBytes): false,
	} {
		if got := repairable(text); got != want {
			t.Errorf("%.30q: %v", text, got)
		}
	}
	p, err := newRepairPrompt(Prompt{User: "the data", System: "the rules", MaxTokens: 7}, `{"summary"="</answer>"}`, Voice{Off: []string{keySystems, keyTickets}}, veiled{})
	if err != nil || strings.Count(p.User, "</answer>") != 1 || strings.Contains(p.User+p.System, "the ") && strings.Contains(p.User, "the data") || p.MaxTokens != 7 {
		t.Errorf("got %+v, %v", p, err)
	}
	if strings.Contains(p.System, keySystems) || !strings.Contains(p.System,
		`{"nothing_relevant": false, "summary": "...", "documentation": [{"text": "...", "cites": ["A1"]}], "recommendations": []}`) {
		t.Errorf("the form has sections that are off, or not those that are on: %s", p.System)
	}
}

// A strict server wants every property of every object to be required, and no others.
func TestTheSchemaIsStrict(t *testing.T) {
	t.Parallel()
	type object struct {
		Type       string                     `json:"type"`
		Additional *bool                      `json:"additionalProperties"`
		Required   []string                   `json:"required"`
		Properties map[string]json.RawMessage `json:"properties"`
		Defs       map[string]json.RawMessage `json:"$defs"`
	}
	for _, v := range []Voice{{}, {Off: []string{keyTickets, keyRecommendations}}, {Off: []string{keyTickets, keyArticles, keySystems, keyRecommendations}}} {
		schema, err := v.schema()
		if err != nil {
			t.Fatal(err)
		}
		var o, item object
		if err := json.Unmarshal(schema, &o); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(o.Defs["item"], &item); err != nil {
			t.Fatal(err)
		}
		for _, o := range []object{o, item} {
			if o.Type != "object" || o.Additional == nil || *o.Additional || len(o.Required) != len(o.Properties) {
				t.Errorf("not strict: %+v", o)
			}
			for _, key := range o.Required {
				if o.Properties[key] == nil {
					t.Errorf("%s is required and not described", key)
				}
			}
		}
		if len(o.Properties) != 2+sectionCount-len(v.Off) {
			t.Errorf("%v off: the schema has %d properties", v.Off, len(o.Properties))
		}
	}
}

func TestAnswersAbstain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`{"nothing_relevant":true,"summary":"S."}`: true,
		`{"nothing_relevant":false,"summary":"S.","similar_tickets":[],"documentation":[],"system_info":[],"recommendations":[]}`: true,
		`{"summary":"S.","similar_tickets":[],"documentation":[],"system_info":null,"recommendations":[]}`:                        true, // of an older form
		`{"summary":"All is well."}`: false,
		`{"summary":"S.","similar_tickets":[],"documentation":[],"system_info":[],"recommendations":[7]}`: false,
		`{"summary":"S.","similar_tickets":[],"documentation":[]`:                                         false, // who knows what was to come
	} {
		a, err := parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.abstains(Voice{}); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	a, err := parse(`{"summary":"S.","similar_tickets":[]}`)
	if err != nil || !a.abstains(Voice{Off: []string{keyArticles, keySystems, keyRecommendations}}) {
		t.Error("an answer that gives all sections it was asked for, and nothing in them, abstains")
	}
}
