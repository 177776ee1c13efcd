package synthesis_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/synthesis"
)

var synthesized = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// noteOn is a note whose sections cite these sources, an item each; recommendations are texts that cite the first ticket.
func noteOn(tickets, articles, systems, recommendations []string) synthesis.Note {
	section := func(title string, kind gather.Kind, names []string) synthesis.Section {
		s := synthesis.Section{Title: title, Items: []synthesis.Item{}}
		for _, name := range names {
			s.Items = append(s.Items, synthesis.Item{Text: "About " + name + ".", Sources: []synthesis.Ref{{Kind: kind, Text: name}}})
		}
		return s
	}
	n := synthesis.Note{Summary: "A summary.", Reference: reference, Sections: []synthesis.Section{
		section("Similar Tickets", gather.KindTicket, tickets),
		section("Documentation", gather.KindArticle, articles),
		section("System Info", gather.KindSystem, systems),
		{Title: "Recommendations", Items: []synthesis.Item{}},
	}}
	for _, text := range recommendations {
		n.Sections[3].Items = append(n.Sections[3].Items, synthesis.Item{Text: text, Sources: []synthesis.Ref{{Kind: gather.KindTicket, Text: tickets[0]}}})
	}
	return n
}

func TestChanges(t *testing.T) {
	t.Parallel()
	base := func() synthesis.Note {
		return noteOn([]string{"#12", "#3"}, []string{"VPN guide"}, []string{"vpn-1"}, []string{"Restart it."})
	}
	reworded := base()
	reworded.Summary = "Another summary."
	reworded.Sections[0].Items[0].Text = "In other words."
	reworded.Sections[3].Items[0].Text = "restart it"
	reworded.Sections[0].Items[0], reworded.Sections[0].Items[1] = reworded.Sections[0].Items[1], reworded.Sections[0].Items[0]
	// #17 supported a recommendation only, while Similar Tickets was off; then it is on, and off again.
	advised := noteOn([]string{"#17"}, nil, nil, []string{"Restart it."})
	advised.Sections = advised.Sections[1:]
	listed := noteOn([]string{"#17", "#18"}, nil, nil, []string{"Restart it."})
	cited := noteOn([]string{"#17"}, nil, nil, []string{"Restart it."})
	cited.Sections[0].Items = []synthesis.Item{}
	for name, c := range map[string]struct {
		before, after synthesis.Note
		line          string
		marked        []string // texts of items
	}{
		"the same":     {base(), base(), "", nil},
		"other words":  {base(), reworded, "", nil},
		"a new ticket": {base(), noteOn([]string{"#12", "#3", "#14"}, []string{"VPN guide"}, []string{"vpn-1"}, []string{"Restart it."}), "Similar Tickets: new #14.", []string{"About #14."}},
		"all at once": {
			base(), noteOn([]string{"#14", "#12"}, []string{"Mail, a guide"}, nil, []string{"Wait."}),
			"Similar Tickets: new #14; no longer named #3. Documentation: new “Mail, a guide”; no longer named “VPN guide”. " +
				"System Info: no longer named vpn-1. Recommendations changed.",
			[]string{"About #14.", "About Mail, a guide.", "Wait."},
		},
		"more than are named": {
			noteOn([]string{"#1"}, nil, nil, nil), noteOn([]string{"#1", "#2", "#3", "#4", "#5", "#6"}, nil, nil, nil),
			"Similar Tickets: new #2, #3, #4 and 2 more.",
			[]string{"About #2.", "About #3.", "About #4.", "About #5.", "About #6."},
		},
		"known from another section":   {advised, listed, "Similar Tickets: new #18.", []string{"About #18."}},
		"still named in another":       {listed, cited, "Similar Tickets: no longer named #18.", nil},
		"only advice":                  {base(), noteOn([]string{"#12", "#3"}, []string{"VPN guide"}, []string{"vpn-1"}, []string{"Wait."}), "Recommendations changed.", nil},
		"from an empty one":            {noteOn(nil, nil, nil, nil), noteOn([]string{"#12"}, nil, nil, nil), "Similar Tickets: new #12.", []string{"About #12."}},
		"from one of another release":  {synthesis.Note{}, noteOn([]string{"#12"}, nil, nil, nil), "Similar Tickets: new #12.", []string{"About #12."}},
		"a ticket and a system, alike": {noteOn([]string{"x"}, nil, nil, nil), noteOn([]string{"x"}, nil, []string{"x"}, nil), "System Info: new x.", []string{"About x."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			untouched, err := json.Marshal([]synthesis.Note{c.before, c.after})
			if err != nil {
				t.Fatal(err)
			}
			change := synthesis.Changes(c.before, c.after)
			got := change.Marked(c.after, synthesized, synthesis.DefaultMaxWords)
			if change.None() != (c.line == "") {
				t.Errorf("none: %t", change.None())
			}
			want := c.line
			if want != "" {
				want = "Updated 2026-03-04 05:06 UTC. " + want
			}
			if got.Changed != want {
				t.Errorf("line %q\nwant %q", got.Changed, want)
			}
			var marked []string
			for _, s := range got.Sections {
				for _, item := range s.Items {
					if item.New {
						marked = append(marked, item.Text)
					}
				}
			}
			if diff := cmp.Diff(c.marked, marked); diff != "" {
				t.Errorf("marked: %s", diff)
			}
			if now, err := json.Marshal([]synthesis.Note{c.before, c.after}); err != nil || string(now) != string(untouched) {
				t.Errorf("the notes themselves were changed: %s, %v", now, err)
			}
			checkNote(t, got, synthesis.DefaultMaxWords)
		})
	}
}

