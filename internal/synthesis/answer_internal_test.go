package synthesis

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const goodAnswer = `{"summary":"S.","similar_tickets":[{"text":"a","cites":["T1"]}],"documentation":[],` +
	`"system_info":null,"recommendations":[{"text":"b","cites":["T1"]}]}`

func TestParseFindsTheAnswer(t *testing.T) {
	t.Parallel()
	want, err := parse(goodAnswer)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"fence":             "```json\n" + goodAnswer + "\n```",
		"prose":             "Sure {here} you go: " + goodAnswer + " {that is it}",
		"thoughts before":   `<think>maybe {"summary": "draft"}</think>` + goodAnswer,
		"unrelated objects": `{"model":"x"} ` + goodAnswer + ` {"done":true}`,
		"byte order mark":   "\ufeff" + goodAnswer,
		"unknown field":     strings.Replace(goodAnswer, `{"summary"`, `{"confidence":1,"summary"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(answer{}, rawItem{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseGivesUp(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty":      "",
		"prose":      "I cannot help with that.",
		"list":       `[1,2,3]`,
		"other":      `{"error":"x"}`,
		"cut early":  goodAnswer[:len(`{"summary":"S`)],
		"braces":     strings.Repeat("{", 100_000),
		"deep":       strings.Repeat(`{"a":`, 30_000),
		"wrong sign": strings.ReplaceAll(goodAnswer, `":`, `"=`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := parse(text); !errors.Is(err, errNoAnswer) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestParseToleratesWrongTypes(t *testing.T) {
	t.Parallel()
	got, err := parse(`{"summary":["no"],"similar_tickets":"no","documentation":[1,"x",{"text":5},` +
		`{"text":"a","cites":"A1, A2"},{"text":"b","cites":[7]},{"text":"c"}],"recommendations":{}}`)
	if err != nil {
		t.Fatal(err)
	}
	bad := rawItem{malformed: true}
	want := answer{sections: [sectionCount][]rawItem{
		{bad},
		{bad, bad, bad, {text: "a", cites: []string{"A1", "A2"}}, {text: "b", malformed: true}, {text: "c"}},
		nil,
		{bad},
	}, given: [sectionCount]bool{true, true, false, true}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(answer{}, rawItem{})); diff != "" {
		t.Error(diff)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(goodAnswer)
	f.Add("```json\n" + goodAnswer + "\n```")
	f.Add(`{"similar_tickets":[{"text":"#999 <b>x</b> https://evil.example","cites":["T1",null]}]}`)
	in := Input{}
	in.Tickets.Items = exampleTickets(2)
	src := newSources(in)
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parse(text)
		if err != nil {
			return
		}
		for i, items := range newChecker(in, src, nil).items(a) {
			for _, item := range items {
				if len(item.Sources) == 0 || plain(item.Text) != item.Text || item.Text == "" {
					t.Errorf("section %d believes %+v", i, item)
				}
			}
		}
	})
}
