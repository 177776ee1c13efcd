package evaluation

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ai-agents/ai-agents/internal/synthesis/openai"
	"github.com/ai-agents/ai-agents/internal/synthesis/openai/openaitest"
)

// A real model is asked where its settings say, and its report is not mistaken for the simulator's.
func TestARealModelIsAskedAndNamed(t *testing.T) {
	t.Parallel()
	fake := openaitest.New("example-key", nil)
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	config := &openai.Config{Server: openai.Server{BaseURL: server.URL + "/v1", Model: "some-model", APIKey: "example-key"}}
	cases, err := Cases()
	if err != nil {
		t.Fatal(err)
	}
	asked := models(config)
	if len(asked) != 1 {
		t.Fatalf("%d models", len(asked))
	}
	m, err := evaluate(t.Context(), asked[0], cases[:3], withDefaults(Options{Endpoint: config}))
	if err != nil {
		t.Fatal(err)
	}
	calls := fake.Calls()
	if len(calls) != 3 || calls[0].Model != "some-model" || m.Model != "some-model" || m.Figures.Answered != 1 {
		t.Errorf("%d calls, %+v", len(calls), m.Figures)
	}
	r := Report{Subject: "some-model", Cases: 3, Models: []ModelReport{m}, Attacks: report(t).Attacks}
	if table := r.Table(); !strings.Contains(table, "Model `some-model`, asked now") || strings.Contains(table, "simulator plays") {
		t.Errorf("the table reads:\n%s", table)
	}
	gate, err := CommittedGate()
	if err != nil {
		t.Fatal(err)
	}
	if failures, err := gate.Failures(r); err != nil || len(failures) > 0 {
		t.Errorf("the simulator's gate is held against a real model: %q, %v", failures, err)
	}
}

func TestSettingsThatNameNoServerAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := Run(t.Context(), Options{Endpoint: &openai.Config{Server: openai.Server{BaseURL: "example", Model: "m"}}}); err == nil || !strings.Contains(err.Error(), "base URL") {
		t.Errorf("got %v", err)
	}
}