func TestChangesAreRenderedAfterTheSummary(t *testing.T) {
	t.Parallel()
	after := noteOn([]string{"#12", "#3"}, nil, nil, nil)
	n := synthesis.Changes(noteOn([]string{"#3"}, nil, nil, nil), after).Marked(after, synthesized, synthesis.DefaultMaxWords)
	for format, want := range map[synthesis.Format]string{
		synthesis.FormatHTML: `<p>A summary.</p>
<p><strong>Updated 2026-03-04 05:06 UTC.</strong> Similar Tickets: new #12.</p>
<h3>Similar Tickets</h3>
<ul>
<li><strong>New:</strong> <strong>Ticket #12</strong><br>
About #12.</li>
<li><strong>Ticket #3</strong><br>
About #3.</li>
</ul>
`,
		synthesis.FormatMarkdown: `A summary.

Updated 2026-03-04 05:06 UTC. Similar Tickets: new #12.

### Similar Tickets

- New: Ticket #12: About #12.
- Ticket #3: About #3.
`,
	} {
		if got := synthesis.Render(n, format); !strings.HasPrefix(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", format, got, want)
		}
	}
	if got := synthesis.Text(n); !strings.Contains(got, "- New: Ticket #12: About #12.") {
		t.Errorf("text:\n%s", got)
	}
}

// A note that is full makes room for the marks: the sources are counted rather than named, and nothing is lost unless it has
// to be.
func TestMarksKeepToTheWordLimit(t *testing.T) {
	t.Parallel()
	long := func(name string) string { return name + strings.Repeat(" word", 10) }
	before := noteOn([]string{"#1"}, []string{long("a"), long("b"), long("c")}, []string{long("d"), long("e")}, nil)
	after := noteOn([]string{"#2"}, []string{long("f"), long("g"), long("h")}, []string{long("i"), long("j")}, nil)
	change := synthesis.Changes(before, after)
	words := synthesis.WordCount(synthesis.Render(after, synthesis.FormatMarkdown))
	seen := map[string]bool{}
	for room := 0; room < 160; room += 3 {
		got := change.Marked(after, synthesized, words+room)
		checkNote(t, got, words+room)
		switch {
		case !strings.HasPrefix(got.Changed, "Updated 2026-03-04 05:06 UTC. Similar Tickets: "):
			t.Fatalf("line %q", got.Changed)
		case len(got.Sections[1].Items) < len(after.Sections[1].Items):
			// The line does not speak of what is not there.
			if want := fmt.Sprintf("Documentation: new %d; no longer named 3.", len(got.Sections[1].Items)); !strings.Contains(got.Changed, want) {
				t.Fatalf("line %q, want %q", got.Changed, want)
			}
			seen["counted, and an item lost"] = true
		case strings.Contains(got.Changed, "“f word"):
			seen["named"] = true
		case !strings.Contains(got.Changed, "Documentation: new 3; no longer named 3."):
			t.Fatalf("line %q", got.Changed)
		case cmp.Equal(got.Sections, after.Sections, cmpopts.IgnoreFields(synthesis.Item{}, "New")):
			seen["counted"] = true
		default:
			t.Fatalf("%+v", got.Sections)
		}
	}
	if len(seen) != 3 {
		t.Errorf("seen %v", seen)
	}
}

func TestMarksEscape(t *testing.T) {
	t.Parallel()
	for i, text := range hostile() {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			in := exampleInput()
			poison(&in, text)
			after := synthesis.New(nil, synthesis.Options{}).Synthesize(t.Context(), in).Note
			for _, c := range []synthesis.Change{synthesis.Changes(synthesis.Note{}, after), synthesis.Changes(after, noteOn([]string{"#12"}, nil, nil, nil))} {
				checkNote(t, c.Marked(after, synthesized, synthesis.DefaultMaxWords), synthesis.DefaultMaxWords)
			}
		})
	}
}
