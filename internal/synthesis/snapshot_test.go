package synthesis_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ai-agents/ai-agents/internal/synthesis"
)

var update = flag.Bool("update", false, "write the rendered notes to testdata/notes instead of comparing them")

// The notes as files, for a reader of a change to see what it does to them. The pictures in docs/images/notes show the same.
func TestNotesLookAsBefore(t *testing.T) {
	t.Parallel()
	const folder = "testdata/notes"
	var wanted []string
	for name, n := range exampleNotes(t) {
		for ending, rendered := range map[string]string{
			".html": synthesis.Render(n, synthesis.FormatHTML),
			".md":   synthesis.Render(n, synthesis.FormatMarkdown),
			".txt":  synthesis.Text(n),
		} {
			path := filepath.Join(folder, name+ending)
			wanted = append(wanted, path)
			if *update {
				if err := os.WriteFile(path, []byte(rendered), 0o600); err != nil {
					t.Fatal(err)
				}
				continue
			}
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(before), rendered); diff != "" {
				t.Errorf("%s is not as it was; if it is better, run make note-snapshots:\n%s", path, diff)
			}
		}
	}
	kept, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range kept {
		if !slices.Contains(wanted, path) {
			t.Errorf("%s is of no note", path)
		}
	}
}

func TestEveryNoteKeepsToTheWordLimit(t *testing.T) {
	t.Parallel()
	for name, n := range exampleNotes(t) {
		for _, rendered := range []string{
			synthesis.Render(n, synthesis.FormatMarkdown), synthesis.Text(n), read(t, synthesis.Render(n, synthesis.FormatHTML)).text,
		} {
			if words := synthesis.WordCount(rendered); words > synthesis.DefaultMaxWords {
				t.Errorf("%s has %d words", name, words)
			}
			if !strings.HasSuffix(strings.TrimSpace(rendered), "\n"+exampleReference) {
				t.Errorf("%s does not end with the reference:\n%s", name, rendered)
			}
		}
	}
}

// Without a model the note carries every source that was gathered, and leads to it.
func TestTheContextNoteCarriesEverySource(t *testing.T) {
	t.Parallel()
	for _, words := range []int{0, 40, 120, 1000} {
		in := gathered(5, 3, 5, words)
		n := synthesis.New(nil, synthesis.Options{}).Synthesize(t.Context(), in).Note
		rendered := synthesis.Render(n, synthesis.FormatHTML)
		p := read(t, rendered)
		for _, found := range []synthesis.Found{in.Tickets, in.Articles, in.Systems} {
			for _, item := range found.Items {
				if item.URL != "" && !slices.Contains(p.links, item.URL) {
					t.Errorf("%s is not linked with %d words each", item.URL, words)
				}
				if !strings.Contains(p.text, item.Title) {
					t.Errorf("%q is not in the note with %d words each:\n%s", item.Title, words, p.text)
				}
			}
		}
	}
}

// What stands around the items has a bound, on which the word limit counts.
func TestFrameWords(t *testing.T) {
	t.Parallel()
	n := synthesis.Note{Generated: true, Reference: exampleReference, Footer: fullNote().Footer, Confidence: &synthesis.Confidence{
		Level: synthesis.LevelMedium, Because: strings.Repeat("words ", 100),
	}}
	items := 0
	for _, title := range headings() {
		n.Sections = append(n.Sections, section(title, "", said("x", renewed)))
		items += synthesis.WordCount("- x [Ticket #10482]")
	}
	items += synthesis.WordCount("(82% match, resolved 2026-05-28)") * 3
	words := synthesis.WordCount(synthesis.Render(n, synthesis.FormatMarkdown)) - items
	if words > synthesis.FrameWords || words < synthesis.FrameWords-5 {
		t.Errorf("the frame has %d words, and is said to have at most %d", words, synthesis.FrameWords)
	}
}

// Two jobs that say the same leave the note alone, whatever they say of themselves, and however the relevance of the sources and
// the confidence have moved meanwhile.
func TestSaid(t *testing.T) {
	t.Parallel()
	first, second := fullNote(), fullNote()
	second.Footer = synthesis.Footer{JobID: "another", FeedbackURL: "https://agents.example.com/feedback/another"}
	second.Confidence = &synthesis.Confidence{Level: synthesis.LevelMedium, Because: "In other words.", Score: 0.69}
	relevant := 0
	for _, section := range second.Sections {
		for _, item := range section.Items {
			for i := range item.Sources {
				item.Sources[i].Relevance /= 2
				relevant++
			}
		}
	}
	changed := fullNote()
	changed.Sections[0].Items[0].Sources[0].Date = "2026-01-01"
	for _, format := range []synthesis.Format{synthesis.FormatHTML, synthesis.FormatMarkdown} {
		said := synthesis.Render(first.Said(), format)
		if said != synthesis.Render(second.Said(), format) {
			t.Errorf("%s: the same is said in two ways", format)
		}
		if strings.Contains(said, "feedback") || strings.Contains(said, exampleJob) {
			t.Errorf("%s: the job is part of what is said:\n%s", format, said)
		}
		if said == synthesis.Render(changed.Said(), format) {
			t.Errorf("%s: what is said of a source is not part of what is said", format)
		}
	}
	if diff := cmp.Diff(fullNote(), first); diff != "" || relevant == 0 {
		t.Errorf("%d sources; the note itself was changed: %s", relevant, diff)
	}
}

// What the tenant has switched off is not there, and is no change either.
func TestASectionThatIsOffIsNotThere(t *testing.T) {
	t.Parallel()
	in := exampleInput()
	before := synthesis.New(nil, synthesis.Options{}).Synthesize(t.Context(), in).Note
	in.Voice.Off = []string{"system_info"}
	for name, llm := range map[string]synthesis.LLM{"a model": scripted{text: modelAnswer}, "no model": nil} {
		after := synthesis.New(llm, synthesis.Options{}).Synthesize(t.Context(), in).Note
		marked := synthesis.Changes(before, after).Marked(after, synthesized, synthesis.DefaultMaxWords)
		rendered := synthesis.Render(marked, synthesis.FormatHTML)
		if strings.Contains(rendered, "System Info") || !strings.Contains(rendered, "Documentation") {
			t.Errorf("%s:\n%s", name, rendered)
		}
	}
}
