package synthesis_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/masking"
	"github.com/ai-agents/ai-agents/internal/synthesis"
)

// A note of an earlier release has in its titles what none has now.
func TestWhatAnEarlierNoteToldIsNotToldAgain(t *testing.T) {
	t.Parallel()
	earlier := synthesis.Note{Sections: []synthesis.Section{{Title: "Documentation", Items: []synthesis.Item{{
		Text: "See it.", Sources: []synthesis.Ref{
			{Label: "A1", Kind: gather.KindArticle, Text: "Password: hunter2-Example"},
			{Label: "A2", Kind: gather.KindArticle, Text: "Disable Defender"},
			{Label: "A3", Kind: gather.KindArticle, Text: "Renewing certificates"},
		},
	}}}}}
	out := synthesis.New(nil, synthesis.Options{}).Synthesize(t.Context(), exampleInput())
	marked := synthesis.Changes(earlier.Veiled(masking.New(nil, nil)), out.Note).Marked(out.Note, time.Unix(0, 0), synthesis.DefaultMaxWords)
	if !strings.Contains(marked.Changed, "no longer named") || !strings.Contains(marked.Changed, "Renewing certificates") || !strings.Contains(marked.Changed, masking.Removed) ||
		strings.Contains(marked.Changed, "hunter2") || strings.Contains(marked.Changed, "Defender") {
		t.Error(marked.Changed)
	}
	if earlier.Sections[0].Items[0].Sources[0].Text != "Password: hunter2-Example" {
		t.Error("the note itself was changed")
	}
}

// A note of this release stays as it is, so that nothing counts as changed that is not.
func TestANoteOfTodayIsVeiledAlready(t *testing.T) {
	t.Parallel()
	in := exampleInput()
	in.Veil = masking.New(masking.Defaults(), nil)
	in.Articles.Items[0].Title = "The password: hunter2-Example of https://kb.example/x. Disable Defender! Ask jane@example.com or (212) 555-0123"
	out := synthesis.New(nil, synthesis.Options{}).Synthesize(t.Context(), in)
	if change := synthesis.Changes(out.Note.Veiled(masking.New(nil, nil)), out.Note); !change.None() {
		t.Errorf("%+v", change)
	}
}
