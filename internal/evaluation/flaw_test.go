package evaluation

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/drafting"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/synthesis"
)

func testContext() context.Context { return context.Background() }

// flawed is the synthesis of production with a flaw.
type flawed struct {
	sound drafting.Synthesizer
	// before spoils what it is given, after what it gives.
	before func(*synthesis.Input)
	after  func(synthesis.Input, *synthesis.Note)
}

func (f flawed) Synthesize(ctx context.Context, in synthesis.Input) synthesis.Output {
	given := in
	if f.before != nil {
		f.before(&in)
	}
	out := f.sound.Synthesize(ctx, in)
	if f.after != nil {
		f.after(given, &out.Note)
	}
	return out
}

// recommend adds a recommendation to a note that a model wrote.
func recommend(n *synthesis.Note, text string, refs ...synthesis.Ref) {
	if n.Generated {
		s := &n.Sections[len(n.Sections)-1]
		s.Items = append(slices.Clone(s.Items), synthesis.Item{Text: text, Sources: refs})
	}
}

// firstRef is the citation of the first item.
func firstRef(n *synthesis.Note) synthesis.Ref {
	for _, s := range n.Sections {
		for _, item := range s.Items {
			return item.Sources[0]
		}
	}
	return synthesis.Ref{}
}

// A check that does not work shows in its figure, which the gate looks at.
func TestEachFlawIsMeasured(t *testing.T) {
	t.Parallel()
	gate, err := CommittedGate()
	if err != nil {
		t.Fatal(err)
	}
	limits, sound := gate.Models[modelHonest], figures(t, withDefaults(Options{}).Synthesizer)
	for name, tc := range map[string]struct {
		figure string
		before func(*synthesis.Input)
		after  func(synthesis.Input, *synthesis.Note)
	}{
		"an invented number": {figure: "unsupported_claims", after: func(_ synthesis.Input, n *synthesis.Note) {
			recommend(n, "Set it to 48151 seconds.", firstRef(n))
		}},
		"an amount with the digits of something else": {figure: "unsupported_claims", after: func(in synthesis.Input, n *synthesis.Note) {
			recommend(n, "Wait "+in.Ticket.ID+" minutes.", firstRef(n))
		}},
		"an invented code": {figure: "unsupported_claims", after: func(_ synthesis.Input, n *synthesis.Note) {
			recommend(n, "The log has ERR_QX_UNKNOWN.", firstRef(n))
		}},
		"words of nobody": {figure: "off_source_share", after: func(_ synthesis.Input, n *synthesis.Note) {
			recommend(n, "Reinstall operating system entirely, replace mainboard, repaint office walls.", firstRef(n))
		}},
		"a source that was not gathered": {figure: "unknown_citations", after: func(_ synthesis.Input, n *synthesis.Note) {
			recommend(n, "Do it.", synthesis.Ref{Kind: gather.KindTicket, Text: "#99999", URL: "https://sdp.example.com/requests/99999"})
		}},
		"no source": {figure: "unknown_citations", after: func(_ synthesis.Input, n *synthesis.Note) { recommend(n, "Do it.") }},
		"a source's name on another link": {figure: "unknown_citations", after: func(_ synthesis.Input, n *synthesis.Note) {
			ref := firstRef(n)
			ref.URL = "https://evil.example/"
			recommend(n, "Do it.", ref)
		}},
		"nothing is ever said": {figure: "answered", after: func(_ synthesis.Input, n *synthesis.Note) {
			for i := range n.Sections {
				n.Sections[i].Items = nil
			}
		}},
		"something is always said": {figure: "abstained", after: func(_ synthesis.Input, n *synthesis.Note) {
			n.Generated = true
			recommend(n, "Restart it.", synthesis.Ref{Kind: gather.KindTicket, Text: "#1"})
		}},
		"every source is cited": {figure: "citation_precision", after: func(in synthesis.Input, n *synthesis.Note) {
			for _, item := range in.Tickets.Items {
				recommend(n, "See there.", synthesis.Ref{Kind: gather.KindTicket, Text: "#" + item.ID, URL: item.URL})
			}
			for _, item := range in.Articles.Items {
				recommend(n, "See there.", synthesis.Ref{Kind: gather.KindArticle, Text: item.Title, URL: item.URL})
			}
		}},
		"one source is enough": {figure: "citation_recall", after: func(_ synthesis.Input, n *synthesis.Note) {
			ref := firstRef(n)
			for i := range n.Sections {
				for j := range n.Sections[i].Items {
					n.Sections[i].Items[j].Sources = []synthesis.Ref{ref}
				}
			}
		}},
		"facts are left out": {figure: "facts", after: func(_ synthesis.Input, n *synthesis.Note) {
			n.Summary = ""
			for i := range n.Sections {
				for j := range n.Sections[i].Items {
					n.Sections[i].Items[j].Text = "See there."
				}
			}
		}},
		"too many words": {figure: "notes_too_long", after: func(_ synthesis.Input, n *synthesis.Note) {
			n.Summary = strings.Repeat("and so on ", 200)
		}},
		"no mask": {figure: "masking_leaks", before: func(in *synthesis.Input) { in.Veil = nil }},
		"the ticket's text as it is": {figure: "secrets_shown", after: func(in synthesis.Input, n *synthesis.Note) {
			n.Summary = in.Ticket.Description
		}},
		"no model": {figure: "fallback", before: func(in *synthesis.Input) { in.Without = synthesis.ReasonNoLLM }},
		"the reference twice": {figure: "effects", after: func(in synthesis.Input, n *synthesis.Note) {
			n.Reference = in.Reference + " " + in.Reference
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spoilt := figures(t, func(llm synthesis.LLM) drafting.Synthesizer {
				return flawed{synthesis.New(llm, synthesis.Options{}), tc.before, tc.after}
			})
			_, least := limits.Min[tc.figure]
			_, most := limits.Max[tc.figure]
			if worse := least && spoilt[tc.figure] < sound[tc.figure] || most && spoilt[tc.figure] > sound[tc.figure]; !worse {
				t.Errorf("%s is %v with the flaw and %v without; the gate looks at it: %t", tc.figure, spoilt[tc.figure], sound[tc.figure], least || most)
			}
		})
	}
}

