package workflows_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/drafting"
	"github.com/ai-agents/ai-agents/internal/enhancement"
	"github.com/ai-agents/ai-agents/internal/synthesis"
)

// inventing is a model that says what no source does.
type inventing struct{}

func (inventing) Complete(context.Context, synthesis.Prompt) (synthesis.Completion, error) {
	return synthesis.Completion{Text: `{"summary":"The printer is out.","similar_tickets":[{"text":"It was the same.","cites":["T1"]}],"documentation":[],"system_info":[],` +
		`"recommendations":[{"text":"Install KB7777777.","cites":["T1"]},{"text":"Trust me.","cites":["T9"]}]}`}, nil
}

// What of an answer was dropped is counted, kept with the step and logged, and none of these tells what it was.
func TestWhatOfAnAnswerIsDroppedIsCounted(t *testing.T) {
	f := newFixture(t)
	var log bytes.Buffer
	f.activities.Drafter = drafting.New(drafting.Deps{
		Tenants: tenants{}, Synthesizer: synthesis.New(inventing{}, synthesis.Options{Logger: slog.New(slog.NewJSONHandler(&log, nil))}),
		Feedback: links{}, Logger: slog.New(slog.DiscardHandler),
	})
	if result, _ := f.run(t); result.Status != enhancement.StatusCompleted {
		t.Fatalf("got %+v", result)
	}
	rec := httptest.NewRecorder()
	f.activities.Metrics.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	steps, err := f.ledger.Steps(t.Context(), "alpha", f.job.ID)
	if err != nil {
		t.Fatal(err)
	}
	var account drafting.Account
	if err := json.Unmarshal(steps[enhancement.StepSynthesize].Account, &account); err != nil {
		t.Fatal(err)
	}
	for _, reason := range []string{synthesis.DropUnsupportedCode, synthesis.DropUnknownCitation, synthesis.DropUncited} {
		if want := `enhancement_answer_dropped_total{reason="` + reason + `"} 1`; !strings.Contains(rec.Body.String(), want) {
			t.Errorf("the metrics lack %s", want)
		}
		if account.Dropped[reason] != 1 || !strings.Contains(log.String(), `"`+reason+`":1`) {
			t.Errorf("%s: the account has %v, the log %s", reason, account.Dropped, log.String())
		}
	}
	for _, text := range []string{"KB7777777", "Trust me", "secret-looking"} {
		if strings.Contains(log.String()+string(steps[enhancement.StepSynthesize].Account), text) {
			t.Errorf("log or account tell %q", text)
		}
	}
}
