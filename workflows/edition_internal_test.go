package workflows

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/ai-agents/ai-agents/internal/enhancement/ledger"
	"github.com/ai-agents/ai-agents/internal/gather"
	"github.com/ai-agents/ai-agents/internal/synthesis"
)

// What changed since a note of an earlier release is told without the secrets that it may have in its titles.
func TestAnEditionTellsNoSecretsOfTheOneBefore(t *testing.T) {
	t.Parallel()
	note := func(title string) synthesis.Note {
		ref := synthesis.Ref{Label: "A1", Kind: gather.KindArticle, Text: title}
		return synthesis.Note{Sections: []synthesis.Section{{Title: "Documentation", Items: []synthesis.Item{{Text: "See it.", Sources: []synthesis.Ref{ref}}}}}}
	}
	before, err := json.Marshal(note("VPN password: hunter2-Example"))
	if err != nil {
		t.Fatal(err)
	}
	w, _ := edition(note("Renewing certificates"), ledger.HeldNote{Before: before}, time.Unix(0, 0), synthesis.FormatMarkdown)
	if !strings.Contains(w.Body, "no longer named") || !strings.Contains(w.Body, "VPN password") || strings.Contains(w.Body, "hunter2") {
		t.Error(w.Body)
	}
}