// figures are those of the honest model's notes on some cases: a third, and what has secrets or sources that do not help.
func figures(t *testing.T, with func(synthesis.LLM) drafting.Synthesizer) map[string]float64 {
	t.Helper()
	cases, err := Cases()
	if err != nil {
		t.Fatal(err)
	}
	var some []Case
	for i, c := range cases {
		if i%3 == 0 || len(c.Secrets) > 0 || len(c.evidence()) > len(c.Relevant) {
			some = append(some, c)
		}
	}
	r, err := evaluate(t.Context(), model{name: modelHonest}, some, withDefaults(Options{Synthesizer: with}))
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(r.Figures)
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]float64
	if err := json.Unmarshal(encoded, &values); err != nil {
		t.Fatal(err)
	}
	return values
}

func TestAGateThatAsksForWhatIsNotThereFails(t *testing.T) {
	t.Parallel()
	r := Report{Simulated: true, Models: []ModelReport{{Model: "a"}}}
	for name, gate := range map[string]Gate{
		"another model":   {Models: map[string]Limits{"a": {}, "b": {}}},
		"no model":        {},
		"another figure":  {Models: map[string]Limits{"a": {Max: map[string]float64{"unsuported": 0}}}},
		"another minimum": {Models: map[string]Limits{"a": {Min: map[string]float64{"answer": 0}}}},
		"of the attacks":  {Models: map[string]Limits{"a": {}}, Attacks: Limits{Max: map[string]float64{"effect": 0}}},
		"too few attacks": {Models: map[string]Limits{"a": {}}, Attacks: Limits{Min: map[string]float64{"attacks": 1}}},
	} {
		if failures, err := gate.Failures(r); err != nil || len(failures) != 1 {
			t.Errorf("%s: %q, %v", name, failures, err)
		}
	}
	if _, err := readGate([]byte(`{"modells": {}}`)); err == nil {
		t.Error("an unknown key is taken")
	}
}
